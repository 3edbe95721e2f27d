"""Corners of which TensorFlow's answer is not obvious, small enough that all of them are golden files of the unit tests."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import corner

raw = tf.raw_ops
EDGES = np.float32([0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, 7, np.inf, -np.inf, np.nan])
EXTREMES = {dtype: np.iinfo(dtype) for dtype in (np.int8, np.int32, np.int64)}

# Division: the least number by -1, both signs, numbers that no double holds
DIVISIONS = [(dtype, op) for dtype in EXTREMES for op in ("FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "Mod") if dtype != np.int8 or op.endswith("Div") or op == "FloorMod"]
for dtype, op in DIVISIONS:
    a = np.array([EXTREMES[dtype].min, EXTREMES[dtype].min, EXTREMES[dtype].max, -7, 7, -7, 7, EXTREMES[dtype].max - 1], dtype)
    b = np.array([-1, 3, 7, 2, -2, -2, 2, EXTREMES[dtype].max], dtype)
    corner(op, lambda p, r, o=op, a=a, b=b: getattr(raw, o)(x=p(a), y=p(b)))
corner("TruncateDiv", lambda p, r: raw.TruncateDiv(x=p(np.float32([7, -7, 5, -5])), y=p(np.float32([2, 2, -3, -3]))))
corner("FloorMod", lambda p, r: raw.FloorMod(x=p(np.float32([7, -7, 5.5, -5.5, 6])), y=p(np.float32([2, 2, -3, -3, 3]))))
for op in ("LeftShift", "RightShift"):
    corner(op, lambda p, r, o=op: getattr(raw, o)(x=p(np.int32([-1, -8, 2**31 - 1, -(2**31)])), y=p(np.int32([31, 1, 1, 31]))))
for dtype in EXTREMES:
    corner("Abs", lambda p, r, d=dtype: raw.Abs(x=p(np.array([EXTREMES[d].min, -1], d))))
    corner("Sum", lambda p, r, d=dtype: raw.Sum(input=p(np.array([EXTREMES[d].max, 2], d)), axis=0))
BIG = np.int64([[1, 2**62, 2**62 + 1, -3, 2**32 - 5], [-(2**62), -(2**62) - 1, 4, -(2**33), 2**53 + 1]])
for op in ("Max", "Min", "Sum", "Mean"):
    for axis in (1, [0, 1]):
        corner(op, lambda p, r, o=op, a=axis: getattr(raw, o)(input=p(BIG), axis=a))

# What is no number, and halves
for op in ("Maximum", "Minimum"):
    corner(op, lambda p, r, o=op: getattr(raw, o)(x=p(EDGES), y=p(EDGES[::-1].copy())))
for op in ("Rint", "Round", "Floor", "Ceil", "Sign", "Sigmoid", "Exp"):
    corner(op, lambda p, r, o=op: getattr(raw, o)(x=p(EDGES)))
for op in ("Relu", "Relu6", "Elu", "Softplus"):
    corner(op, lambda p, r, o=op: getattr(raw, o)(features=p(EDGES)))
corner("ClipByValue", lambda p, r: raw.ClipByValue(t=p(EDGES), clip_value_min=-1.0, clip_value_max=2.0))
corner("Cast", lambda p, r: raw.Cast(x=p(np.float32([np.nan, np.inf, -np.inf, 3e9, -3e9, -1.9, 1.9])), DstT=tf.int32))
corner("Cast", lambda p, r: raw.Cast(x=p(np.int32([-1, 256, 2**31 - 1, -(2**31)])), DstT=tf.uint8))
corner("Cast", lambda p, r: raw.Cast(x=p(EDGES), DstT=tf.bool))
for op in ("ArgMax", "ArgMin"):
    corner(op, lambda p, r, o=op: getattr(raw, o)(input=p(np.float32([[2, 7, 7, 2], [3, 3, 3, 3]])), dimension=-1))
corner("TopKV2", lambda p, r: list(raw.TopKV2(input=p(np.float32([[1, 3, 3, 2, 3], [0, 0, 0, 0, 0]])), k=3)))
corner("OneHot", lambda p, r: raw.OneHot(indices=p(np.int64([-1, 0, 2, 3])), depth=3, on_value=1.0, off_value=0.0))

# Nothing at all
for op in ("Sum", "Prod", "Max", "Min"):
    corner(op, lambda p, r, o=op: getattr(raw, o)(input=p(np.zeros((2, 0), np.float32), [None, None]), axis=1))
corner("TopKV2", lambda p, r: list(raw.TopKV2(input=p(np.zeros((0, 4), np.float32)), k=2)))
corner("MatMul", lambda p, r: raw.MatMul(a=p(np.zeros((2, 0), np.float32)), b=p(np.zeros((0, 3), np.float32))))
corner("BatchMatMulV2", lambda p, r: raw.BatchMatMulV2(x=p(np.zeros((4, 3, 0), np.float32)), y=p(np.zeros((0, 2), np.float32))))
corner("DynamicPartition", lambda p, r: list(raw.DynamicPartition(data=p(np.zeros((2, 3, 0), np.float32), [None] * 3), partitions=p(np.int32([[0, 1, 0], [1, 1, 0]])), num_partitions=2)))
corner("DynamicStitch", lambda p, r: raw.DynamicStitch(indices=[p(np.int32([[1, 0]]))], data=[p(np.zeros((1, 2, 0), np.float32), [None] * 3)]))
corner("SpaceToBatchND", lambda p, r: raw.SpaceToBatchND(input=p(np.zeros((2, 4, 0), np.float32), [None] * 3), block_shape=[2], paddings=[[0, 0]]))
corner("BatchToSpaceND", lambda p, r: raw.BatchToSpaceND(input=p(np.zeros((2, 3, 0), np.float32), [None] * 3), block_shape=[2], crops=[[0, 1]]))
corner("UnsortedSegmentMax", lambda p, r: raw.UnsortedSegmentMax(data=p(np.float32([1, 2])), segment_ids=p(np.int32([2, -1])), num_segments=4))
corner("SegmentMean", lambda p, r: raw.SegmentMean(data=p(np.float32([1, 2, 4])), segment_ids=p(np.int32([1, 1, 3]))))

# Slices backwards, gathers in step, sums that leave themselves out
for begin, end in ((-5, -9), (-1, -9), (5, -9), (1, 5)):
    def backwards(p, r, begin=begin, end=end, known=False):
        return raw.StridedSlice(input=p(np.int32([1, 2, 3])), begin=[begin] if known else p(np.int32([begin]), [1]), end=[end], strides=[-1])
    corner("StridedSlice", backwards)
    corner("StridedSlice", lambda p, r, f=backwards: f(p, r, known=True))
corner("GatherV2", lambda p, r: raw.GatherV2(params=p(np.int32([[1, 2, 3], [4, 5, 6]])), indices=p(np.int32([[2, 0], [1, 1]])), axis=1, batch_dims=1))
for exclusive, reverse in itertools.product((False, True), repeat=2):
    corner("Cumsum", lambda p, r, e=exclusive, v=reverse: raw.Cumsum(x=p(np.int32([1, 2, 4, 8])), axis=0, exclusive=e, reverse=v))
corner("ReverseSequence", lambda p, r: raw.ReverseSequence(input=p(np.arange(18, dtype=np.int32).reshape(1, 3, 3, 2)), seq_lengths=p(np.int32([2, 1])), seq_dim=1, batch_dim=3))

# Windows
for size, stride, padding in ((2, 3, "SAME"), (1, 2, "SAME"), (2, 3, "VALID")):
    pooled = dict(ksize=[1, size, size, 1], strides=[1, stride, stride, 1], padding=padding)
    image = lambda p, r: p(r.integers(-9, 9, (1, 4, 5, 1)).astype(np.float32), [None, None, None, 1])
    corner("MaxPool", lambda p, r, a=pooled, x=image: raw.MaxPool(input=x(p, r), **a))
    corner("AvgPool", lambda p, r, a=pooled, x=image: raw.AvgPool(value=x(p, r), **a))
for centres, corners in ((False, False), (True, False), (False, True)):
    for op in ("ResizeBilinear", "ResizeNearestNeighbor"):
        corner(op, lambda p, r, o=op, h=centres, c=corners: getattr(raw, o)(images=p(np.float32([[[[1], [2], [4]]]])), size=p(np.int32([1, 5]), [None]), half_pixel_centers=h, align_corners=c))
