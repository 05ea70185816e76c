/** What outlines that are made here keep to (Python: `outlines/validity.py`). */

/** New vertices lie on a grid of so many a pixel, which float32 holds exactly up to 65,536 px. */
export const GRID = 256;
/** Parts and holes of a smaller area, in square pixels, are left out. */
export const LEAST_AREA = 1;
