"""What a true random sample of the pool says: how good the model is, which functions are wrong, when to stop."""
