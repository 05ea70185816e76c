"""From objects to wells and growth: pure functions on DataFrames."""
