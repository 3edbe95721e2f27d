"""Cases of bands of matrices and of blocks that move between space and batch, sizes known or not."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops
LIMITS = ((0, 0), (-1, 0), (0, -1), (1, 2), (-1, -1), (3, 0))

for (lower, upper), shape, dtype in itertools.product(LIMITS, ((4, 5), (2, 5, 3)), (np.float32, np.int32, np.bool_)):
    add("MatrixBandPart", lambda p, r, a=lower, b=upper, s=shape, d=dtype: raw.MatrixBandPart(input=p(sample(r, s, d)), num_lower=a, num_upper=b))
    add("MatrixBandPart", lambda p, r, a=lower, b=upper, s=shape, d=dtype: raw.MatrixBandPart(input=p(sample(r, s, d), [None] * len(s)), num_lower=np.int64(a), num_upper=np.int64(b)))
    add("MatrixBandPart", lambda p, r, a=lower, b=upper, s=shape, d=dtype: raw.MatrixBandPart(input=p(sample(r, s, d), [None] * len(s)), num_lower=p(np.int32(a)), num_upper=p(np.int32(b))))
add("MatrixBandPart", lambda p, r: raw.MatrixBandPart(input=p(np.float32([[np.nan, np.inf], [np.inf, np.nan]])), num_lower=0, num_upper=0))
add("MatrixBandPart", lambda p, r: raw.MatrixBandPart(input=p(np.zeros((2, 0, 3), np.float32), [None, None, 3]), num_lower=0, num_upper=0))

SHAPES = ((2, 5, 6, 3), (2, 5, 6), (2, 5, 6, 3, 2))
for shape, dtype, known in itertools.product(SHAPES, (np.float32, np.int32), (True, False)):
    def there(p, r, shape=shape, dtype=dtype, known=known):
        x = p(sample(r, shape, dtype), None if known else [None] * len(shape))
        return raw.SpaceToBatchND(input=x, block_shape=[2, 3], paddings=[[1, 0], [1, 2]])

    def back(p, r, shape=shape, dtype=dtype, known=known):
        x = p(sample(r, (12, *shape[1:]), dtype), None if known else [None] * len(shape))
        return raw.BatchToSpaceND(input=x, block_shape=[2, 3], crops=[[1, 0], [0, 2]])

    add("SpaceToBatchND", there)
    add("BatchToSpaceND", back)
for known in (None, [None] * 4):
    add("SpaceToBatchND", lambda p, r, k=known: raw.SpaceToBatchND(input=p(sample(r, (2, 5, 6, 3), np.float32), k), block_shape=[2, 3], paddings=p(np.int32([[1, 0], [1, 2]]))))
    add("BatchToSpaceND", lambda p, r, k=known: raw.BatchToSpaceND(input=p(sample(r, (12, 5, 6, 3), np.float32), k), block_shape=[2, 3], crops=p(np.int64([[1, 0], [0, 2]]))))
    add("SpaceToBatchND", lambda p, r, k=known: raw.SpaceToBatchND(input=p(sample(r, (2, 5, 6, 3), np.float32), k), block_shape=[1, 1], paddings=[[1, 0], [0, 2]]))
    add("BatchToSpaceND", lambda p, r, k=known: raw.BatchToSpaceND(input=p(sample(r, (2, 5, 6, 3), np.float32), k), block_shape=[1, 1], crops=[[1, 0], [0, 2]]))
    add("SpaceToBatch", lambda p, r, k=known: raw.SpaceToBatch(input=p(sample(r, (2, 5, 6, 3), np.float32), k), block_size=2, paddings=[[1, 0], [0, 2]]))
    add("BatchToSpace", lambda p, r, k=known: raw.BatchToSpace(input=p(sample(r, (8, 5, 6, 3), np.float32), k), block_size=2, crops=[[1, 0], [0, 2]]))
add("SpaceToBatchND", lambda p, r: raw.SpaceToBatchND(input=p(np.zeros((0, 4, 6, 3), np.float32)), block_shape=[2, 3], paddings=[[0, 0], [0, 0]]))
add("BatchToSpaceND", lambda p, r: raw.BatchToSpaceND(input=p(np.zeros((0, 4, 6, 3), np.float32)), block_shape=[2, 3], crops=[[0, 0], [0, 0]]))


def dilated(p, r, shape, how, known, block, pads, crops):
    x = p(sample(r, shape, np.float32), None if known else [None] * (len(shape) - 1) + [shape[-1]])
    y = raw.SpaceToBatchND(input=x, block_shape=block, paddings=pads)
    if how == "1d":
        y = raw.Squeeze(input=raw.Conv2D(input=raw.ExpandDims(input=y, axis=1), filter=tf.constant(sample(r, (1, 3, shape[-1], 4), np.float32)), strides=[1, 1, 1, 1], padding="VALID"), axis=[1])
    elif how == "depthwise":
        y = raw.DepthwiseConv2dNative(input=y, filter=tf.constant(sample(r, (3, 2, shape[-1], 2), np.float32)), strides=[1, 1, 1, 1], padding="VALID")
    else:
        y = raw.Conv2D(input=y, filter=tf.constant(sample(r, (3, 2, shape[-1], 4), np.float32)), strides=[1, 1, 1, 1], padding="VALID")
    return raw.BatchToSpaceND(input=y, block_shape=block, crops=crops)


for how, known in itertools.product(("2d", "depthwise"), (True, False)):
    for block, pads, crops in (([2, 3], [[2, 3], [3, 4]], [[0, 1], [0, 2]]), ([2, 2], [[0, 1], [0, 1]], [[0, 1], [0, 1]]), ([2, 1], [[0, 1], [0, 0]], [[1, 0], [1, 0]])):
        add("SpaceToBatchND", lambda p, r, h=how, k=known, b=block, q=pads, c=crops: dilated(p, r, (2, 9, 11, 3), h, k, b, q, c))
for known in (True, False):
    add("SpaceToBatchND", lambda p, r, k=known: dilated(p, r, (2, 9, 5), "1d", k, [4], [[8, 3]], [[0, 3]]))
