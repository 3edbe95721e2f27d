"""What counts as the same answer."""

import numpy as np
from report import findings


def compare(actual, case, wanted=None, notes=None):
    """`{name: array}` against what the case expects (or `wanted`): the same names, dtypes and shapes; integers equal, floats within the
    case's tolerance, NaN and infinities at the same places."""
    wanted = case.expected if wanted is None else wanted
    assert set(actual) == set(wanted), f"outputs {sorted(actual)}, expected {sorted(wanted)}"
    worst = max(difference(name, actual[name], value, case.tolerance) for name, value in wanted.items())
    found = findings.of(case.name)
    found["difference"] = max(worst, found.get("difference", 0.0))
    if notes is not None:
        notes.append(f"off by at most {worst:.1e}")


def difference(name, got, wanted, tolerance):
    assert got.dtype == wanted.dtype, f"{name} is {got.dtype}, expected {wanted.dtype}"
    assert got.shape == wanted.shape, f"{name} has shape {got.shape}, expected {wanted.shape}"
    if wanted.dtype.kind != "f":
        assert np.array_equal(got, wanted), f"{name} differs"
        return 0.0
    finite = np.isfinite(wanted)
    assert np.array_equal(got[~finite], wanted[~finite], equal_nan=True), f"{name} is not finite at other places"
    worst = float(np.abs(got[finite].astype(np.float64) - wanted[finite].astype(np.float64)).max(initial=0))
    assert worst <= tolerance, f"{name} is off by {worst:.2e}"
    return worst
