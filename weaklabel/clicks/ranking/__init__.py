"""Rankers, and how good rankings are."""
