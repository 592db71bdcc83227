"""Threshold rules for tumours, read off the quantiles of the training split only."""

from weaklabel import threshold

CLASSES = ("benign", "malignant")
BENIGN, MALIGNANT = 0, 1

small = threshold("small", "worst_area", BENIGN, below=650)
large = threshold("large", "worst_area", MALIGNANT, above=900)
short_outline = threshold("short_outline", "worst_perimeter", BENIGN, below=97)
long_outline = threshold("long_outline", "worst_perimeter", MALIGNANT, above=118)
round_outline = threshold("round_outline", "worst_concave_points", BENIGN, below=0.10)
dented_outline = threshold("dented_outline", "worst_concave_points", MALIGNANT, above=0.16)
smooth_outline = threshold("smooth_outline", "worst_concavity", BENIGN, below=0.18)
hollow_outline = threshold("hollow_outline", "worst_concavity", MALIGNANT, above=0.42)
fine_texture = threshold("fine_texture", "worst_texture", BENIGN, below=19)
coarse_texture = threshold("coarse_texture", "worst_texture", MALIGNANT, above=33)
steady_size = threshold("steady_size", "area_error", BENIGN, below=18)
varied_size = threshold("varied_size", "area_error", MALIGNANT, above=45)
