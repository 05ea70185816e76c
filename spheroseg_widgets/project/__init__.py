"""What a scientist holds: a project, its runs, their DataFrames. Thin: it only joins what lies below."""
