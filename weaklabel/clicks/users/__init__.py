"""How people go through a page of results: one user model a file, and its file name is its name."""
