"""Propensity estimators; one a file, and its file name is its name."""
