"""Data sets of tensorflow-datasets."""
