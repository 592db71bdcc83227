"""Places where people see tasks and leave answers; one a file, and its file name is its name."""
