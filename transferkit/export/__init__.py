"""Exports: a network in the format of another runtime, verified against the network itself."""
