"""Outlines, measurements and reports from microscope images of tumour spheroids, in Jupyter."""

__version__ = "0.1.0"
