"""Whole pages, and people who read them from the top."""
