"""HTTP server of runs: predictions, TensorFlow Serving's REST API, and a page for a browser."""
