"""Cases of the ops that plain networks are made of."""
import itertools

import numpy as np
import tensorflow as tf

from .registry import FLOATS, INTS, add, sample

raw = tf.raw_ops

# Elementwise functions of one tensor: (dtypes, low, high, special values)
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan]
HALVES = [0.5, 1.5, 2.5, -0.5, -1.5, -2.5]
UNARY = {
    "Abs": (FLOATS + [np.int32, np.int64], -5, 5, SPECIAL),
    "Acos": ([np.float32], -1, 1, []),
    "Acosh": ([np.float32], 1, 9, []),
    "Asin": ([np.float32], -1, 1, []),
    "Asinh": ([np.float32], -9, 9, []),
    "Atan": ([np.float32], -9, 9, []),
    "Atanh": ([np.float32], -0.9, 0.9, []),
    "Ceil": (FLOATS, -5, 5, HALVES),
    "Cos": (FLOATS, -5, 5, []),
    "Cosh": ([np.float32], -5, 5, []),
    "Elu": (FLOATS, -5, 5, [0.0]),
    "Erf": ([np.float32], -3, 3, []),
    "Erfc": ([np.float32], -2, 2, []),
    "Exp": (FLOATS, -5, 5, [np.inf, -np.inf, np.nan]),
    "Expm1": (FLOATS, -2, 2, [1e-6, 1e-8, 0.0, np.inf, -np.inf]),
    "Floor": (FLOATS, -5, 5, HALVES),
    "Inv": (FLOATS, 1, 5, []),
    "IsFinite": (FLOATS, -5, 5, SPECIAL),
    "IsInf": (FLOATS, -5, 5, SPECIAL),
    "IsNan": (FLOATS, -5, 5, SPECIAL),
    "Log": (FLOATS, 0.1, 9, []),
    "Log1p": (FLOATS, -0.9, 9, [1e-6, 1e-8, 0.0, np.inf]),
    "LogicalNot": ([np.bool_], 0, 1, []),
    "Neg": (FLOATS + [np.int32, np.int64, np.int8, np.int16], -5, 5, []),
    "OnesLike": (FLOATS + INTS, -5, 5, []),
    "Reciprocal": (FLOATS, 1, 5, []),
    "Relu": (FLOATS + [np.int32, np.int64, np.uint8, np.int8], -5, 5, [0.0, np.inf, -np.inf]),
    "Relu6": (FLOATS + [np.int32], -9, 9, [0.0, np.inf, -np.inf]),
    "Rint": (FLOATS, -5, 5, HALVES),
    "Round": (FLOATS, -5, 5, HALVES),
    "Rsqrt": (FLOATS, 0.1, 9, []),
    "Selu": (FLOATS, -5, 5, [0.0]),
    "Sigmoid": (FLOATS, -9, 9, []),
    "Sign": (FLOATS + [np.int32, np.int64], -5, 5, [0.0, np.inf, -np.inf]),
    "Sin": (FLOATS, -5, 5, []),
    "Sinh": ([np.float32], -5, 5, []),
    "Softplus": (FLOATS, -30, 30, []),
    "Softsign": (FLOATS, -9, 9, []),
    "Sqrt": (FLOATS, 0.1, 9, [0.0]),
    "Square": (FLOATS + [np.int32, np.int64], -5, 5, []),
    "Tan": ([np.float32], -1, 1, []),
    "Tanh": (FLOATS, -5, 5, []),
    "ZerosLike": (FLOATS + INTS, -5, 5, []),
}
for op, (dtypes, low, high, special) in UNARY.items():
    for dtype in dtypes:
        def unary(p, rng, op=op, dtype=dtype, low=low, high=high, special=special):
            value = sample(rng, (3, 7), dtype, low, high)
            if np.issubdtype(dtype, np.floating) and special:
                value[0, : len(special)] = special[:7]
            argument = {"features": None} if op in ("Elu", "Relu", "Relu6", "Selu", "Softplus", "Softsign") else {"x": None}
            return getattr(raw, op)(**{next(iter(argument)): p(value)})
        add(op, unary)
add("LeakyRelu", lambda p, r: raw.LeakyRelu(features=p(sample(r, (3, 4), np.float32)), alpha=0.3))
add("LeakyRelu", lambda p, r: raw.LeakyRelu(features=p(sample(r, (3, 4), np.float64))))

# Elementwise functions of two tensors
ALL = FLOATS + INTS
BINARY = {
    "Add": FLOATS + [np.int32, np.int64, np.int8, np.int16, np.uint8],
    "AddV2": ALL,
    "Div": FLOATS + [np.int32, np.int64],
    "DivNoNan": FLOATS,
    "Equal": ALL + [np.bool_],
    "FloorDiv": FLOATS + [np.int32, np.int64, np.int16, np.int8, np.uint8],
    "FloorMod": FLOATS + [np.int32, np.int64],
    "Greater": ALL,
    "GreaterEqual": ALL,
    "Less": ALL,
    "LessEqual": ALL,
    "LogicalAnd": [np.bool_],
    "LogicalOr": [np.bool_],
    "Maximum": ALL,
    "Minimum": ALL,
    "Mod": FLOATS + [np.int32, np.int64],
    "Mul": ALL,
    "MulNoNan": FLOATS,
    "NotEqual": ALL + [np.bool_],
    "RealDiv": FLOATS,
    "SquaredDifference": FLOATS + [np.int32, np.int64],
    "Sub": ALL,
    "TruncateDiv": [np.int32, np.int64, np.int16, np.int8, np.uint8],
}
BROADCASTS = [((3, 4), (3, 4)), ((2, 3, 4), (4,)), ((3, 1), (1, 5)), ((3, 4), ())]
DIVIDES = {"Div", "FloorDiv", "FloorMod", "Mod", "TruncateDiv", "RealDiv"}
for op, dtypes in BINARY.items():
    for i, dtype in enumerate(dtypes):
        for a, b in BROADCASTS if i == 0 else BROADCASTS[i % 4 :][:1]:
            def binary(p, rng, op=op, dtype=dtype, a=a, b=b, constant=False):
                x, y = sample(rng, a, dtype), np.asarray(sample(rng, b, dtype))
                if op in DIVIDES:
                    y = np.where(y == 0, np.asarray(3, dtype), y).astype(dtype)
                if op.endswith("NoNan"):
                    y = np.where(y > 2, np.asarray(0, dtype), y).astype(dtype)
                return getattr(raw, op)(x=p(x), y=tf.constant(y) if constant else p(y))
            add(op, binary)
        add(op, lambda p, rng, binary=binary: binary(p, rng, constant=True))
# A scalar beside what is turned: it has no axes to be turned with.
for op in ("DivNoNan", "FloorDiv", "FloorMod", "TruncateDiv", "Xdivy"):
    for dtype in (np.float32, np.int32):
        if dtype in (FLOATS if op in ("DivNoNan", "Xdivy") else BINARY[op]):
            add(op, lambda p, r, op=op, d=dtype: tf.transpose(getattr(raw, op)(x=tf.transpose(p(sample(r, (3, 4), d))), y=p(d(-3)))))
for op in ("Maximum", "Minimum"):
    add(op, lambda p, r, op=op: getattr(raw, op)(x=p(np.float32([np.nan, 1, np.nan, 2])), y=p(np.float32([1, np.nan, np.nan, 3]))))
add("MulNoNan", lambda p, r: raw.MulNoNan(x=p(np.float32([np.nan, np.inf, 2])), y=p(np.float32([0, 0, 3]))))
for dtype in (np.int8, np.int32, np.uint8, np.int64):
    big = np.iinfo(dtype).max
    add("AddV2", lambda p, r, d=dtype, b=big: raw.AddV2(x=p(np.array([b, b - 1], d)), y=p(np.array([1, 7], d))))
    add("Mul", lambda p, r, d=dtype, b=big: raw.Mul(x=p(np.array([b, b - 1], d)), y=p(np.array([3, 7], d))))
add("Pow", lambda p, r: raw.Pow(x=p(sample(r, (3, 4), np.float32, 0.1, 4)), y=p(sample(r, (3, 4), np.float32, -2, 2))))
add("Pow", lambda p, r: raw.Pow(x=p(sample(r, (3, 4), np.int32)), y=tf.constant(3)))
add("Pow", lambda p, r: raw.Pow(x=p(sample(r, (3, 4), np.int64)), y=tf.constant(0, tf.int64)))
add("Pow", lambda p, r: raw.Pow(x=p(sample(r, (3, 4), np.float32)), y=tf.constant(2.0)))
add("AddN", lambda p, r: raw.AddN(inputs=[p(sample(r, (3, 4), np.float32)) for _ in range(3)]))
add("AddN", lambda p, r: raw.AddN(inputs=[p(sample(r, (3, 4), np.int32))]))
for dtype in (np.float32, np.int32, np.float64):
    add("ClipByValue", lambda p, r, d=dtype: raw.ClipByValue(t=p(sample(r, (3, 4), d)), clip_value_min=d(-2), clip_value_max=d(3)))
add("ClipByValue", lambda p, r: raw.ClipByValue(t=p(sample(r, (3, 4), np.float32)), clip_value_min=p(np.float32(-1)), clip_value_max=p(np.float32(1))))

# Convolutions
for size, k, s, d, pad in itertools.product((7, 8), (1, 3, 5), (1, 2, 3), (1, 2), ("SAME", "VALID")):
    if d > 1 and s > 1 or k * d > size:
        continue
    def conv(p, r, size=size, k=k, s=s, d=d, pad=pad, shape=None):
        x = sample(r, (2, size, size + 1, 4), np.float32)
        w = tf.constant(sample(r, (k, k, 4, 6), np.float32))
        return raw.Conv2D(input=p(x, shape), filter=w, strides=[1, s, s, 1], dilations=[1, d, d, 1], padding=pad)
    add("Conv2D", conv)
    if (size, d) == (7, 1):
        add("Conv2D", lambda p, r, conv=conv: conv(p, r, shape=[None, None, None, 4]))
    def depthwise(p, r, size=size, k=k, s=s, d=d, pad=pad):
        x = sample(r, (2, size, size + 1, 3), np.float32)
        w = tf.constant(sample(r, (k, k, 3, 2), np.float32))
        return raw.DepthwiseConv2dNative(input=p(x), filter=w, strides=[1, s, s, 1], dilations=[1, d, d, 1], padding=pad)
    if d == 1:
        add("DepthwiseConv2dNative", depthwise)
    def transposed(p, r, size=size, k=k, s=s, pad=pad, dynamic=False):
        out = [2, size, size + 1, 3]
        small = [-(-n // s) if pad == "SAME" else -(-(n - k + 1) // s) for n in out[1:3]]
        y = sample(r, (2, *small, 4), np.float32)
        x = p(y, [None, None, None, 4]) if dynamic else p(y)
        sizes = tf.stack([tf.shape(x)[0], p(np.int32(size)), size + 1, 3]) if dynamic else tf.stack([tf.shape(x)[0], *out[1:]])
        w = tf.constant(sample(r, (k, k, 3, 4), np.float32))
        return raw.Conv2DBackpropInput(input_sizes=sizes, filter=w, out_backprop=x, strides=[1, s, s, 1], padding=pad)
    if d == 1:
        add("Conv2DBackpropInput", transposed)
        add("Conv2DBackpropInput", lambda p, r, f=transposed: f(p, r, dynamic=True))
add("Conv2D", lambda p, r: raw.Conv2D(input=p(sample(r, (2, 7, 7, 6), np.float32)), filter=tf.constant(sample(r, (3, 3, 2, 9), np.float32)), strides=[1, 1, 1, 1], padding="SAME"))
add("Conv2D", lambda p, r: raw.Conv2D(input=p(sample(r, (2, 7, 7, 3), np.float32)), filter=p(sample(r, (3, 3, 3, 5), np.float32), dynamic=False), strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 3, 0, 0, 0]))
add("Conv3D", lambda p, r: raw.Conv3D(input=p(sample(r, (2, 5, 6, 7, 3), np.float32)), filter=tf.constant(sample(r, (3, 3, 3, 3, 4), np.float32)), strides=[1, 1, 2, 1, 1], padding="SAME"))
for size, k, s, pad in itertools.product((7, 8), (2, 3), (1, 2), ("SAME", "VALID")):
    for op in ("MaxPool", "AvgPool"):
        def pool(p, r, op=op, size=size, k=k, s=s, pad=pad, shape=None):
            x = p(sample(r, (2, size, size + 1, 3), np.float32), shape)
            options = dict(ksize=[1, k, k, 1], strides=[1, s, s, 1], padding=pad)
            return raw.MaxPool(input=x, **options) if op == "MaxPool" else raw.AvgPool(value=x, **options)
        add(op, pool)
        if size == 7:
            add(op, lambda p, r, pool=pool: pool(p, r, shape=[None, None, None, 3]))
add("MaxPool3D", lambda p, r: raw.MaxPool3D(input=p(sample(r, (2, 5, 6, 7, 3), np.float32)), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME"))
add("AvgPool3D", lambda p, r: raw.AvgPool3D(input=p(sample(r, (2, 5, 6, 7, 3), np.float32)), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding="SAME"))
add("BiasAdd", lambda p, r: raw.BiasAdd(value=p(sample(r, (2, 3, 4), np.float32)), bias=tf.constant(sample(r, (4,), np.float32))))
add("BiasAdd", lambda p, r: raw.BiasAdd(value=p(sample(r, (2, 3, 4, 5), np.float32)), bias=tf.constant(sample(r, (3,), np.float32)), data_format="NCHW"))
add("BiasAddV1", lambda p, r: raw.BiasAddV1(value=p(sample(r, (2, 4), np.float32)), bias=tf.constant(sample(r, (4,), np.float32))))


def norm(p, r, op="FusedBatchNormV3", constant=True):
    give = tf.constant if constant else lambda v: p(v, dynamic=False)
    x = p(sample(r, (2, 4, 5, 3), np.float32))
    scale, offset, mean = (give(sample(r, (3,), np.float32)) for _ in range(3))
    variance = give(sample(r, (3,), np.float32, 0.5, 3))
    y = getattr(raw, op)(x=x, scale=scale, offset=offset, mean=mean, variance=variance, is_training=False, epsilon=1e-3)
    return y[0]


for op in ("FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"):
    add(op, lambda p, r, op=op: norm(p, r, op))
    add(op, lambda p, r, op=op: norm(p, r, op, False))


def conv_norm(p, r, bias, fused, depthwise=False):
    x = p(sample(r, (2, 6, 6, 3), np.float32))
    if depthwise:
        y = raw.DepthwiseConv2dNative(input=x, filter=tf.constant(sample(r, (3, 3, 3, 2), np.float32)), strides=[1, 1, 1, 1], padding="SAME")
    else:
        y = raw.Conv2D(input=x, filter=tf.constant(sample(r, (3, 3, 3, 6), np.float32)), strides=[1, 1, 1, 1], padding="SAME")
    if bias:
        y = raw.BiasAdd(value=y, bias=tf.constant(sample(r, (6,), np.float32)))
    scale, offset, mean = (tf.constant(sample(r, (6,), np.float32)) for _ in range(3))
    variance = tf.constant(sample(r, (6,), np.float32, 0.5, 3))
    if fused:
        return tf.nn.relu6(raw.FusedBatchNormV3(x=y, scale=scale, offset=offset, mean=mean, variance=variance, is_training=False)[0])
    inv = tf.math.rsqrt(variance + 1e-3) * scale
    return tf.nn.relu(y * inv + (offset - mean * inv))


for bias, fused, dw in itertools.product((False, True), repeat=3):
    add("ConvNorm", lambda p, r, b=bias, f=fused, d=dw: conv_norm(p, r, b, f, d))
add("LRN", lambda p, r: raw.LRN(input=p(sample(r, (2, 4, 5, 7), np.float32)), depth_radius=2, bias=1.5, alpha=0.3, beta=0.6))
for op in ("Softmax", "LogSoftmax"):
    add(op, lambda p, r, op=op: getattr(raw, op)(logits=p(sample(r, (3, 5), np.float32))))
    add(op, lambda p, r, op=op: getattr(raw, op)(logits=p(sample(r, (2, 3, 5), np.float64))))
add("L2Loss", lambda p, r: raw.L2Loss(t=p(sample(r, (3, 5), np.float32))))

# Matrix products
for ta, tb in itertools.product((False, True), repeat=2):
    for dtype in (np.float32, np.float64, np.int32):
        add("MatMul", lambda p, r, ta=ta, tb=tb, d=dtype: raw.MatMul(a=p(sample(r, (4, 3) if ta else (3, 4), d)), b=tf.constant(sample(r, (5, 4) if tb else (4, 5), d)), transpose_a=ta, transpose_b=tb))
    for op in ("BatchMatMul", "BatchMatMulV2"):
        add(op, lambda p, r, ta=ta, tb=tb, op=op: getattr(raw, op)(x=p(sample(r, (2, 4, 3) if ta else (2, 3, 4), np.float32)), y=p(sample(r, (2, 5, 4) if tb else (2, 4, 5), np.float32)), adj_x=ta, adj_y=tb))
add("MatMul", lambda p, r: tf.nn.relu(raw.BiasAdd(value=raw.MatMul(a=p(sample(r, (3, 4), np.float32)), b=tf.constant(sample(r, (4, 5), np.float32))), bias=tf.constant(sample(r, (5,), np.float32)))))
add("Einsum", lambda p, r: raw.Einsum(inputs=[p(sample(r, (2, 3, 4), np.float32)), tf.constant(sample(r, (4, 5), np.float32))], equation="abc,cd->abd"))
add("Einsum", lambda p, r: raw.Einsum(inputs=[p(sample(r, (2, 3, 4), np.float32)), p(sample(r, (2, 5, 4), np.float32))], equation="bij,bkj->bik"))

for dtype in (np.float32, np.int32):
    add("BatchMatMulV3", lambda p, r, d=dtype: raw.BatchMatMulV3(x=p(sample(r, (2, 3, 4), d)), y=p(sample(r, (2, 4, 5), d)), Tout=d))
add("BatchMatMulV3", lambda p, r: raw.BatchMatMulV3(x=p(sample(r, (3, 4), np.int8, -127, 127)), y=tf.constant(sample(r, (4, 5), np.int8, -127, 127)), Tout=tf.int32))
add("BatchMatMulV3", lambda p, r: raw.BatchMatMulV3(x=p(sample(r, (2, 3, 4), np.int8, -127, 127)), y=p(sample(r, (5, 4), np.int8, -127, 127)), adj_y=True, Tout=tf.int32))
for dtype in FLOATS + [np.int32, np.int64]:
    add("TruncateMod", lambda p, r, d=dtype: raw.TruncateMod(x=p(sample(r, (3, 4), d)), y=p(sample(r, (3, 4), d, 1, 5))))
add("MaxPoolV2", lambda p, r: raw.MaxPoolV2(input=p(sample(r, (2, 5, 5, 3), np.float32)), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME"))
for pad in ("SAME", "VALID"):
    def volume(p, r, pad=pad):
        small = [3, 4, 2] if pad == "SAME" else [2, 3, 1]
        y = p(sample(r, (2, *small, 4), np.float32))
        w = tf.constant(sample(r, (3, 3, 3, 2, 4), np.float32))
        return raw.Conv3DBackpropInputV2(input_sizes=tf.stack([tf.shape(y)[0], 5, 7, 4, 2]), filter=w, out_backprop=y, strides=[1, 2, 2, 2, 1], padding=pad)
    add("Conv3DBackpropInputV2", volume)

# Reductions
for op, dtypes in {"Sum": [np.float32, np.int32, np.int64], "Mean": [np.float32, np.float64, np.int32], "Max": FLOATS + [np.int32, np.uint8], "Min": FLOATS + [np.int64, np.int16], "Prod": [np.float32, np.int32], "All": [np.bool_], "Any": [np.bool_]}.items():
    for dtype, axes, keep in itertools.product(dtypes, ([0], [1, 2], [-1], [], [0, 1, 2], 1), (False, True)):
        add(op, lambda p, r, op=op, d=dtype, a=axes, k=keep: getattr(raw, op)(input=p(sample(r, (2, 3, 4), d, -3, 3)), axis=tf.constant(a, tf.int32), keep_dims=k))
    add(op, lambda p, r, op=op, d=dtypes[0]: getattr(raw, op)(input=p(sample(r, (2, 3, 4), d, -3, 3)), axis=p(np.int32([1])), keep_dims=False))
for op in ("All", "Any", "Sum", "Prod"):
    add(op, lambda p, r, op=op: getattr(raw, op)(input=p(np.zeros((2, 0), np.bool_ if op in ("All", "Any") else np.float32), [None, None]), axis=[1]))
for op, dtype, out in itertools.product(("ArgMax", "ArgMin"), (np.float32, np.int32, np.uint8, np.int16), (tf.int32, tf.int64)):
    add(op, lambda p, r, op=op, d=dtype, o=out: getattr(raw, op)(input=p(sample(r, (3, 4, 5), d)), dimension=1 if d == np.float32 else -1, output_type=o))
for exclusive, rev in itertools.product((False, True), repeat=2):
    add("Cumsum", lambda p, r, e=exclusive, v=rev: raw.Cumsum(x=p(sample(r, (3, 4), np.float32)), axis=1, exclusive=e, reverse=v))
add("Cumsum", lambda p, r: raw.Cumsum(x=p(sample(r, (3, 4), np.int32)), axis=-1))
for dtype in (np.float32, np.int32, np.uint8, np.uint16, np.float16):
    add("TopKV2", lambda p, r, d=dtype: list(raw.TopKV2(input=p(sample(r, (3, 9), d)), k=4)))
for axis in (-1, 0, 1):
    add("OneHot", lambda p, r, a=axis: raw.OneHot(indices=p(np.int32([[0, 2, -1], [5, 1, 3]])), depth=4, on_value=2.0, off_value=-1.0, axis=a))
add("OneHot", lambda p, r: raw.OneHot(indices=p(np.int64([0, 2, 9])), depth=p(np.int32(5)), on_value=np.int32(7), off_value=np.int32(1)))
add("OneHot", lambda p, r: raw.OneHot(indices=p(np.uint8([0, 2, 9])), depth=5, on_value=True, off_value=False))

# Shapes
def image(p, r, dtype=np.float32):
    return p(sample(r, (2, 3, 4, 5), dtype))


add("Reshape", lambda p, r: tf.reshape(image(p, r), [-1, 60]))
add("Reshape", lambda p, r: tf.reshape(image(p, r), [2, 3, 20]))
add("Reshape", lambda p, r: tf.reshape(image(p, r), [-1]))
add("Reshape", lambda p, r: (lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], 12, 5])))(image(p, r)))
add("Reshape", lambda p, r: (lambda x: tf.reshape(x, tf.stack([tf.shape(x)[0], tf.shape(x)[2], -1])))(p(sample(r, (2, 3, 4), np.float32), [None, None, None])))
add("Reshape", lambda p, r: tf.reshape(p(sample(r, (2, 6), np.int32)), p(np.int32([3, 4]))))
add("Reshape", lambda p, r: tf.reshape(p(sample(r, (0, 6), np.float32)), [0, 3, 2]))
add("Reshape", lambda p, r: tf.reshape(p(sample(r, (0, 6), np.float32)), [-1, 3, 2]))
add("Squeeze", lambda p, r: raw.Squeeze(input=p(sample(r, (2, 1, 3, 1), np.float32)), axis=[1, -1]))
add("Squeeze", lambda p, r: raw.Squeeze(input=p(sample(r, (2, 1, 3, 1), np.float32), dynamic=False)))
add("Squeeze", lambda p, r: raw.Squeeze(input=p(sample(r, (1, 1, 3), np.int32), [None, None, 3])))
for axis in (0, 2, -1):
    add("ExpandDims", lambda p, r, a=axis: raw.ExpandDims(input=p(sample(r, (2, 3), np.float32)), axis=a))
add("Transpose", lambda p, r: tf.transpose(image(p, r), [2, 0, 3, 1]))
add("Transpose", lambda p, r: tf.transpose(image(p, r, np.bool_), [0, 3, 1, 2]))
for dtype in (np.float32, np.int8, np.bool_, np.float16, np.uint16):
    add("ConcatV2", lambda p, r, d=dtype: tf.concat([p(sample(r, (2, n), d)) for n in (1, 3, 2)], -1))
add("Concat", lambda p, r: raw.Concat(concat_dim=1, values=[p(sample(r, (2, n), np.float32)) for n in (1, 3)]))
add("Pack", lambda p, r: raw.Pack(values=[p(sample(r, (2, 3), np.float32)) for _ in range(3)], axis=-1))
add("Pack", lambda p, r: raw.Pack(values=[p(np.int32(3)), p(np.int32(4))]))
add("Unpack", lambda p, r: raw.Unpack(value=p(sample(r, (2, 3), np.float32)), num=3, axis=1))
add("Unpack", lambda p, r: raw.Unpack(value=p(sample(r, (2, 1), np.float32)), num=1, axis=-1))
add("Split", lambda p, r: raw.Split(axis=-1, value=p(sample(r, (2, 6), np.float32)), num_split=3))
add("Split", lambda p, r: raw.Split(axis=0, value=p(sample(r, (4, 6), np.float32)), num_split=2))
add("SplitV", lambda p, r: raw.SplitV(value=p(sample(r, (2, 6), np.int32)), size_splits=[1, -1, 3], axis=1, num_split=3))
add("Slice", lambda p, r: tf.slice(image(p, r), [0, 1, 0, 2], [-1, 2, 3, -1]))
add("Slice", lambda p, r: tf.slice(image(p, r), p(np.int32([0, 1, 0, 2])), p(np.int32([-1, 2, 3, -1]))))
SLICES = [
    lambda x: x[:, 1], lambda x: x[..., -1], lambda x: x[:, 1:3, ::2], lambda x: x[:, ::-1, 3:0:-2], lambda x: x[:, tf.newaxis, 0, ..., 1:],
    lambda x: x[1], lambda x: x[:, -2:, :-1], lambda x: x[..., tf.newaxis], lambda x: x[0, 1, 2, 3], lambda x: x[:, 5:9], lambda x: x[-1:, ..., -3:-1],
    lambda x: x[tf.newaxis, ..., 0, tf.newaxis], lambda x: x[:, 2:0:-1, tf.newaxis],
]
for f in SLICES:
    add("StridedSlice", lambda p, r, f=f: f(image(p, r)))
for i in (0, 1, -1):
    add("StridedSlice", lambda p, r, i=i: image(p, r)[:, p(np.int32(i))])
    add("StridedSlice", lambda p, r, i=i: image(p, r)[:, p(np.int32(i)) :, :2])
add("StridedSlice", lambda p, r: tf.shape(image(p, r))[0:2])
for axis in (0, 1, -1):
    add("GatherV2", lambda p, r, a=axis: tf.gather(image(p, r), p(np.int32([[1, 0], [0, 1]])), axis=a))
add("GatherV2", lambda p, r: tf.gather(p(sample(r, (2, 5, 3), np.float32)), p(np.int64([[1, 0, 4], [2, 3, 3]])), batch_dims=1, axis=1))
add("GatherV2", lambda p, r: tf.gather(p(sample(r, (2, 3, 5, 4), np.float32)), p(np.int32([[1, 0, 4], [2, 3, 3]])), batch_dims=1, axis=2))
add("GatherV2", lambda p, r: tf.gather(tf.constant(sample(r, (9, 3), np.float32)), p(np.int32([[1, 0], [8, 1]]))))
add("Gather", lambda p, r: raw.Gather(params=tf.constant(sample(r, (9, 3), np.float32)), indices=p(np.int32([1, 0]))))
add("GatherNd", lambda p, r: tf.gather_nd(image(p, r), p(np.int32([[1, 0], [0, 2]]))))
for op, mode in (("Pad", None), ("PadV2", None), ("MirrorPad", "REFLECT"), ("MirrorPad", "SYMMETRIC")):
    for dtype in (np.float32, np.int32, np.int16):
        def pad(p, r, op=op, mode=mode, dtype=dtype, fed=False):
            paddings = np.int32([[0, 0], [1, 2], [2, 0], [0, 1]])
            options = {"mode": mode} if mode else {"constant_values": dtype(3)} if op == "PadV2" else {}
            return getattr(raw, op)(input=image(p, r, dtype), paddings=p(paddings) if fed else paddings, **options)
        add(op, pad)
        if mode != "SYMMETRIC":
            add(op, lambda p, r, f=pad: f(p, r, fed=True))
add("Tile", lambda p, r: tf.tile(p(sample(r, (2, 3), np.float32)), [2, 3]))
add("Fill", lambda p, r: tf.fill([2, 3], p(np.float32(4))))
add("Fill", lambda p, r: tf.fill(tf.shape(image(p, r)), 3))
for dtype in (np.float32, np.int32, np.int64):
    add("Range", lambda p, r, d=dtype: raw.Range(start=p(d(2)), limit=p(d(11)), delta=p(d(3))))
add("Shape", lambda p, r: raw.Shape(input=image(p, r)))
add("Shape", lambda p, r: raw.Shape(input=image(p, r), out_type=tf.int64))
add("ShapeN", lambda p, r: raw.ShapeN(input=[image(p, r), image(p, r)]))
add("Size", lambda p, r: raw.Size(input=image(p, r)))
add("Rank", lambda p, r: raw.Rank(input=image(p, r)))
add("Rank", lambda p, r: raw.Rank(input=tf.compat.v1.placeholder_with_default(image(p, r), None)))
add("BroadcastTo", lambda p, r: tf.broadcast_to(p(sample(r, (2, 1), np.float32)), [3, 2, 4]))
add("LinSpace", lambda p, r: raw.LinSpace(start=p(np.float32(1)), stop=p(np.float32(4)), num=7))
KINDS = [np.float32, np.float64, np.int32, np.int64, np.uint8, np.bool_, np.int8, np.float16]
for a, b in itertools.product(KINDS, KINDS):
    add("Cast", lambda p, r, a=a, b=b: tf.cast(p(sample(r, (3, 4), a, 0, 5)), b))
add("Cast", lambda p, r: tf.cast(p(np.float32([-1.7, 1.7, -0.5, 2.5])), tf.int32))
for dtype in (np.float32, np.int32, np.int16, np.bool_, np.float64):
    add("SelectV2", lambda p, r, d=dtype: raw.SelectV2(condition=p(sample(r, (3, 1), np.bool_)), t=p(sample(r, (3, 4), d)), e=p(sample(r, (4,), d))))
    add("Select", lambda p, r, d=dtype: raw.Select(condition=p(sample(r, (3,), np.bool_)), x=p(sample(r, (3, 4), d)), y=p(sample(r, (3, 4), d))))
add("Select", lambda p, r: raw.Select(condition=p(np.bool_(True)), x=p(sample(r, (3, 4), np.float32)), y=p(sample(r, (3, 4), np.float32))))
add("Where", lambda p, r: raw.Where(condition=p(sample(r, (3, 4), np.bool_))))
add("Where", lambda p, r: raw.Where(condition=p(sample(r, (3, 4), np.float32))))
add("ReverseV2", lambda p, r: raw.ReverseV2(tensor=image(p, r), axis=[1, -1]))
add("MatrixBandPart", lambda p, r: raw.MatrixBandPart(input=p(sample(r, (2, 4, 5), np.float32)), num_lower=1, num_upper=-1))

# Images
for op, (ac, hp), size, dtype in itertools.product(("ResizeBilinear", "ResizeNearestNeighbor"), ((False, False), (True, False), (False, True)), ((8, 10), (3, 2), (7, 4), (4, 5)), (np.float32, np.uint8)):
    add(op, lambda p, r, op=op, ac=ac, hp=hp, s=size, d=dtype: getattr(raw, op)(images=p(sample(r, (2, 4, 5, 3), d)), size=s, align_corners=ac, half_pixel_centers=hp))
add("ResizeBilinear", lambda p, r: (lambda x: raw.ResizeBilinear(images=x, size=tf.shape(x)[1:3] * 2, half_pixel_centers=True))(p(sample(r, (2, 4, 5, 3), np.float32), [None, None, None, 3])))
for op, dtype in itertools.product(("SpaceToDepth", "DepthToSpace"), (np.float32, np.uint8, np.int32)):
    add(op, lambda p, r, op=op, d=dtype: getattr(raw, op)(input=p(sample(r, (2, 4, 6, 8), d)), block_size=2))
add("SpaceToBatchND", lambda p, r: raw.SpaceToBatchND(input=p(sample(r, (2, 5, 6, 3), np.float32)), block_shape=[2, 3], paddings=[[1, 0], [1, 2]]))
add("BatchToSpaceND", lambda p, r: raw.BatchToSpaceND(input=p(sample(r, (12, 3, 2, 3), np.float32)), block_shape=[2, 3], crops=[[1, 0], [0, 2]]))


def atrous(p, r):
    x = p(sample(r, (2, 9, 9, 3), np.float32))
    y = raw.SpaceToBatchND(input=x, block_shape=[2, 2], paddings=[[2, 3], [2, 3]])
    y = raw.Conv2D(input=y, filter=tf.constant(sample(r, (3, 3, 3, 4), np.float32)), strides=[1, 1, 1, 1], padding="VALID")
    return raw.BatchToSpaceND(input=y, block_shape=[2, 2], crops=[[0, 1], [0, 1]])


add("SpaceToBatchND", atrous)

# Handing on
for op in ("Identity", "StopGradient", "PreventGradient"):
    add(op, lambda p, r, op=op: getattr(raw, op)(input=image(p, r)))
add("IdentityN", lambda p, r: list(raw.IdentityN(input=[image(p, r), p(np.int32(3))])))
add("PlaceholderWithDefault", lambda p, r: [tf.compat.v1.placeholder_with_default(np.float32([1, 2]), [2]), image(p, r)])
# A divisor without the dimensions of what it divides, which are moved behind the division.
for op, dtype in itertools.product(("FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod", "DivNoNan", "MulNoNan"), (np.int32, np.int64, np.float32)):
    if dtype == np.float32 or not op.endswith("NoNan"):
        add(op, lambda p, r, o=op, d=dtype: getattr(raw, o)(x=tf.transpose(p(sample(r, (3, 4), d))), y=p(np.asarray(-1 if d != np.float32 else 2.5, d))))
        add(op, lambda p, r, o=op, d=dtype: getattr(raw, o)(x=p(np.asarray(7, d)), y=tf.transpose(p(sample(r, (3, 4), d, 1, 5)))))
        add(op, lambda p, r, o=op, d=dtype: getattr(raw, o)(x=tf.transpose(p(sample(r, (3, 4), d))), y=d(2)))
