"""Checks of a saved baseline before it is trusted."""
