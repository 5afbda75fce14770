"""Learning-curve metrics: numbers that say how good a query strategy was."""

from collections.abc import Sequence

import numpy as np


def area_under_curve(labels: Sequence[float], quality: Sequence[float]) -> float:
    """Mean quality over the budget: the area under the learning curve divided by its width.

    labels : (n,) numbers of labels, increasing; quality : (n,) in [0, 1]
    returns : in [0, 1]; the one quality where the curve is a single point

    Raises ValueError for an empty curve.

    >>> round(area_under_curve([0, 100, 200], [.0, .8, .8]), 2)
    0.6
    """
    if not labels:
        raise ValueError("a learning curve needs at least one point")
    width = labels[-1] - labels[0]
    if width == 0:
        return float(quality[-1])
    return float(np.trapezoid(quality, labels) / width)


def labels_to_reach(labels: Sequence[int], quality: Sequence[float], target: float) -> int | None:
    """The fewest labels from which the curve reaches a target at two evaluations running.

    returns : that number of labels; None where it never does. The last point counts alone.

    >>> labels_to_reach([10, 20, 30, 40], [.7, .9, .8, .9], .85)
    40
    >>> labels_to_reach([10, 20, 30, 40], [.7, .9, .9, .8], .85)
    20
    """
    reached = [value >= target for value in quality]
    for place, count in enumerate(labels):
        if all(reached[place : place + 2]):
            return count
    return None


def labels_to_share_of_full(
    labels: Sequence[int], quality: Sequence[float], full: float, share: float = 0.95
) -> int | None:
    """Labels to reach a share of what all labels together give; None where the curve never does.

    full : quality of a model trained on the whole pool

    >>> labels_to_share_of_full([10, 20, 30], [.5, .86, .87], full=.9)
    20
    """
    return labels_to_reach(labels, quality, share * full)
