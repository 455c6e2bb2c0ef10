"""Sample data sets that need no download."""
