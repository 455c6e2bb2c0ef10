"""Run folders, output folders, locks and caches on disk."""
