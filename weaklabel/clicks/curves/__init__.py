"""Curves of examination: their likelihood, what links positions, errors, contexts, smoothness."""
