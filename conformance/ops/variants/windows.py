"""Convolutions, pooling, normalisation and resizing of images."""
import numpy as np

from .family import family

FLOAT_TYPES = ("float16", "float32", "float64")


def image(d, spatial, channels, first, least=1, empty=0.04):
    """A shape with its channels last or first."""
    space = [d.integer(least, 9) for _ in range(spatial)]
    batch = 0 if d.flip(empty) else d.integer(1, 3)
    return (batch, channels, *space) if first else (batch, *space, channels)


def spread(spatial, first, values):
    """An attribute with one entry for each dimension."""
    return [1, 1, *values] if first else [1, *values, 1]


def layout(spatial, first):
    return {2: ("NHWC", "NCHW"), 3: ("NDHWC", "NCDHW")}[spatial][first]


def padding(d, spatial, first, explicit=True):
    kind = d.pick("SAME", "VALID", *(["EXPLICIT"] if explicit else []))
    if kind != "EXPLICIT":
        return {"padding": kind}
    pads = [[d.integer(0, 2), d.integer(0, 2)] for _ in range(spatial)]
    whole = [[0, 0], [0, 0], *pads] if first else [[0, 0], *pads, [0, 0]]
    return {"padding": kind, "explicit_paddings": sum(whole, [])}


def numbers(d, shape):
    return d.values(shape, -2, 2, edges=0)


@family("Conv2D", rounds=20)
@family("DepthwiseConv2dNative", rounds=14)
def convolution(d):
    depthwise = d.op == "DepthwiseConv2dNative"
    group = 1 if depthwise else d.pick(1, 1, 1, 2)
    channels, many, first = group * d.integer(1, 3), group * d.integer(1, 3), d.flip(0.15)
    kernel = [d.integer(1, 4), d.integer(1, 4)]
    stride = d.pick(1, 1, 2, 3, 4)
    # TensorFlow's own answer depends on the number of its threads where the strides differ.
    strides = [stride, stride]
    dilations = [d.integer(1, 2), d.integer(1, 2)] if stride == 1 and d.flip(0.4) else [1, 1]
    # Of no image TensorFlow's result sometimes has the image's shape; groups are told by the number of channels.
    shape = image(d, 2, channels, first, least=7, empty=0)
    x = d.tensor(numbers(d, shape)) if group == 1 else d.placeholder(numbers(d, shape))
    w = d.tensor(numbers(d, (*kernel, channels // group, many)), constant=0.8)
    return d.call(x, w, strides=spread(2, first, strides), dilations=spread(2, first, dilations), data_format=layout(2, first), **padding(d, 2, first))


@family("Conv3D", rounds=6)
def volume(d):
    channels = d.integer(1, 3)
    kernel, strides = [d.integer(1, 3) for _ in range(3)], [d.integer(1, 2) for _ in range(3)]
    x = d.tensor(numbers(d, image(d, 3, channels, False, least=3, empty=0)))
    w = d.tensor(numbers(d, (*kernel, channels, d.integer(1, 3))), constant=0.8)
    return d.call(x, w, strides=spread(3, False, strides), **padding(d, 3, False, explicit=False))


@family("Conv2DBackpropInput", rounds=14)
@family("Conv3DBackpropInputV2", rounds=6)
def transposed(d):
    spatial = 2 if "2D" in d.op else 3
    channels, many, first = d.integer(1, 3), d.integer(1, 3), False
    kernel = [d.integer(1, 4) for _ in range(spatial)]
    stride = d.pick(1, 2, 2, 3, 4)
    result = [d.integer(3, 9) for _ in range(spatial)]
    pad = padding(d, spatial, first, explicit=spatial == 2 and d.flip(0.3))
    if pad["padding"] == "VALID":
        result = [max(size, k) for size, k in zip(result, kernel)]
        small = [-(-(size - k + 1) // stride) for size, k in zip(result, kernel)]
    elif pad["padding"] == "SAME":
        small = [-(-size // stride) for size in result]
    else:
        pads = np.reshape(pad["explicit_paddings"], (-1, 2)).sum(1)[1:-1]
        small = [-(-(size + int(p) - k + 1) // stride) for size, k, p in zip(result, kernel, pads)]
    batch = d.integer(1, 2)
    sizes = [batch, *result, channels] if d.flip(0.8) or spatial == 3 else result
    w = d.tensor(numbers(d, (*kernel, channels, many)), constant=0.8)
    y = d.tensor(numbers(d, (batch, *small, many)))
    return d.call(d.parameter(sizes), w, y, strides=spread(spatial, first, [stride] * spatial), **pad)


@family("MaxPool AvgPool", rounds=12)
@family("MaxPool3D AvgPool3D", rounds=6)
def pool(d):
    spatial = 3 if d.op.endswith("3D") else 2
    kernel, strides = [[d.integer(1, 4) for _ in range(spatial)] for _ in range(2)]
    x = numbers(d, image(d, spatial, d.integer(1, 3), False, least=4))
    pad = padding(d, spatial, False, explicit=d.op == "MaxPool")
    return d.call(d.tensor(x), ksize=spread(spatial, False, kernel), strides=spread(spatial, False, strides), **pad)


@family("MaxPoolV2", rounds=6)
def pool_by_input(d):
    kernel, strides = [[d.integer(1, 4) for _ in range(2)] for _ in range(2)]
    x = d.tensor(numbers(d, image(d, 2, d.integer(1, 3), False, least=4)))
    return d.call(x, d.parameter(spread(2, False, kernel)), d.parameter(spread(2, False, strides)), **padding(d, 2, False, explicit=False))


@family("FusedBatchNorm FusedBatchNormV2 FusedBatchNormV3", rounds=6)
def batch_norm(d):
    channels, first = d.integer(1, 4), d.flip(0.2)
    x = d.tensor(numbers(d, image(d, 2, channels, first)))
    vector = lambda low, high: d.tensor(d.values((channels,), low, high, edges=0, dtype=np.float32), constant=0.7)
    parts = [vector(-2, 2), vector(-2, 2), vector(-2, 2), vector(0, 3)]
    attrs = {"epsilon": d.pick(1e-3, 1e-4), "data_format": layout(2, first), "is_training": False}
    return d.call(x, *parts, **attrs)[0]


@family("LRN", rounds=5)
def local(d):
    x = d.tensor(d.values(image(d, 2, d.integer(1, 12), False), edges=0))
    return d.call(x, depth_radius=d.integer(0, 6), bias=d.pick(1.0, 0.5), alpha=d.pick(1.0, 1e-2), beta=d.pick(0.5, 0.75))


@family("ResizeBilinear ResizeNearestNeighbor", rounds=12)
def resize(d):
    x = d.values(image(d, 2, d.integer(1, 3), False), edges=0)
    align, half = d.pick((False, False), (True, False), (False, True))
    return d.call(d.tensor(x), d.parameter([d.integer(1, 12), d.integer(1, 12)]), align_corners=align, half_pixel_centers=half)


@family("CropAndResize", rounds=8)
def crop(d):
    x = d.values(image(d, 2, d.integer(1, 3), False, empty=0), 0, 9, edges=0)
    boxes = d.values((d.integer(0, 4), 4), *d.pick((0, 1), (-0.3, 1.3)), edges=0, dtype=np.float32)
    owner = d.whole((len(boxes),), 0, x.shape[0] - 1)
    size = d.parameter([d.integer(1, 5), d.integer(1, 5)])
    return d.call(d.tensor(x), d.tensor(boxes), d.tensor(owner), size, method=d.pick("bilinear", "nearest"), extrapolation_value=d.pick(0.0, 0.5))


@family("SpaceToDepth DepthToSpace", rounds=3)
def depth(d):
    block, first = d.integer(2, 3), d.flip(0.2)
    channels = d.integer(1, 3) * (block**2 if d.op == "DepthToSpace" else 1)
    times = 1 if d.op == "DepthToSpace" else block
    space = [d.integer(1, 3) * times, d.integer(1, 3) * times]
    shape = (d.integer(0, 2), channels, *space) if first else (d.integer(0, 2), *space, channels)
    return d.call(d.tensor(d.values(shape)), block_size=block, data_format=layout(2, first))


@family("SpaceToBatch SpaceToBatchND", rounds=2)
def to_batch(d):
    plain = d.op == "SpaceToBatch"
    m = 2 if plain else d.integer(1, 3)
    block = [d.pick(2, 3)] * m if plain else [d.integer(1, 3) for _ in range(m)]
    pads = [[d.integer(0, 2), d.integer(0, 2)] for _ in range(m)]
    space = [max(1, d.integer(1, 3) * b - sum(p)) for b, p in zip(block, pads)]
    pads = [[before, after + -(size + before + after) % b] for (before, after), size, b in zip(pads, space, block)]
    x = d.tensor(d.values((d.integer(0, 3), *space, *((d.integer(1, 3),) if plain else d.shape(0, 2)))))
    if plain:
        return d.call(x, d.parameter(pads, d.index_type()), block_size=block[0])
    return d.call(x, d.parameter(block, d.index_type()), d.parameter(pads, d.index_type()))


@family("BatchToSpace BatchToSpaceND", rounds=2)
def from_batch(d):
    plain = d.op == "BatchToSpace"
    m = 2 if plain else d.integer(1, 3)
    block = [d.pick(2, 3)] * m if plain else [d.integer(1, 3) for _ in range(m)]
    space = [d.integer(1, 4) for _ in range(m)]
    crops = [[d.integer(0, min(1, size * b - 1)), 0] for size, b in zip(space, block)]
    crops = [pair[::-1] if d.flip() else pair for pair in crops]
    x = d.tensor(d.values((d.integer(0, 2) * int(np.prod(block)), *space, *((d.integer(1, 3),) if plain else d.shape(0, 2)))))
    if plain:
        return d.call(x, d.parameter(crops, d.index_type()), block_size=block[0])
    return d.call(x, d.parameter(block, d.index_type()), d.parameter(crops, d.index_type()))
