"""Cases of sparse matrices that are put in order, summed and multiplied, and of rows of several lengths."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops

PLACES = np.int64([[0, 1], [0, 3], [2, 0], [2, 3]])
for dtype, (turn_a, turn_b), known in itertools.product((np.float32, np.float64, np.int32), itertools.product((False, True), repeat=2), (True, False)):
    def product(p, r, d=dtype, a=turn_a, b=turn_b, known=known):
        dense = sample(r, (3 if a else 4, 5), d)
        dense = dense.T if b else dense
        shape = np.int64([3, 4]) if known else p(np.int64([3, 4]))
        return raw.SparseTensorDenseMatMul(a_indices=p(PLACES), a_values=p(sample(r, (4,), d)), a_shape=shape, b=p(dense, None if known else [None, None]), adjoint_a=a, adjoint_b=b)
    add("SparseTensorDenseMatMul", product)
for dtype in (np.float32, np.int64):
    add("SparseReorder", lambda p, r, d=dtype: list(raw.SparseReorder(input_indices=p(PLACES[[2, 0, 3, 1]]), input_values=p(sample(r, (4,), d)), input_shape=np.int64([3, 4]))))
add("SparseReorder", lambda p, r: list(raw.SparseReorder(input_indices=p(np.int64([[1, 0, 2], [0, 2, 1], [0, 2, 0]]), [None, 3]), input_values=p(sample(r, (3,), np.float32)), input_shape=p(np.int64([2, 3, 4])))))
for axes, keep in itertools.product(([0], [-1], [0, 1]), (False, True)):
    add("SparseReduceSum", lambda p, r, a=axes, k=keep: raw.SparseReduceSum(input_indices=p(PLACES), input_values=p(sample(r, (4,), np.float32)), input_shape=np.int64([3, 4]), reduction_axes=a, keep_dims=k))

SPLITS = np.int64([0, 2, 2, 5])
for dtype, inner, asked in itertools.product((np.float32, np.int32), ((), (3,)), ([-1, -1], [-1, 2], [5, 4], [2, -1])):
    def table(p, r, d=dtype, inner=inner, asked=asked):
        return raw.RaggedTensorToTensor(shape=np.int64([*asked, *inner]), values=p(sample(r, (5, *inner), d)), default_value=d(7), row_partition_tensors=[p(SPLITS)], row_partition_types=["ROW_SPLITS"])
    add("RaggedTensorToTensor", table)
add("RaggedTensorToTensor", lambda p, r: raw.RaggedTensorToTensor(shape=np.int64(-1), values=p(sample(r, (5, 2), np.float32)), default_value=p(sample(r, (2,), np.float32), [2]), row_partition_tensors=[p(SPLITS)], row_partition_types=["ROW_SPLITS"]))
add("RaggedTensorToTensor", lambda p, r: raw.RaggedTensorToTensor(shape=np.int64([-1, -1]), values=p(sample(r, (5,), np.float32)), default_value=p(np.float32(-1)), row_partition_tensors=[p(np.int64(4)), p(np.int64([0, 0, 2, 2, 2]))], row_partition_types=["FIRST_DIM_SIZE", "VALUE_ROWIDS"]))
add("RaggedTensorToTensor", lambda p, r: tf.RaggedTensor.from_tensor(p(sample(r, (3, 5), np.float32)), lengths=p(np.int32([5, 0, 2]))).to_tensor(-1.0))
