"""How simulated pages come to be."""
