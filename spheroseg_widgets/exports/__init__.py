"""What leaves a project: one file a format, all written whole or not at all."""
