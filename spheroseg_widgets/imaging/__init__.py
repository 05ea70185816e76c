"""Image files: finding, naming, probing, reading and normalising them. Pure functions; originals are never changed."""
