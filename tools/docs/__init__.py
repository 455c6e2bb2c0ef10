"""Making the documents: the generated pages of the site, and the picture of the report."""
