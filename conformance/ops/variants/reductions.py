"""Reductions, searches and running sums along axes."""
import numpy as np

from .family import family

SMALL = {"Prod": (-2, 2), "Cumprod": (-2, 2)}


@family("Sum Mean Max Min Prod All Any", rounds=6)
def reduction(d):
    shape = d.shape(empty=0.08)
    axes = d.pick(d.axes(len(shape)), list(range(len(shape))), d.axis(len(shape)) if shape else [])
    # The engine's greatest of numbers and NaN is a number, its mean of nothing 0.
    shape = tuple(max(size, 1) for size in shape) if d.op in ("Sum", "Mean", "Max", "Min") else shape
    x = d.values(shape, *SMALL.get(d.op, (-5, 5)), edges=0 if d.is_float or d.op == "Prod" else 0.25)
    return d.call(d.tensor(x), d.parameter(axes, d.index_type()), keep_dims=d.flip())


def numbers(d, shape):
    """NaN is no greater and no less: where it comes TensorFlow's answer differs from dtype to dtype."""
    value = d.values(shape)
    return np.where(np.isnan(value), d.dtype(0), value) if d.is_float else value


@family("ArgMax ArgMin", rounds=4)
def arg(d):
    shape = d.shape(1, 4)
    axis = d.axis(len(shape))
    return d.call(d.tensor(numbers(d, shape)), d.parameter(axis, d.index_type()), output_type=d.pick("int32", "int64"))


@family("Cumsum Cumprod", rounds=4)
def running(d):
    shape = d.shape(1, 4)
    x = d.values(shape, *SMALL.get(d.op, (-5, 5)), edges=0.02 if d.is_float else 0.25)
    return d.call(d.tensor(x), d.parameter(d.axis(len(shape)), d.index_type()), exclusive=d.flip(), reverse=d.flip())


@family("TopKV2", rounds=4)
def top(d):
    shape = d.shape(1, 3)
    k = d.integer(0, shape[-1])
    return d.call(d.tensor(numbers(d, shape)), d.parameter(k, d.index_type()), sorted=True, index_type=d.pick("int32", "int64", "int16"))


@family("OneHot", rounds=3)
def one_hot(d):
    kind = d.pick(np.int32, np.int64, np.uint8, np.int8)
    shape = d.shape(0, 3)
    depth = d.size()
    indices = d.whole(shape, 0 if kind == np.uint8 else -2, depth + 2, kind)
    on, off = d.values(edges=0.2), d.values(edges=0.2)
    return d.call(d.tensor(indices), d.parameter(depth), d.tensor(on, 0.7), d.tensor(off, 0.7), axis=d.integer(-1, len(shape)))


@family("Softmax LogSoftmax")
def softmax(d):
    value = d.values(d.shape(1, 4), *d.pick((-5, 5), (-200, 200)), edges=0)
    hidden = d.rng.random(value.shape) < d.pick(0, 0.2)
    return d.call(d.tensor(np.where(hidden, d.dtype(-np.inf), value)))


@family("L2Loss")
def loss(d):
    return d.call(d.tensor(d.values(d.shape(), edges=0.02)))


@family("InTopK InTopKV2", attr="none", rounds=6)
def in_top(d):
    rows, classes = d.size(), d.integer(1, 6)
    kind = np.int32 if d.op == "InTopK" else d.index_type()
    targets = d.whole((rows,), -1, classes, kind)
    scores = d.values((rows, classes), edges=0.1)
    if d.op == "InTopK":
        return d.call(d.tensor(scores), d.tensor(targets), k=d.integer(1, classes))
    return d.call(d.tensor(scores), d.tensor(targets), d.parameter(d.integer(0, classes), kind))


@family("Bucketize")
def bucketize(d):
    limits = sorted(float(limit) for limit in d.values((d.integer(0, 6),), dtype=np.float32, edges=0))
    return d.call(d.tensor(d.values(d.shape())), boundaries=limits)


@family("LowerBound UpperBound")
def search(d):
    rows = d.size()
    ordered = np.sort(d.values((rows, d.size()), edges=0.0), 1)
    return d.call(d.tensor(ordered), d.tensor(d.values((rows, d.size()), edges=0.0)), out_type=d.pick("int32", "int64"))


@family("Bincount DenseBincount", rounds=4)
def bincount(d):
    shape = d.shape(1, 2)
    size = d.size()
    kind = d.index_type() if d.op == "DenseBincount" else np.int32
    binary = {"binary_output": d.flip()} if d.op == "DenseBincount" else {}
    numbers = d.whole(shape, 0, size + 2, kind)
    weights = d.values(d.pick(shape, (0,)), edges=0)
    return d.call(d.tensor(numbers), d.parameter(size, kind), d.tensor(weights), **binary)


def distinct(d, shape):
    """Among floats neither NaN nor -0: TensorFlow compares half floats by their bits, others by value."""
    return d.values(shape, -3, 3, edges=0 if d.is_float else 0.1) + d.dtype(0)


@family("Unique UniqueWithCounts", rounds=4)
def unique(d):
    return d.call(d.tensor(distinct(d, (d.integer(0, 9),))), out_idx=d.pick("int32", "int64"))


@family("UniqueV2 UniqueWithCountsV2", rounds=4)
def unique_rows(d):
    shape, axes = ((d.integer(0, 9),), d.pick([0], [])) if d.flip(0.7) else ((3, 2), [0])
    return d.call(d.tensor(distinct(d, shape)), d.parameter(axes, d.index_type()), out_idx=d.pick("int32", "int64"))


@family("ListDiff", rounds=3)
def difference(d):
    lists = [d.tensor(d.values((d.integer(0, 8),), -4, 4, edges=0.1)) for _ in range(2)]
    return d.call(*lists, out_idx=d.pick("int32", "int64"))
