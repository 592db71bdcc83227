"""A Label Studio of one's own: installed, started and stopped on this machine, and asked what is wrong with it."""
