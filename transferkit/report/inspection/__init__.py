"""The page of `transferkit look`."""
