"""Augmentation policies and what they do to pixels."""
