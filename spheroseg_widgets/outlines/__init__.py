"""Polygons of objects in an image: their flat store, contours, traces, pixels, simpler forms. Pure functions."""
