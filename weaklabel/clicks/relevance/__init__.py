"""Relevance of documents from clicks: corrections, priors, thresholds."""
