"""Keras models: classifiers, their parts, loading and Grad-CAM."""
