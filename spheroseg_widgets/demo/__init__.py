"""The demo: a synthetic plate with known truth, segmented, measured against it, exported, shown on one page."""
