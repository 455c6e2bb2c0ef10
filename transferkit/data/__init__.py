"""Files to arrays; knows nothing of networks."""
