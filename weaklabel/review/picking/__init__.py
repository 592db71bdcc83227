"""What stands behind a pick: the pool, its short list, quotas, and pools in files."""
