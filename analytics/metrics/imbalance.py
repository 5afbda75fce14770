"""Class imbalance: how uneven the classes are."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from analytics.metrics.measures import Measure, gettext_noop, ratio, undefined

NO_LABELS = gettext_noop("No labels yet.")
A_CLASS_IS_EMPTY = gettext_noop("At least one class has no labels yet.")
ONE_CLASS = gettext_noop("With one class there is nothing to balance.")


@dataclass(frozen=True, slots=True)
class Imbalance:
    """How labels spread over the classes.

    shares : (n_classes,), sum 1; all 0 when there are no labels
    ratio : largest count by smallest, 1 when even
    normalized_entropy : 0 when one class has all, 1 when even
    effective_classes : the number of even classes with the same entropy, 1 to n_classes
    n_empty : classes without a label
    """

    shares: tuple[float, ...]
    ratio: Measure
    normalized_entropy: Measure
    effective_classes: Measure
    n_empty: int


def imbalance(counts: NDArray[np.integer]) -> Imbalance:
    """Measure the spread of labels.

    counts : (n_classes,) labels of each class, retired classes left out
    Raises ValueError for a negative count or no class.

    Source: effective number = exp(entropy), Hill (1973), "Diversity and evenness".

    >>> sizes = imbalance(np.array([90, 10]))
    >>> sizes.ratio.value, round(sizes.normalized_entropy.value, 3), round(sizes.effective_classes.value, 3)
    (9.0, 0.469, 1.384)
    """
    if counts.ndim != 1 or not counts.size or counts.min() < 0:
        raise ValueError("counts must be a flat array of at least one number, none negative")
    total = int(counts.sum())
    n_empty = int((counts == 0).sum())
    if not total:
        none = undefined(NO_LABELS)
        return Imbalance((0.0,) * len(counts), none, none, none, n_empty)
    shares = counts / total
    present = shares[shares > 0]
    entropy = float(-(present * np.log(present)).sum()) + 0.0  # not -0.0
    return Imbalance(
        shares=tuple(shares.tolist()),
        ratio=ratio(int(counts.max()), int(counts.min()), A_CLASS_IS_EMPTY),
        normalized_entropy=ratio(entropy, float(np.log(len(counts))), ONE_CLASS),
        effective_classes=Measure(float(np.exp(entropy))),
        n_empty=n_empty,
    )
