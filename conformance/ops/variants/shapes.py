"""Ops that change, ask for or make shapes, join and take apart."""
import numpy as np
import tensorflow as tf

from .family import family


def factors(d, size, count):
    """`count` sizes whose product is `size`."""
    sizes = []
    for _ in range(count - 1):
        part = d.pick(*[n for n in range(1, size + 1) if size % n == 0]) if size else d.integer(0, 2)
        sizes.append(part)
        size = size // part if part else 0
    return [*sizes, size]


@family("Reshape", rounds=6)
def reshape(d):
    shape = d.shape()
    count = int(np.prod(shape))
    target = factors(d, count, d.integer(1, 4)) if count else [*shape, 1]
    if d.flip() and count:
        target[d.integer(0, len(target) - 1)] = -1
    return d.call(d.tensor(d.values(shape)), d.parameter(target, d.index_type()))


@family("Squeeze")
def squeeze(d):
    shape = tuple(d.pick(1, 1, 2, 3, 0) for _ in range(d.integer(0, 5)))
    ones = [axis for axis, size in enumerate(shape) if size == 1]
    axes = [axis - (len(shape) if d.flip() else 0) for axis in ones if d.flip()]
    return d.call(d.tensor(d.values(shape)), squeeze_dims=axes)


@family("ExpandDims", rounds=2)
def expand(d):
    shape = d.shape(0, 3)
    return d.call(d.tensor(d.values(shape)), d.parameter(d.axis(len(shape) + 1), d.index_type()))


@family("Transpose", rounds=3)
def transpose(d):
    shape = d.shape(0, 5)
    return d.call(d.tensor(d.values(shape)), d.parameter(d.rng.permutation(len(shape)), d.index_type()))


@family("Shape Size", rounds=1)
def shape_of(d):
    return d.call(d.tensor(d.values(d.shape())), out_type=d.pick("int32", "int64"))


@family("ShapeN", rounds=1)
def shapes_of(d):
    return d.call([d.tensor(d.values(d.shape())) for _ in range(2)], out_type=d.pick("int32", "int64"))


@family("Rank", rounds=1)
def rank(d):
    return d.call(d.tensor(d.values(d.shape())))


@family("EnsureShape", attr="T", rounds=1)
def ensure(d):
    shape = d.shape()
    return d.call(d.tensor(d.values(shape)), shape=[None if d.flip() else size for size in shape])


@family("PlaceholderWithDefault", attr="dtype", rounds=1)
def with_default(d):
    shape = d.shape()
    return d.call(d.tensor(d.values(shape)), shape=shape)


@family("Fill", rounds=2)
def fill(d):
    return d.call(d.parameter(d.shape(), d.index_type()), d.tensor(d.values()))


@family("BroadcastTo", rounds=2)
def broadcast(d):
    whole = d.shape()
    return d.call(d.tensor(d.values(d.narrowed(whole))), d.parameter(whole, d.index_type()))


@family("BroadcastArgs", rounds=6)
def broadcast_args(d):
    a, b = d.broadcast_shapes()
    return d.call(d.tensor(np.asarray(a, d.dtype)), d.tensor(np.asarray(b, d.dtype)))


@family("Tile", rounds=2)
def tile(d):
    shape = d.shape(0, 3)
    return d.call(d.tensor(d.values(shape)), d.parameter([d.integer(0, 3) for _ in shape], d.index_type()))


@family("Range", attr="Tidx", rounds=5)
def sequence(d):
    start, limit, step = d.pick((2, 11, 3), (0, 5, 1), (5, 5, 1), (9, 0, -2), (0, -7, -3), (1, 2, 5), (-3, 4, 2))
    if d.name.startswith("u") and min(start, limit, step) < 0:
        start, limit, step = 1, 9, 2
    values = [0.25 * value if d.is_float else value for value in (start, limit, step)]
    return d.call(*(d.tensor(np.asarray(value, d.dtype), constant=0.4) for value in values))


@family("LinSpace", rounds=6)
def linear(d):
    ends = [d.tensor(d.values((), edges=0), constant=0.4) for _ in range(2)]
    return d.call(*ends, d.parameter(d.integer(1, 7), d.index_type()))


@family("Where", rounds=2)
def where(d):
    return d.call(d.tensor(d.values(d.shape(1, 4), -1, 1)))


@family("ConcatV2 Concat", rounds=3)
def concat(d):
    shape = list(d.shape(1, 4))
    axis = d.axis(len(shape))
    parts = []
    for _ in range(d.integer(2, 4)):
        shape[axis] = d.size(empty=0.15)
        parts.append(d.tensor(d.values(shape)))
    axis = d.tensor(np.int32(axis), constant=0.9)
    return d.call(parts, axis) if d.op == "ConcatV2" else d.call(axis, parts)


@family("Pack", rounds=2)
def pack(d):
    shape = d.shape(0, 3)
    return d.call([d.tensor(d.values(shape)) for _ in range(d.integer(1, 3))], axis=d.axis(len(shape) + 1))


@family("Unpack", rounds=2)
def unpack(d):
    shape = d.shape(1, 4)
    axis = d.axis(len(shape))
    return d.call(d.tensor(d.values(shape)), num=shape[axis], axis=axis) or [tf.constant(0)]


@family("Split", rounds=3)
def split(d):
    shape, count = list(d.shape(1, 4)), d.integer(1, 4)
    axis = d.axis(len(shape))
    shape[axis] = count * d.integer(0, 3)
    return d.call(d.tensor(np.int32(axis), constant=0.9), d.tensor(d.values(shape)), num_split=count)


@family("SplitV", rounds=3)
def split_sizes(d):
    shape, sizes = list(d.shape(1, 4)), [d.integer(0, 3) for _ in range(d.integer(1, 4))]
    axis = d.axis(len(shape))
    shape[axis] = sum(sizes)
    if d.flip(0.4):
        sizes[d.integer(0, len(sizes) - 1)] = -1
    return d.call(d.tensor(d.values(shape)), d.parameter(sizes, d.index_type()), d.tensor(np.int32(axis), constant=0.9), num_split=len(sizes))
