"""How labeling functions are applied: a plan, batches, one kernel; and what is known already."""
