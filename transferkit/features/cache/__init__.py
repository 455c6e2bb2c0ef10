"""The cache of features on disk."""
