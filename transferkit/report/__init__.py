"""Text, HTML and CSV from results."""
