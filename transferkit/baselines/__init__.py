"""The baselines, as scikit-learn pipelines from images to probabilities."""
