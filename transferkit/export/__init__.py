"""Exports: networks in the formats of other runtimes, verified against the network."""
