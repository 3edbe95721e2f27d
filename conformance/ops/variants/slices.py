"""Ops that take parts of tensors: slices, gathers, paddings, reversals."""
import numpy as np

from .family import family

MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")


@family("Slice", rounds=4)
def part(d):
    shape = d.shape(1, 4)
    begin = [d.integer(0, size) if d.flip() else 0 for size in shape]
    size = [-1 if d.flip(0.3) else d.integer(0, n - b) for n, b in zip(shape, begin)]
    kind = d.index_type()
    return d.call(d.tensor(d.values(shape)), d.parameter(begin, kind), d.parameter(size, kind))


@family("StridedSlice", rounds=12)
def strided(d):
    shape = d.shape(1, 4)
    begin, end, strides, masks = [], [], [], dict.fromkeys(MASKS, 0)
    axis, seen = 0, False
    for i in range(d.integer(1, len(shape) + 1)):
        kind = d.pick("range", "range", "range", "index", "new", "ellipsis")
        if kind == "ellipsis" and seen or kind in ("range", "index") and axis == len(shape):
            kind = "new"
        size = shape[axis] if axis < len(shape) else 1
        stride = d.pick(1, 1, 2, 3, -1, -2)
        first, last = d.integer(-size - 1, size + 1), d.integer(-size - 1, size + 1)
        if kind == "ellipsis":
            seen = True
            masks["ellipsis_mask"] |= 1 << i
        elif kind == "new":
            masks["new_axis_mask"] |= 1 << i
        elif kind == "index":
            masks["shrink_axis_mask"] |= 1 << i
            first, stride = d.integer(-size, max(size - 1, -size)), 1
            last = first + 1
            axis += 1
        else:
            axis += 1
        for name in ("begin_mask", "end_mask"):
            masks[name] |= int(d.flip(0.3)) << i if kind == "range" else 0
        begin, end, strides = [*begin, first], [*end, last], [*strides, stride]
        if seen and axis == len(shape):
            break
    kind = d.index_type()
    return d.call(d.tensor(d.values(shape)), *(d.parameter(each, kind) for each in (begin, end)), d.tensor(np.asarray(strides, kind), 0.95), **masks)


def indices(d, shape, size, kind=None):
    """Where there is nothing to take, none."""
    kind = d.index_type() if kind is None else kind
    return d.whole(shape, 0, size - 1, kind) if size else np.zeros((*shape[:-1], 0), kind)


@family("Gather", attr="Tparams", rounds=2)
def gather(d):
    shape = d.shape(1, 4, empty=0)
    at = indices(d, d.shape(1, 2), shape[0])
    return d.call(d.tensor(d.values(shape), constant=0.4), d.tensor((at - d.flip(0.1)).astype(at.dtype)))


@family("GatherV2", attr="Tparams", rounds=6)
def gather_axis(d):
    shape = d.shape(1, 4)
    rank = len(shape)
    axis = d.integer(0, rank - 1)
    batch = d.integer(0, axis) if d.flip() else 0
    at = indices(d, (*shape[:batch], *d.shape(1, 2)), shape[axis])
    stated = batch - at.ndim if d.flip(0.2) else batch
    axis = axis - rank if d.flip(0.3) else axis
    at = at if 0 in shape else (at + d.pick(0, 0, 0, 0, 0, 0, 0, 0, 1, -1)).astype(at.dtype)
    return d.call(d.tensor(d.values(shape), constant=0.3), d.tensor(at), d.tensor(d.index_type()(axis), 0.95), batch_dims=stated)


@family("GatherNd", attr="Tparams", rounds=4)
def gather_points(d):
    shape = d.shape(1, 4, empty=0)
    depth = d.integer(0, len(shape))
    rows = d.shape(0, 2)
    kind = d.index_type()
    columns = [d.whole(rows, 0, size - 1, kind) for size in shape[:depth]]
    points = np.stack(columns, -1) if depth else np.zeros((*rows, 0), kind)
    return d.call(d.tensor(d.values(shape)), d.tensor(points))


@family("ReverseV2", rounds=3)
def reverse(d):
    shape = d.shape()
    return d.call(d.tensor(d.values(shape)), d.parameter(d.axes(len(shape)), d.index_type()))


@family("Pad PadV2", rounds=4)
def pad(d):
    shape = d.shape(1, 4)
    pads = [[d.integer(0, 2), d.integer(0, 2)] for _ in shape]
    value = [d.tensor(d.values(), 0.6)] if d.op == "PadV2" else []
    return d.call(d.tensor(d.values(shape)), d.parameter(pads, d.index_type()), *value)


@family("MirrorPad", rounds=4)
def mirror(d):
    shape, mode = d.shape(1, 4, empty=0), d.pick("REFLECT", "SYMMETRIC")
    most = [size - (mode == "REFLECT") for size in shape]
    pads = [[d.integer(0, max(m, 0)), d.integer(0, max(m, 0))] for m in most]
    return d.call(d.tensor(d.values(shape)), d.parameter(pads, d.index_type()), mode=mode)


@family("ReverseSequence", rounds=3)
def reverse_rows(d):
    shape = d.shape(2, 4)
    seq, batch = (int(axis) for axis in d.rng.permutation(len(shape))[:2])
    lengths = d.whole((shape[batch],), 0, shape[seq], d.index_type())
    return d.call(d.tensor(d.values(shape)), d.tensor(lengths), seq_dim=seq, batch_dim=batch)


@family("Roll", rounds=3)
def roll(d):
    shape = d.shape(1, 4)
    axes = [d.axis(len(shape)) for _ in range(d.integer(1, 3))]
    shifts, axes = d.pick((d.integer(-9, 9), axes[0]), ([d.integer(-9, 9) for _ in axes], axes))
    return d.call(d.tensor(d.values(shape)), d.parameter(shifts, d.index_type()), d.parameter(axes, d.index_type()))
