"""`python -m transferkit` is `transferkit`."""

from transferkit.cli.main import main

main()
