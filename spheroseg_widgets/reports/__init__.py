"""What is shared: the one-page summary; reports by papermill build on it."""
