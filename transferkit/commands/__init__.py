"""The commands of `transferkit`, a file for each kind; they print results on standard output."""
