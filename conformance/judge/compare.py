"""What counts as the same answer."""

import numpy as np
from report import TOLERANCE


def compare(actual, expected, notes=None):
    """Both `{name: array}`: the same names, dtypes and shapes; integers equal, floats within TOLERANCE."""
    assert set(actual) == set(expected), f"outputs {sorted(actual)}, expected {sorted(expected)}"
    worst = 0.0
    for name, wanted in expected.items():
        got = actual[name]
        assert got.dtype == wanted.dtype, f"{name} is {got.dtype}, expected {wanted.dtype}"
        assert got.shape == wanted.shape, f"{name} has shape {got.shape}, expected {wanted.shape}"
        if wanted.dtype.kind == "f":
            difference = np.abs(got.astype(np.float64) - wanted.astype(np.float64)).max(initial=0)
            worst = max(worst, float(difference))
            assert difference <= TOLERANCE, f"{name} is off by {difference:.2e}"
        else:
            assert np.array_equal(got, wanted), f"{name} differs"
    if notes is not None:
        notes.append(f"off by at most {worst:.1e}")
