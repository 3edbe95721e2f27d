"""Ops that put elements at places, and reductions of segments."""
import numpy as np

from .family import family


def places(d, shape, rows, distinct):
    """Coordinates into the first dimensions of `shape`, [*rows, depth]; `distinct` ones do not meet."""
    depth = d.integer(1, len(shape))
    count = int(np.prod(shape[:depth]))
    many = int(np.prod(rows))
    flat = d.rng.permutation(count)[:many] if distinct else d.whole((many,), 0, count - 1)
    kind = d.index_type()
    at = np.stack(np.unravel_index(flat, shape[:depth]), -1).reshape(*((len(flat),) if distinct else rows), depth)
    return (at + d.pick(*[0] * 12, 1, -1)).astype(kind)


@family("ScatterNd", rounds=4)
def scatter(d):
    shape = d.shape(1, 3, empty=0)
    at = places(d, shape, d.shape(1, 2), distinct=d.dtype == np.bool_)
    updates = d.values((*at.shape[:-1], *shape[at.shape[-1] :]), edges=0.2 if not d.is_float else 0)
    return d.call(d.tensor(at), d.tensor(updates), d.parameter(shape, at.dtype))


@family("TensorScatterUpdate TensorScatterAdd TensorScatterSub TensorScatterMax TensorScatterMin", rounds=3)
def tensor_scatter(d):
    shape = d.shape(1, 3, empty=0)
    at = places(d, shape, (d.size(),), distinct=d.op.endswith("Update"))
    # Which of two is greater is not defined where one is not a number.
    edges = 0 if d.is_float and not d.op.endswith("Update") else 0.2
    updates = d.values((*at.shape[:-1], *shape[at.shape[-1] :]), edges=edges)
    return d.call(d.tensor(d.values(shape, edges=edges)), d.tensor(at), d.tensor(updates))


@family("SparseToDense", rounds=3)
def sparse(d):
    shape = d.shape(1, 2, empty=0)
    kind = d.index_type()
    flat = np.sort(d.rng.permutation(int(np.prod(shape)))[: d.size()])
    at = np.stack(np.unravel_index(flat, shape), -1).astype(kind)
    at = at[:, 0] if len(shape) == 1 and d.flip() else at
    values = d.values(d.pick((), (len(flat),)))
    return d.call(d.tensor(at), d.parameter(shape, kind), d.tensor(values), d.tensor(d.values(), 0.7), validate_indices=d.flip())


@family("DynamicStitch ParallelDynamicStitch", rounds=3)
def stitch(d):
    tail, count = d.shape(0, 2), d.integer(1, 3)
    sizes = [d.shape(0, 2, empty=0.02) for _ in range(count)]
    order = d.rng.permutation(sum(int(np.prod(size)) for size in sizes)).astype(np.int32)
    if d.op == "DynamicStitch" and d.flip(0.3):
        order = np.minimum(order, d.integer(1, 5)).astype(np.int32)
    at, start = [], 0
    for size in sizes:
        at.append(order[start : start + int(np.prod(size))].reshape(size))
        start += int(np.prod(size))
    return d.call([d.tensor(each) for each in at], [d.tensor(d.values((*size, *tail))) for size in sizes])


@family("DynamicPartition", rounds=3)
def partition(d):
    rows, count = d.shape(1, 2), d.integer(1, 4)
    parts = d.whole(rows, 0, count - 1)
    return d.call(d.tensor(d.values((*rows, *d.shape(0, 2)))), d.tensor(parts), num_partitions=count)


@family("InvertPermutation", rounds=4)
def invert(d):
    return d.call(d.tensor(d.rng.permutation(d.integer(0, 7)).astype(d.dtype)))


LOW_HIGH = {"Prod": (-2, 2)}


def rows_for(d, shape):
    kind = next((low_high for name, low_high in LOW_HIGH.items() if name in d.op), (-5, 5))
    edges = 0 if d.is_float else 0.1
    return d.tensor(d.values(shape, *kind, edges=edges))


@family("SegmentSum SegmentMean SegmentProd SegmentMax SegmentMin", rounds=3)
def segments(d):
    count = d.size(empty=0.1)
    ids = np.sort(d.whole((count,), 0, d.integer(0, 6), d.index_type()))
    return d.call(rows_for(d, (count, *d.shape(0, 2))), d.tensor(ids))


@family("UnsortedSegmentSum UnsortedSegmentProd UnsortedSegmentMax UnsortedSegmentMin", rounds=3)
def unsorted(d):
    count, rows = d.size(), d.shape(1, 2)
    ids = d.whole(rows, -1 if d.flip(0.3) else 0, max(count - 1, -1), d.index_type()) if count else np.full(rows, -1, np.int32)
    return d.call(rows_for(d, (*rows, *d.shape(0, 2))), d.tensor(ids), d.parameter(count, d.index_type()))


def sparse_rows(d):
    table, count = d.integer(1, 5), d.size(empty=0.1)
    ids = np.sort(d.whole((count,), 0, d.integer(0, 6), d.index_type()))
    return rows_for(d, (table, *d.shape(0, 2))), d.tensor(d.whole((count,), 0, table - 1, d.index_type())), d.tensor(ids)


@family("SparseSegmentSum SparseSegmentMean SparseSegmentSqrtN", rounds=3)
def sparse_segments(d):
    return d.call(*sparse_rows(d))


@family("SparseSegmentSumWithNumSegments SparseSegmentMeanWithNumSegments SparseSegmentSqrtNWithNumSegments", rounds=3)
def counted_segments(d):
    return d.call(*sparse_rows(d), d.parameter(d.integer(7, 9), d.index_type()))
