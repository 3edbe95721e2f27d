"""Cases of ops that put elements at places, count, sort into segments, reverse and roll."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import add, sample

raw = tf.raw_ops

# Scatters
for dtype in (np.float32, np.float64, np.int32, np.int64, np.int8, np.float16, np.bool_):
    for known in (True, False):
        places = np.int32([[1], [3], [1]]) if dtype != np.bool_ else np.int32([[1], [3], [0]])
        add("ScatterNd", lambda p, r, d=dtype, k=known, i=places: raw.ScatterNd(indices=p(i, None if k else [None, 1]), updates=p(sample(r, (3, 2), d), None if k else [None, None]), shape=[5, 2]))
        add("TensorScatterUpdate", lambda p, r, d=dtype, k=known: raw.TensorScatterUpdate(tensor=p(sample(r, (4, 3), d), None if k else [None, 3]), indices=p(np.int32([[0, 1], [3, 2]])), updates=p(sample(r, (2,), d))))
for dtype, op in itertools.product((np.float32, np.int32, np.int64, np.float64), ("Add", "Sub", "Max", "Min")):
    add(f"TensorScatter{op}", lambda p, r, d=dtype, o=op: getattr(raw, f"TensorScatter{o}")(tensor=p(sample(r, (4, 3), d)), indices=p(np.int64([[0], [3], [0]])), updates=p(sample(r, (3, 3), d))))
add("ScatterNd", lambda p, r: raw.ScatterNd(indices=p(np.int64([[0, 1], [2, 2]])), updates=p(sample(r, (2, 4), np.float32)), shape=p(np.int64([3, 3, 4]))))
add("ScatterNd", lambda p, r: raw.ScatterNd(indices=p(np.zeros((0, 1), np.int32)), updates=p(np.zeros((0, 2), np.float32)), shape=[3, 2]))
for indices, values in ((np.int32(2), np.float32(7)), (np.int64([0, 3, 4]), np.float32([1, 2, 3])), (np.int64([0, 3, 4]), np.float32(5)), (np.zeros((0,), np.int32), np.zeros((0,), np.float32))):
    add("SparseToDense", lambda p, r, i=indices, v=values: raw.SparseToDense(sparse_indices=p(i), output_shape=i.dtype.type([6]), sparse_values=p(v), default_value=p(np.float32(-1))))
add("SparseToDense", lambda p, r: raw.SparseToDense(sparse_indices=p(np.int64([[0, 1], [2, 0]])), output_shape=p(np.int64([3, 2])), sparse_values=p(np.int32([4, 5])), default_value=0))
add("SparseToDense", lambda p, r: raw.SparseToDense(sparse_indices=p(np.int64([[0, 1], [2, 0]])), output_shape=np.int64([3, 2]), sparse_values=True, default_value=False))

for dtype in (np.float32, np.int32):
    add("DynamicStitch", lambda p, r, d=dtype: raw.DynamicStitch(indices=[p(np.int32(6)), p(np.int32([4, 1])), p(np.int32([[5, 2], [0, 3]]))], data=[p(sample(r, (2,), d)), p(sample(r, (2, 2), d)), p(sample(r, (2, 2, 2), d))]))
    add("ParallelDynamicStitch", lambda p, r, d=dtype: raw.ParallelDynamicStitch(indices=[p(np.int32([2, 0])), p(np.int32([1, 3]))], data=[p(sample(r, (2, 3), d)), p(sample(r, (2, 3), d))]))
    add("DynamicPartition", lambda p, r, d=dtype: list(raw.DynamicPartition(data=p(sample(r, (5, 2), d)), partitions=p(np.int32([2, 0, 2, 0, 0])), num_partitions=4)))
    add("DynamicPartition", lambda p, r, d=dtype: list(raw.DynamicPartition(data=p(sample(r, (2, 3, 2), d), [None, None, 2]), partitions=p(np.int32([[1, 0, 1], [0, 0, 1]])), num_partitions=2)))
for dtype in (np.int32, np.int64):
    add("InvertPermutation", lambda p, r, d=dtype: raw.InvertPermutation(x=p(d([3, 0, 2, 1]))))
    add("InvertPermutation", lambda p, r, d=dtype: raw.InvertPermutation(x=p(d([3, 0, 2, 1]), [None])))
    add("BroadcastArgs", lambda p, r, d=dtype: raw.BroadcastArgs(s0=p(d([3, 1, 4])), s1=p(d([5, 1]))))
for dtype in (np.float32, np.int32, np.int64, np.uint8, np.float64):
    values = lambda d: d([3, 1, 3, 2, 1, 9, 3])
    add("Unique", lambda p, r, d=dtype: list(raw.Unique(x=p(values(d)))))
    add("UniqueWithCounts", lambda p, r, d=dtype: list(raw.UniqueWithCounts(x=p(values(d)), out_idx=tf.int64)))
    add("UniqueV2", lambda p, r, d=dtype: list(raw.UniqueV2(x=p(values(d)), axis=[0])))
    add("UniqueWithCountsV2", lambda p, r, d=dtype: list(raw.UniqueWithCountsV2(x=p(values(d)), axis=[0])))
    add("ListDiff", lambda p, r, d=dtype: list(raw.ListDiff(x=p(values(d)), y=p(d([1, 9, 8])))))
add("Unique", lambda p, r: list(raw.Unique(x=p(np.zeros((0,), np.float32)))))

# Segments
for kind, dtype in itertools.product(("Sum", "Mean", "Prod", "Max", "Min"), (np.float32, np.int32, np.int64, np.float64)):
    ids = np.int32([0, 0, 2, 2, 5])
    if kind != "Mean" or np.issubdtype(dtype, np.floating):
        add(f"Segment{kind}", lambda p, r, o=kind, d=dtype, s=ids: getattr(raw, f"Segment{o}")(data=p(sample(r, (5, 3), d)), segment_ids=p(s)))
        add(f"Segment{kind}", lambda p, r, o=kind, d=dtype, s=ids: getattr(raw, f"Segment{o}")(data=p(sample(r, (5, 3), d), [None, None]), segment_ids=p(s.astype(np.int64))))
    if kind != "Mean":
        add(f"UnsortedSegment{kind}", lambda p, r, o=kind, d=dtype: getattr(raw, f"UnsortedSegment{o}")(data=p(sample(r, (5, 3), d)), segment_ids=p(np.int32([3, -1, 0, 3, 0])), num_segments=5))
        add(f"UnsortedSegment{kind}", lambda p, r, o=kind, d=dtype: getattr(raw, f"UnsortedSegment{o}")(data=p(sample(r, (2, 3, 4), d), [None, None, None]), segment_ids=p(np.int64([[1, 0, 1], [2, 2, -5]]), [None, None]), num_segments=p(np.int32(4))))
for dtype in (np.int8, np.uint8, np.int16):
    for kind in ("Sum", "Max", "Min", "Prod"):
        add(f"UnsortedSegment{kind}", lambda p, r, o=kind, d=dtype: getattr(raw, f"UnsortedSegment{o}")(data=p(sample(r, (5,), d)), segment_ids=p(np.int32([3, -1, 0, 3, 0])), num_segments=5))
add("SegmentSum", lambda p, r: raw.SegmentSum(data=p(np.zeros((0, 3), np.float32)), segment_ids=p(np.zeros((0,), np.int32))))
for kind, dtype in itertools.product(("Sum", "Mean", "SqrtN"), (np.float32, np.float64)):
    rows, ids = np.int32([3, 0, 0, 1]), np.int32([0, 0, 1, 3])
    add(f"SparseSegment{kind}", lambda p, r, o=kind, d=dtype, i=rows, s=ids: getattr(raw, f"SparseSegment{o}")(data=p(sample(r, (4, 3), d)), indices=p(i), segment_ids=p(s)))
    add(f"SparseSegment{kind}WithNumSegments", lambda p, r, o=kind, d=dtype, i=rows, s=ids: getattr(raw, f"SparseSegment{o}WithNumSegments")(data=p(sample(r, (4, 3), d)), indices=p(i), segment_ids=p(s), num_segments=6))
for dtype in (np.float32, np.int32, np.int64, np.float64):
    add("Bincount", lambda p, r, d=dtype: raw.Bincount(arr=p(np.int32([[1, 4], [1, 9]])), size=6, weights=p(sample(r, (2, 2), d))))
    add("Bincount", lambda p, r, d=dtype: raw.Bincount(arr=p(np.int32([1, 4, 1, 9])), size=6, weights=tf.constant([], d)))
    for binary, weighted, shape in itertools.product((False, True), (False, True), ((5,), (3, 4))):
        add("DenseBincount", lambda p, r, d=dtype, b=binary, w=weighted, s=shape: raw.DenseBincount(input=p(sample(r, s, np.int64, 0, 7)), size=np.int64(6), weights=p(sample(r, s, d)) if w and not b else tf.constant([], d), binary_output=b))
for dtype, binary, weighted in ((np.float32, False, False), (np.float32, False, True), (np.int32, True, False), (np.int64, False, False)):
    add("RaggedBincount", lambda p, r, d=dtype, b=binary, w=weighted: raw.RaggedBincount(splits=p(np.int64([0, 2, 2, 5, 6]), [None]), values=p(sample(r, (6,), np.int64, 0, 7)), size=np.int64(6), weights=p(sample(r, (6,), d)) if w else tf.constant([], d), binary_output=b))
add("RaggedBincount", lambda p, r: raw.RaggedBincount(splits=p(np.int64([0, 0]), [None]), values=p(np.zeros(0, np.int32), [None]), size=3, weights=tf.constant([], tf.float32)))
add("DenseBincount", lambda p, r: raw.DenseBincount(input=p(np.zeros((0, 4), np.int32), [None, None]), size=3, weights=tf.constant([], tf.float32)))

# Along an axis
for dtype, (seq, batch) in itertools.product((np.float32, np.int32, np.int64, np.bool_, np.float16, np.uint8), ((1, 0), (0, 1), (2, 0), (0, 2), (1, 2))):
    shape = (3, 4, 5)
    add("ReverseSequence", lambda p, r, d=dtype, s=seq, b=batch: raw.ReverseSequence(input=p(sample(r, shape, d)), seq_lengths=p(r.integers(0, shape[s] + 1, shape[b]).astype(np.int32)), seq_dim=s, batch_dim=b))
add("ReverseSequence", lambda p, r: raw.ReverseSequence(input=p(sample(r, (3, 4, 5), np.float32), [None, None, 5]), seq_lengths=p(np.int64([0, 4, 2]), [None]), seq_dim=1, batch_dim=0))
for shift, axis in ((1, 0), (-2, 1), (7, -1), ([1, -1], [0, 1]), ([1, 2], [1, 1]), (0, 0)):
    for known in (True, False):
        add("Roll", lambda p, r, s=shift, a=axis, k=known: raw.Roll(input=p(sample(r, (3, 4), np.float32), None if k else [None, None]), shift=s, axis=a))
add("Roll", lambda p, r: raw.Roll(input=p(sample(r, (3, 4), np.int32)), shift=p(np.int32(2)), axis=1))
add("Roll", lambda p, r: raw.Roll(input=p(np.zeros((3, 0), np.float32), [None, None]), shift=2, axis=1))
for dtype, exclusive, rev in itertools.product((np.float32, np.int32, np.float64, np.int64), (False, True), (False, True)):
    add("Cumprod", lambda p, r, d=dtype, e=exclusive, v=rev: raw.Cumprod(x=p(sample(r, (3, 7), d, -3, 3)), axis=-1, exclusive=e, reverse=v))
add("Cumprod", lambda p, r: raw.Cumprod(x=p(sample(r, (5, 3), np.float32), dynamic=False), axis=0))
for k in (1, 3):
    add("InTopK", lambda p, r, k=k: raw.InTopK(predictions=p(np.round(sample(r, (6, 5), np.float32))), targets=p(np.int32([0, 1, 4, 7, -1, 2])), k=k))
    add("InTopKV2", lambda p, r, k=k: raw.InTopKV2(predictions=p(np.float32([[1, np.inf, 0], [np.nan, 1, 2], [3, 1, 2], [1, 2, 2]])), targets=p(np.int64([0, 2, 0, 1])), k=p(np.int64(k))))
LIMITS = [-3.0, 0.0, 0.0, 2.5, 4.0]
for dtype in (np.float32, np.float64, np.int32, np.int64):
    add("Bucketize", lambda p, r, d=dtype: raw.Bucketize(input=p(sample(r, (4, 5), d)), boundaries=LIMITS))
    add("Bucketize", lambda p, r, d=dtype: raw.Bucketize(input=p(d(2), []), boundaries=LIMITS))
add("Bucketize", lambda p, r: raw.Bucketize(input=p(np.float32([np.nan, np.inf, -np.inf, 0, 2.5])), boundaries=LIMITS))
add("Bucketize", lambda p, r: raw.Bucketize(input=p(np.float32([1, 2])), boundaries=[]))
for op, dtype in itertools.product(("LowerBound", "UpperBound"), (np.float32, np.int32, np.float64)):
    add(op, lambda p, r, o=op, d=dtype: getattr(raw, o)(sorted_inputs=p(np.sort(sample(r, (2, 6), d), 1)), values=p(sample(r, (2, 5), d))))
