"""Pretrained networks; knows nothing of data."""
