"""Metrics, intervals and significance tests, from arrays alone."""
