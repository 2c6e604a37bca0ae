"""Type of the arrays of numbers."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
