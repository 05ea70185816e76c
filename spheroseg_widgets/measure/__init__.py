"""Shape and intensity of outlined objects, their definitions, and units. Pure functions."""
