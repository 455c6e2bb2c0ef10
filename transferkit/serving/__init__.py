"""Predictions by the classifiers of a run."""
