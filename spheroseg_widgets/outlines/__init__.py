"""Polygons of objects in an image: the flat store, contouring, tracing, rasterising, simplifying. Pure functions."""
