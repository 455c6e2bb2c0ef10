"""Data and a backbone to a trained classifier."""
