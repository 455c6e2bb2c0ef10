"""Where images and labels come from: a folder, a .csv file or tensorflow-datasets."""
