"""Image files: finding, naming, probing, reading and normalising them. Originals are never changed."""
