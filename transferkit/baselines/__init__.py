"""Baselines: scikit-learn pipelines from images to probabilities."""
