"""Devices, precision and the engines that compute a frozen network."""
