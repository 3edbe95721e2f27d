"""Cases of functions with care at zero and infinity, bits, quantised training, diagonals and fused ops."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops
EDGES = [0.0, -0.0, 1.0, -1.0, 2.5, -2.5, np.inf, -np.inf, np.nan, 1e-30, -1e30]
PAIRS = np.float32(list(itertools.product(EDGES, EDGES)))

add("Atan2", lambda p, r: raw.Atan2(y=p(PAIRS[:, 0]), x=p(PAIRS[:, 1])))
add("Atan2", lambda p, r: raw.Atan2(y=p(sample(r, (3, 1), np.float32)), x=p(sample(r, (4,), np.float32))))
for op in ("Xlogy", "Xdivy", "Xlog1py"):
    for dtype in (np.float32, np.float64):
        add(op, lambda p, r, o=op, d=dtype: getattr(raw, o)(x=p(PAIRS[:, 0].astype(d)), y=p(PAIRS[:, 1].astype(d))))
        add(op, lambda p, r, o=op, d=dtype: getattr(raw, o)(x=p(sample(r, (3, 1), d)), y=p(sample(r, (4,), d, 0, 5))))
INTEGERS = (np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64)
for dtype in (*INTEGERS, np.uint64):
    low = -100 if np.issubdtype(dtype, np.signedinteger) else 0
    for op in ("BitwiseAnd", "BitwiseOr", "BitwiseXor"):
        add(op, lambda p, r, o=op, d=dtype, lo=low: getattr(raw, o)(x=p(sample(r, (3, 4), d, lo, 100)), y=p(sample(r, (4,), d, lo, 100))))
    add("Invert", lambda p, r, d=dtype, lo=low: raw.Invert(x=p(sample(r, (3, 4), d, lo, 100))))
for dtype, op in itertools.product(INTEGERS, ("LeftShift", "RightShift")):
    low = -100 if np.issubdtype(dtype, np.signedinteger) else 0
    add(op, lambda p, r, o=op, d=dtype, lo=low: getattr(raw, o)(x=p(sample(r, (3, 9), d, lo, 100)), y=p(d([0, 1, 2, 3, 4, 5, 6, 7, 1]))))
add("ApproximateEqual", lambda p, r: raw.ApproximateEqual(x=p(np.float32([1, 2, 3, np.nan, np.inf])), y=p(np.float32([1.05, 2.2, 3, np.nan, np.inf])), tolerance=0.1))
for bits, narrow, (low, high) in itertools.product((4, 8), (False, True), ((-6.0, 6.0), (0.1, 3.0), (-5.0, -0.5), (0.0, 255.0), (-0.3, 2.7))):
    values = lambda p, r: p(r.uniform(low - 1, high + 1, (5, 3)).astype(np.float32))
    add("FakeQuantWithMinMaxArgs", lambda p, r, b=bits, n=narrow, lo=low, hi=high: raw.FakeQuantWithMinMaxArgs(inputs=p(sample(r, (50, 3), np.float32, -8, 8)), min=lo, max=hi, num_bits=b, narrow_range=n))
    add("FakeQuantWithMinMaxVars", lambda p, r, b=bits, n=narrow, lo=low, hi=high: raw.FakeQuantWithMinMaxVars(inputs=p(sample(r, (50, 3), np.float32, -8, 8)), min=lo, max=p(np.float32(hi)), num_bits=b, narrow_range=n))
    add("FakeQuantWithMinMaxVarsPerChannel", lambda p, r, b=bits, n=narrow, lo=low, hi=high: raw.FakeQuantWithMinMaxVarsPerChannel(inputs=p(sample(r, (50, 3), np.float32, -8, 8)), min=[lo, -1.0, 0.0], max=p(np.float32([hi, 1.5, 0.0])), num_bits=b, narrow_range=n))

# Diagonals
for dtype in (np.float32, np.int32, np.int64, np.bool_):
    for known in (True, False):
        declared = lambda v, k=known: None if k else [None] * v
        for op in ("MatrixDiag", "MatrixDiagPart"):
            shape = (2, 4) if op == "MatrixDiag" else (2, 4, 5)
            name = "diagonal" if op == "MatrixDiag" else "input"
            add(op, lambda p, r, d=dtype, o=op, s=shape, n=name, f=declared: getattr(raw, o)(**{n: p(sample(r, s, d), f(len(s)))}))
        add("MatrixSetDiag", lambda p, r, d=dtype, f=declared: raw.MatrixSetDiag(input=p(sample(r, (2, 4, 5), d), f(3)), diagonal=p(sample(r, (2, 4), d), f(2))))
        add("MatrixSetDiag", lambda p, r, d=dtype, f=declared: raw.MatrixSetDiag(input=p(sample(r, (2, 5, 3), d), f(3)), diagonal=p(sample(r, (2, 3), d), f(2))))
for k, known, version in itertools.product((-2, 0, 1), (True, False), ("V2", "V3")):
    declared = lambda v, q=known: None if q else [None] * v
    length = {-2: 2, 0: 4, 1: 4}[k]
    add(f"MatrixDiagPart{version}", lambda p, r, k=k, v=version, f=declared: getattr(raw, f"MatrixDiagPart{v}")(input=p(sample(r, (2, 4, 5), np.float32), f(3)), k=k, padding_value=9.0))
    add(f"MatrixSetDiag{version}", lambda p, r, k=k, v=version, f=declared, n=length: getattr(raw, f"MatrixSetDiag{v}")(input=p(sample(r, (2, 4, 5), np.float32), f(3)), diagonal=p(sample(r, (2, n), np.float32), f(2)), k=k))
    for rows, columns in ((-1, -1), (-1, 7), (6, -1)):
        add(f"MatrixDiag{version}", lambda p, r, k=k, v=version, f=declared, m=rows, c=columns: getattr(raw, f"MatrixDiag{v}")(diagonal=p(sample(r, (2, 4), np.float32), f(2)), k=k, num_rows=m, num_cols=c, padding_value=5.0))
