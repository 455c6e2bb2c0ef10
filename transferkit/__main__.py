"""`python -m transferkit` is `transferkit`."""

from transferkit.cli import main

main()
