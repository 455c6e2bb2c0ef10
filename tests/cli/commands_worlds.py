"""Flags of a run that takes seconds."""

QUICK = [
    "--backbone",
    "lenet",
    "--weights",
    "none",
    "--image-size",
    "32",
    "--train.batch-size",
    "8",
]
BASELINES = ["--baselines", "majority,random_forest_pixels"]
