"""Learning curves: accuracy by the number of training images."""
