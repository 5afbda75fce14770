"""Multiple testing: many things were tried; which of them are more than noise?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FALSE_DISCOVERIES = 0.05  # share of what is reported that may be chance


def adjusted_p_values(p_values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The lowest rate of false discoveries at which each would be reported.

    p_values : (n_tests,) all that were tried, not only the small ones
    returns : (n_tests,) in [0, 1], never below the p-value

    Source: Benjamini and Hochberg (1995), "Controlling the false discovery rate".

    >>> adjusted_p_values(np.array([0.01, 0.04, 0.03, 0.5])).round(3)
    array([0.04 , 0.053, 0.053, 0.5 ])
    """
    n_tests = len(p_values)
    order = np.argsort(p_values)
    scaled = p_values[order] * n_tests / np.arange(1, n_tests + 1)
    adjusted = np.empty(n_tests)
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled[::-1])[::-1], 1.0)
    return adjusted
