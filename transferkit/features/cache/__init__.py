"""Cache on disk of what was computed from images, one table per cache key.

It holds no rule of when a row is invalid. A row is found by the `content_key` of its image (in
`data.decoding.decode`), and a table by everything else that decides its rows: see
`features.spec.FeatureSpec.cache_table`, with `inference.engine.EngineSpec.cache_key` in it, and
`baselines.image_features.ImageFeatures.cache_key`. Each has a `FORMAT` of its own, and all have
`data.decoding.DECODING_FORMAT`.
"""
