"""What is shared as a file: reports by papermill, the one-page summary, and the look of their figures and tables."""
