"""Pages for colleagues: a notebook served by Voila, behind a token."""
