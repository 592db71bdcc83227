"""People answer the items that are worth asking about."""
