"""Polygons of objects in an image: flat store, contours, traces, pixels, simpler forms. Pure functions."""
