"""Calibration: fits parameters to the warehouse and proposes them as rows of seeds."""
