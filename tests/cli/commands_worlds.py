"""Flags of a run that takes seconds."""

QUICK = ["--backbone", "lenet", "--weights", "none", "--side", "32", "--train.batch", "8"]
BASELINES = ["--baselines", "majority,random_forest_pixels"]
