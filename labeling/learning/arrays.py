"""Array types: the kinds of array that travel between the modules of this package.

One name for each, so that a signature says what it holds. Sparse rows are SciPy `csr_array`s.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Halves = NDArray[np.float16]
Integers = NDArray[np.int64]
Hashes = NDArray[np.uint32]
Flags = NDArray[np.bool_]
AnyFloats = NDArray[np.floating[Any]]
AnyIntegers = NDArray[np.integer[Any]]
AnyArray = NDArray[Any]
