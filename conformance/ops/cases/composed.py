"""Cases of norms, losses, special functions, and what else is a few plain ops."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import FLOATS, add, sample

raw = tf.raw_ops

for axes, keep in itertools.product(([1], [0, 2], [-1], []), (False, True)):
    add("EuclideanNorm", lambda p, r, a=axes, k=keep: raw.EuclideanNorm(input=p(sample(r, (2, 3, 4), np.float32)), axis=a, keep_dims=k))
add("EuclideanNorm", lambda p, r: raw.EuclideanNorm(input=p(sample(r, (2, 3), np.float64)), axis=p(np.int32([1]), [1])))
for dtype in FLOATS:
    add("SoftmaxCrossEntropyWithLogits", lambda p, r, d=dtype: list(raw.SoftmaxCrossEntropyWithLogits(features=p(sample(r, (4, 5), d)), labels=p(r.dirichlet(np.ones(5), 4).astype(d)))))
add("SoftmaxCrossEntropyWithLogits", lambda p, r: list(raw.SoftmaxCrossEntropyWithLogits(features=p(sample(r, (1, 5), np.float32), [None, None]), labels=p(np.eye(5, dtype=np.float32)[:3]))))
for dtype, index in itertools.product(FLOATS, (np.int32, np.int64)):
    add("SparseSoftmaxCrossEntropyWithLogits", lambda p, r, d=dtype, i=index: list(raw.SparseSoftmaxCrossEntropyWithLogits(features=p(sample(r, (4, 5), d)), labels=p(i([0, 4, 2, 1])))))
add("SparseSoftmaxCrossEntropyWithLogits", lambda p, r: list(raw.SparseSoftmaxCrossEntropyWithLogits(features=p(sample(r, (3, 5), np.float32), [None, None]), labels=p(np.int32([0, 3, 2])))))
for axis, exclusive, reverse in itertools.product((0, 1, -1), (False, True), (False, True)):
    add("CumulativeLogsumexp", lambda p, r, a=axis, e=exclusive, v=reverse: raw.CumulativeLogsumexp(x=p(sample(r, (3, 6), np.float32, -20, 20), [3, 6]), axis=a, exclusive=e, reverse=v))
for dtype in (np.float32, np.int32):
    add("Cross", lambda p, r, d=dtype: raw.Cross(a=p(sample(r, (4, 2, 3), d)), b=p(sample(r, (4, 2, 3), d))))
for dtype, shape in itertools.product((np.float32, np.int64), ((4,), (2, 3))):
    add("Diag", lambda p, r, d=dtype, s=shape: raw.Diag(diagonal=p(sample(r, s, d), s)))
    add("DiagPart", lambda p, r, d=dtype, s=shape: raw.DiagPart(input=p(sample(r, (*s, *s), d), (*s, *s))))
for n, reverse in itertools.product((0, 3), (False, True)):
    add("NthElement", lambda p, r, n=n, v=reverse: raw.NthElement(input=p(sample(r, (3, 7), np.float32)), n=p(np.int32(n)), reverse=v))
for dtype in (np.float32, np.float64):
    add("HistogramFixedWidth", lambda p, r, d=dtype: raw.HistogramFixedWidth(values=p(sample(r, (40,), d, -2, 8)), value_range=p(d([0.0, 5.0])), nbins=10))
add("HistogramFixedWidth", lambda p, r: raw.HistogramFixedWidth(values=p(sample(r, (5, 8), np.float32, -2, 8)), value_range=[-1.0, 1.0], nbins=p(np.int32(4)), dtype=tf.int64))

RANGES = {
    "Lgamma": ((-4.9, 30.0), [0.5, 1.0, 2.0, 1e-6, 1e5, -0.5, np.inf, 0.0]),
    "Digamma": ((-4.9, 30.0), [0.5, 1.0, 1e-3, 1e5, -0.5, -1.5, np.inf]),
    "Erfinv": ((-1.0, 1.0), [0.0, 1.0, -1.0, 0.999, -0.99999, 1e-6]),
    "Ndtri": ((0.0, 1.0), [0.5, 0.0, 1.0, 1e-4, 0.999]),
    "BesselI0e": ((-30.0, 30.0), [0.0, 1e-3, 200.0]),
    "BesselI1e": ((-30.0, 30.0), [0.0, 1e-3, -200.0]),
    "BesselI0": ((-6.0, 6.0), [0.0]),
    "BesselI1": ((-6.0, 6.0), [0.0]),
}
for op, ((low, high), special) in RANGES.items():
    for dtype in FLOATS:
        def function(p, r, op=op, d=dtype, low=low, high=high, special=special):
            values = np.concatenate([r.uniform(low, high, 60), special]).astype(d)
            return getattr(raw, op)(x=p(values))
        add(op, function)
