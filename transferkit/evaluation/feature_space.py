"""t-SNE: features as points of a plane."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_limits

MIN_IMAGES = 10  # points of a map: fewer say nothing by where they lie
PCA_COMPONENTS = 50  # that the vectors are brought to first: distances in more are mostly noise
PERPLEXITY = 30  # about how many neighbours each point has
TSNE_ITERATIONS = (
    500  # with 1000, the default, the trustworthiness of 2,000 flowers is .978, not .977
)


def tsne_map(features: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return `(images, 2)` float32 for features `(images, width)`: PCA, then t-SNE.

    By cosine: the vectors are brought to unit length. What is near in the map was near; what is
    far apart says little, nor do the sizes of groups (van der Maaten and Hinton, 2008; van der
    Maaten, Accelerating t-SNE using Tree-Based Algorithms, JMLR 2014). There have to be at least
    `MIN_IMAGES` images.
    """
    from sklearn.decomposition import PCA  # a second, for those who draw a map
    from sklearn.manifold import TSNE

    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    unit = features / np.where(lengths > 0, lengths, 1)
    components = min(PCA_COMPONENTS, len(unit) - 1, unit.shape[1])
    learner = TSNE(
        perplexity=min(PERPLEXITY, (len(unit) - 1) / 3),
        max_iter=TSNE_ITERATIONS,
        init="pca",
        learning_rate="auto",
        random_state=seed,
    )
    # More threads add up in another order, which is another map; where they are few they wait for
    # one another at each of the steps: 2,000 images took six times as long with two of them.
    with threadpool_limits(1):
        reduced = PCA(components, random_state=seed).fit_transform(unit)
        return learner.fit_transform(reduced).astype(np.float32)
