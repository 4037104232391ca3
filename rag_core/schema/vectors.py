"""The type of dense vectors. For type checkers only: importing this module does not import numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Vectors = npt.NDArray[np.float32]
    """float32; one vector of shape (dimensions,) or several of shape (rows, dimensions)."""
