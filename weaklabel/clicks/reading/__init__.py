"""Logs from files: sources, formats, checks of their rows, and dense counts."""
