"""The classics, as scikit-learn pipelines from images to probabilities."""
