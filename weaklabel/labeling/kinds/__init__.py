"""Labeling functions made from data instead of code; one factory a file."""
