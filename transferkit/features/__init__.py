"""Features of frozen backbones: extracted, cached and probed."""
