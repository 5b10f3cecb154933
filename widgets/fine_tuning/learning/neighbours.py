"""Which pictures a network takes for alike: those whose features point the same way."""

from __future__ import annotations

import numpy as np


def nearest(features: np.ndarray, among: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The numbers of the `count` rows of `among` that are most like these features, most alike
    first, and the cosines of the angles between them; of equal ones the first. Features that are
    all 0 point nowhere: their cosine is 0.

    features: (features,). among: (pictures, features).
    """
    lengths = np.linalg.norm(among, axis=1) * np.linalg.norm(features)
    cosines = among @ features / np.where(lengths > 0, lengths, 1)
    order = np.argsort(-cosines, kind="stable")[:count]
    return order, cosines[order]
