"""Cases of small matrices: inverses, solutions, determinants, Cholesky's factor."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import FLOATS, add, sample

raw = tf.raw_ops


def regular(r, shape, dtype):
    """Far from singular, and with rows that have to change places."""
    n = shape[-1]
    matrices = r.uniform(-1, 1, shape) + 3 * np.eye(n)[::-1]
    return matrices.astype(dtype)


def positive(r, shape, dtype):
    half = r.uniform(-1, 1, shape)
    return (half @ np.swapaxes(half, -1, -2) + np.eye(shape[-1])).astype(dtype)


for dtype, shape in itertools.product(FLOATS, ((2, 2), (1, 1), (3, 4, 4), (2, 3, 7, 7))):
    add("MatrixDeterminant", lambda p, r, d=dtype, s=shape: raw.MatrixDeterminant(input=p(regular(r, s, d), [*[None] * (len(s) - 2), *s[-2:]])))
    add("LogMatrixDeterminant", lambda p, r, d=dtype, s=shape: list(raw.LogMatrixDeterminant(input=p(regular(r, s, d), s))))
    add("Cholesky", lambda p, r, d=dtype, s=shape: raw.Cholesky(input=p(positive(r, s, d), [*[None] * (len(s) - 2), *s[-2:]])))
    for adjoint in (False, True):
        add("MatrixInverse", lambda p, r, d=dtype, s=shape, a=adjoint: raw.MatrixInverse(input=p(regular(r, s, d), [*[None] * (len(s) - 2), *s[-2:]]), adjoint=a))
        add("MatrixSolve", lambda p, r, d=dtype, s=shape, a=adjoint: raw.MatrixSolve(matrix=p(regular(r, s, d), s), rhs=p(sample(r, (*s[:-1], 3), d)), adjoint=a))
        for lower in (False, True):
            add("MatrixTriangularSolve", lambda p, r, d=dtype, s=shape, a=adjoint, w=lower: raw.MatrixTriangularSolve(matrix=p(positive(r, s, d), s), rhs=p(sample(r, (*s[:-1], 2), d)), lower=w, adjoint=a))
for turn_a, turn_b in itertools.product((False, True), repeat=2):
    add("SparseMatMul", lambda p, r, a=turn_a, b=turn_b: raw.SparseMatMul(a=p(sample(r, (3, 3), np.float32)), b=p(sample(r, (3, 3), np.float32)), transpose_a=a, transpose_b=b, a_is_sparse=True))
