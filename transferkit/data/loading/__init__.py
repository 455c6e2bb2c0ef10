"""Batches of decoded images."""
