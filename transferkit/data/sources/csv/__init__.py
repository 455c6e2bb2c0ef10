"""A .csv file of paths and labels."""
