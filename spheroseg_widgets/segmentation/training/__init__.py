"""Training: annotated images in, a model out; resumable, watched, written down."""
