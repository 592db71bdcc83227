"""Loops that numba compiles where it is installed (the extra `fast`) and the work is large; one kernel a file.

Each has a plain path beside it, which gives the same bits.
"""
