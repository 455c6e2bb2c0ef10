"""Tools that made parts of the package and its documents, outside the wheel."""
