"""Comparisons with people: interleaving, experiments, how large they must be."""
