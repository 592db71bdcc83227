"""Rules and votes in, training sets and end models out."""
