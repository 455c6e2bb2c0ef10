"""A folder of images: which of its sub-folders are classes, which splits."""
