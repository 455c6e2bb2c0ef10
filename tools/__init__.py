"""What made parts of the package, and is not part of it."""
