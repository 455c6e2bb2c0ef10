"""Checks of images: unreadable files, duplicates, odd pictures, shift between splits."""
