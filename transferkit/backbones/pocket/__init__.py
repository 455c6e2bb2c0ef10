"""The embedded backbone: its network, its weights, and how they were made."""
