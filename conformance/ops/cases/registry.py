"""Where every module of cases registers its own: op name -> list of functions of (placeholder, rng) that give the tensors to compare."""
import numpy as np

CASES = {}

FLOATS = [np.float32, np.float64]
INTS = [np.int32, np.int64, np.int16, np.int8, np.uint8]


def add(op, build):
    CASES.setdefault(op, []).append(build)


def sample(rng, shape, dtype, low=-5, high=5):
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    if np.issubdtype(dtype, np.floating):
        return rng.uniform(low, high, shape).astype(dtype)
    info = np.iinfo(dtype)
    return rng.integers(max(low, info.min), min(high, info.max), shape, endpoint=True).astype(dtype)


def corner(op, build):
    """A case that golden.py always takes."""
    build.is_corner = True
    add(op, build)
