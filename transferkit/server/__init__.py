"""HTTP server of runs: predictions by JSON and multipart, TensorFlow Serving's REST, and a page."""
