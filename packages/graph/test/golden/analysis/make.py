"""Writes cases.json: what TensorFlow makes of single ops on small inputs, as the judge of inference and constant folding.

usage: python make.py    (needs the `tensorflow` package; writes next to itself)

A case is {op, attrs, inputs, outputs}; `outputs` is null where TensorFlow reports an error. 64-bit integers are written as text, and so
are NaN and the infinities; values are left out of tensors of more than 64 elements.
"""

import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.framework import op_def_library, op_def_registry  # noqa: E402

rng = np.random.default_rng(7)
cases = []


def value(x, dtype):
    if dtype in ("int64", "uint64"):
        return str(int(x))
    if dtype == "string":
        return x.decode()
    if dtype == "bool":
        return int(x)
    if dtype in ("float16", "bfloat16"):
        return int(np.asarray(x).view(np.uint16))
    if dtype.startswith("float"):
        x = float(str(x))  # the shortest text that reads back as the same element
        return x if np.isfinite(x) else {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[str(x)]
    return int(x)


def tensor(array, with_values=True):
    array = np.asarray(array)
    dtype = tf.as_dtype(array.dtype).name if array.dtype != object else "string"
    out = {"dtype": dtype, "shape": list(array.shape)}
    if with_values:
        out["values"] = [value(x, dtype) for x in array.reshape(-1)]
    return out


def attribute(attr):
    kind = attr.WhichOneof("value")
    if kind == "type":
        return tf.as_dtype(attr.type).name
    if kind == "b":
        return attr.b
    if kind == "i":
        return attr.i
    if kind == "f":
        return {"float": attr.f}
    if kind == "s":
        return {"text": attr.s.decode()}
    if kind == "shape":
        return {"shape": None if attr.shape.unknown_rank else [d.size for d in attr.shape.dim]}
    if kind == "list":
        if attr.list.type:
            return {"dtypes": [tf.as_dtype(t).name for t in attr.list.type]}
        if attr.list.f:
            return {"floats": list(attr.list.f)}
        return list(attr.list.i)
    raise ValueError(attr)


def case(op, *inputs, **attrs):
    """Runs raw op `op` on the inputs in order; an argument that is a list takes as many as the others leave."""
    arrays = [np.asarray(x) for x in inputs]
    names = argument_names(op)
    with tf.Graph().as_default():
        fed = [tf.compat.v1.placeholder(tf.as_dtype(a.dtype) if a.dtype != object else tf.string, open_shape(op, a)) for a in arrays]
        by_name, rest = {}, list(fed)
        for i, (name, is_list) in enumerate(names):
            if is_list:
                take = len(rest) - (len(names) - i - 1)
                by_name[name], rest = rest[:take], rest[take:]
            else:
                by_name[name], rest = rest[0], rest[1:]
        made = op_def_library.apply_op(op, **by_name, **(defaults(op) | attrs))
        flat = tf.nest.flatten(made)
        node = flat[0].op.node_def
        defined = {key: attribute(attr) for key, attr in sorted(node.attr.items()) if not key.startswith("_")}
        try:
            with tf.compat.v1.Session() as session:
                results = session.run(flat, dict(zip(fed, arrays)))
            outputs = [tensor(r, np.asarray(r).size <= 64) for r in results]
        except tf.errors.OpError:
            outputs = None
    cases.append({"op": op, "attrs": defined, "inputs": [tensor(a, a.size <= 64) for a in arrays], "outputs": outputs})


def open_shape(op, array):
    """Nothing, so that TensorFlow judges when it runs; some ops want to know the rank when they are made."""
    return array.shape if "ND" in op and array.dtype == np.int32 else None


def defaults(op):
    """Values of the attributes that no input tells, as Python has them."""
    definition = op_def_registry.get(op)
    told = {name for a in definition.input_arg for name in (a.type_attr, a.number_attr, a.type_list_attr)}
    out = {}
    for attr in definition.attr:
        kind = attr.default_value.WhichOneof("value")
        if kind is None or attr.name in told:
            continue
        plain = getattr(attr.default_value, kind)
        out[attr.name] = list(plain.i or plain.f) if kind == "list" else tf.as_dtype(plain) if kind == "type" else plain
    return out


def argument_names(op):
    return [(a.name, bool(a.number_attr or a.type_list_attr)) for a in op_def_registry.get(op).input_arg]


def f32(*shape):
    return np.round(rng.normal(size=shape), 3).astype(np.float32)


def i32(*values):
    return np.array(values, np.int32)


def i64(*values):
    return np.array(values, np.int64)


INTEGERS = [-(2**31), -8, -7, -3, -1, 0, 1, 2, 3, 7, 8, 2**31 - 1]


def division():
    for op in ["FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod"]:
        for dtype in [np.int32, np.int64]:
            for y in [-3, -2, -1, 1, 2, 3, 7]:
                case(op, np.array(INTEGERS[1:], dtype), np.array(y, dtype))
            case(op, np.array([1, 2], dtype), np.array([1, 0], dtype))
    floats = np.array([-7.5, -7, -0.3, -0.0, 0.0, 0.3, 7, 7.5, np.inf, np.nan], np.float32)
    for y in [-2.5, -1, 0.1, 1, 3]:
        case("FloorDiv", floats, np.float32(y))
        case("FloorMod", floats, np.float32(y))
    for op in ["Div", "RealDiv"]:
        case(op, floats, np.float32(3))
    case("Div", i32(-7, 7, 8), i32(2, -2, 3))
    case("RealDiv", np.array([1, -1, 0], np.float32), np.array([0, 0, 0], np.float32))


def arithmetic():
    wide = [-(2**63), -1, 0, 1, 2**62, 2**63 - 1]
    for op in ["Add", "AddV2", "Sub", "Mul", "Maximum", "Minimum"]:
        case(op, i32(*INTEGERS), i32(*reversed(INTEGERS)))
        case(op, i64(*wide), i64(*reversed(wide)))
        case(op, f32(2, 3, 1), f32(3, 4))
        case(op, np.array([1, 2.5, 60000, 1e-7], np.float16), np.array([3, 0.1, 60000, 1e-7], np.float16))
        case(op, np.array([1, 2.5, 3e38, 1e-7], tf.bfloat16.as_numpy_dtype), np.array([3, 0.1, 3e38, 1e-7], tf.bfloat16.as_numpy_dtype))
        case(op, np.array([0.1, 1e300], np.float64), np.array([0.2, 1e300], np.float64))
    case("Mul", np.array([100, -128, 127], np.int8), np.array([3, -1, 127], np.int8))
    case("Mul", np.array([200, 255], np.uint8), np.array([2, 255], np.uint8))
    case("Maximum", np.array([np.nan, 1], np.float32), np.array([1, np.nan], np.float32))
    case("SquaredDifference", f32(4), f32(4))
    case("SquaredDifference", i32(1, 5), i32(3, -5))
    case("AddN", f32(2, 3), f32(2, 3))
    case("AddN", i32(1, 2), i32(3, 4), i32(2**31 - 1, 5))
    for op in ["Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual"]:
        case(op, i32(1, 2, 3), i32(2))
        case(op, np.array([0.0, np.nan, 1], np.float32), np.array([-0.0, np.nan, 2], np.float32))
        case(op, i64(1, 2**62), i64(1, 2**62 + 1))
    for op in ["LogicalAnd", "LogicalOr"]:
        case(op, np.array([[True], [False]]), np.array([True, False]))
    for op in ["Pow", "Atan2", "DivNoNan", "MulNoNan", "Xdivy", "Xlogy"]:
        case(op, np.abs(f32(2, 1)), np.abs(f32(3)))
    for op in ["BitwiseAnd", "BitwiseOr", "LeftShift"]:
        case(op, i32(5, 6), i32(3, 1))


def unary():
    specials = np.array([-2.5, -1.5, -0.5, -0.0, 0.0, 0.5, 1.5, 2.5, 3.4e38, np.inf, np.nan], np.float32)
    for op in ["Neg", "Abs", "Sign", "Floor", "Ceil", "Rint", "Round", "Square", "IsNan", "IsInf", "IsFinite", "ZerosLike", "OnesLike", "Relu"]:
        case(op, specials)
    for op in ["Neg", "Abs", "Sign", "Square", "ZerosLike", "OnesLike", "Round"]:
        case(op, i32(*INTEGERS[1:]))
        case(op, i64(-(2**62) + 3, -1, 0, 5))
    case("Sqrt", np.abs(f32(20)))
    case("Reciprocal", f32(20))
    case("Sqrt", np.abs(f32(5)).astype(np.float16))
    case("LogicalNot", np.array([True, False]))
    for op in (
        "Exp Expm1 Log Log1p Rsqrt Sin Cos Tan Asin Acos Atan Sinh Cosh Tanh Asinh Acosh Atanh Sigmoid Relu6 Elu Selu LeakyRelu "
        "Softplus Softsign Erf Erfc Lgamma Digamma Softmax LogSoftmax Identity StopGradient PreventGradient CheckNumerics Snapshot"
    ).split():
        attrs = {"message": "bad"} if op == "CheckNumerics" else {}
        case(op, np.abs(f32(2, 3)) % 1 + 1e-3, **attrs)
    case("ClipByValue", f32(2, 3), np.float32(-0.5), np.float32(0.5))
    case("BiasAdd", f32(2, 3, 3, 4), f32(4))
    case("BiasAdd", f32(2, 4, 3, 3), f32(4), data_format="NCHW")
    case("IdentityN", f32(2), i32(1, 2))
    case("LRN", f32(1, 2, 2, 5))
    case("L2Loss", f32(2, 3))
    case("Bucketize", f32(5), boundaries=[-1.0, 0.0, 1.0])
    case("FakeQuantWithMinMaxArgs", f32(4))


def casts():
    floats = np.array([-128.9, -1.5, -0.5, -0.0, 0.49, 0.5, 1.999, 127.9], np.float32)
    for dtype in [tf.int8, tf.int16, tf.int32, tf.int64, tf.float16, tf.bfloat16, tf.float64, tf.bool]:
        case("Cast", floats, DstT=dtype)
    case("Cast", np.array([0, 0.9, 254.9, 3], np.float32), DstT=tf.uint8)
    integers = i32(-(2**31), -129, -1, 0, 1, 200, 65535, 16777217, 33554435, 2**31 - 1)
    for dtype in [tf.int8, tf.uint8, tf.int16, tf.uint16, tf.uint32, tf.int64, tf.float32, tf.float64, tf.bool]:
        case("Cast", integers, DstT=dtype)
    wide = i64(-(2**63), -(2**40) - 1, -1, 0, 16777217, 2**53 + 1, 2**54 + 2**30 + 1, 9007199791611905, 2**63 - 1)
    for dtype in [tf.int8, tf.int32, tf.uint32, tf.uint64, tf.float32, tf.float64, tf.bool]:
        case("Cast", wide, DstT=dtype)
    for dtype in [tf.float32, tf.int32, tf.int64]:
        case("Cast", np.array([True, False]), DstT=dtype)
    tiny = np.array([1e-8, 5.96e-8, 2.98e-8, 8.94e-8, 6.1e-5, 65504, 65519.996, 65520, 1.0009765625, 1.00048828125, 1.00146484375, np.inf], np.float32)
    case("Cast", tiny, DstT=tf.float16)
    case("Cast", np.array([1.00390625, 1.01171875, 3.3961776e38, -0.0, np.inf], np.float32), DstT=tf.bfloat16)
    case("Cast", np.arange(0, 0x7C01, 331, np.uint16).view(np.float16), DstT=tf.float32)
    case("Cast", np.array([0.1, 1e39, 1e-46], np.float64), DstT=tf.float32)


def reductions():
    for op in ["Sum", "Mean", "Prod", "Max", "Min"]:
        for axes in [i32(0), i32(1, 2), i32(-1), np.array(1, np.int32), np.zeros(0, np.int32)]:
            for keep in [False, True]:
                case(op, f32(2, 3, 4), axes, keep_dims=keep)
                case(op, rng.integers(-9, 9, (2, 3, 2)).astype(np.int32), axes, keep_dims=keep)
        if op != "Mean":
            case(op, i64(2**40, 2**40, 3), i32(0))
    case("Sum", i32(2**31 - 1, 1), i32(0))
    case("Prod", np.zeros((0, 3), np.int32), i32(0))
    case("Sum", f32(2, 3), i32(2))
    for op in ["All", "Any"]:
        case(op, np.array([[True, False], [True, True]]), i32(1))
    for op in ["ArgMax", "ArgMin"]:
        case(op, f32(2, 3, 4), np.int32(1))
        case(op, f32(2, 3, 4), np.int32(-1), output_type=tf.int32)
    case("Cumsum", f32(2, 3), np.int32(1))
    case("TopKV2", f32(2, 5), np.int32(3))


def matmuls():
    case("MatMul", f32(2, 3), f32(3, 4))
    case("MatMul", f32(3, 2), f32(4, 3), transpose_a=True, transpose_b=True)
    case("MatMul", f32(2, 3), f32(4, 3))
    case("BatchMatMulV2", f32(5, 1, 2, 3), f32(4, 3, 6))
    case("BatchMatMulV2", f32(5, 3, 2), f32(5, 6, 3), adj_x=True, adj_y=True)
    case("BatchMatMulV2", f32(2, 2, 3), f32(3, 3, 6))
    case("BatchMatMul", f32(5, 2, 3), f32(5, 3, 6))
    for equation, *shapes in [
        ("ij,jk->ik", (2, 3), (3, 4)),
        ("abc,cde->abde", (2, 3, 4), (4, 5, 6)),
        ("...ij,jk->...ik", (5, 6, 2, 3), (3, 4)),
        ("bi->i", (2, 3)),
        ("...ab,...bc->...ac", (2, 1, 3, 4), (5, 4, 2)),
        ("aecd,abcd->acbe", (2, 3, 4, 5), (2, 6, 4, 5)),
        ("ij,jk->ik", (2, 3), (4, 4)),
    ]:
        case("Einsum", *[f32(*s) for s in shapes], equation=equation)


def windows():
    image = f32(2, 7, 8, 4)
    for padding in ["SAME", "VALID"]:
        for stride in [1, 2, 3]:
            case("Conv2D", image, f32(3, 2, 4, 5), strides=[1, stride, stride, 1], padding=padding)
            case("DepthwiseConv2dNative", image, f32(3, 3, 4, 2), strides=[1, stride, stride, 1], padding=padding)
            case("MaxPool", image, ksize=[1, 3, 2, 1], strides=[1, stride, stride, 1], padding=padding)
            case("AvgPool", image, ksize=[1, 2, 2, 1], strides=[1, stride, stride, 1], padding=padding)
        case("Conv2D", image, f32(3, 3, 4, 5), strides=[1, 1, 1, 1], padding=padding, dilations=[1, 2, 2, 1])
        case("Conv3D", f32(1, 4, 5, 6, 2), f32(2, 2, 2, 2, 3), strides=[1, 2, 2, 2, 1], padding=padding)
        case("AvgPool3D", f32(1, 4, 5, 6, 2), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding=padding)
        case("MaxPool3D", f32(1, 4, 5, 6, 2), ksize=[1, 2, 2, 2, 1], strides=[1, 2, 2, 2, 1], padding=padding)
    case("Conv2D", image, f32(3, 3, 2, 6), strides=[1, 1, 1, 1], padding="SAME")
    case("Conv2D", image, f32(3, 3, 3, 6), strides=[1, 1, 1, 1], padding="SAME")
    case("Conv2D", image, f32(3, 3, 4, 2), strides=[1, 2, 2, 1], padding="EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 1, 0, 0])
    case("Conv2D", image, f32(9, 3, 4, 2), strides=[1, 1, 1, 1], padding="VALID")
    case("Conv2DBackpropInput", i32(2, 8, 8, 3), f32(3, 3, 3, 5), f32(2, 4, 4, 5), strides=[1, 2, 2, 1], padding="SAME")
    case("Conv3DBackpropInputV2", i32(2, 4, 4, 4, 3), f32(2, 2, 2, 3, 5), f32(2, 2, 2, 2, 5), strides=[1, 2, 2, 2, 1], padding="SAME")
    case("MaxPoolV2", image, i32(1, 2, 2, 1), i32(1, 2, 2, 1), padding="VALID")
    case("MaxPoolWithArgmax", image, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding="SAME")
    for op in ["FusedBatchNorm", "FusedBatchNormV2", "FusedBatchNormV3"]:
        case(op, image, f32(4), f32(4), f32(4), np.abs(f32(4)), is_training=False)


def shapes():
    x = f32(2, 3, 4)
    for target in [(6, 4), (-1,), (2, -1, 2), (24,), (5, 5), (-1, 7), (-1, -1), (0, -1)]:
        case("Reshape", x, i32(*target))
    case("Reshape", np.zeros((0, 4), np.float32), i32(-1, 4))
    case("Reshape", np.zeros((0, 4), np.float32), i32(3, 0))
    case("Reshape", f32(1), np.zeros(0, np.int32))
    case("Squeeze", f32(1, 3, 1))
    case("Squeeze", f32(1, 3, 1), squeeze_dims=[-1])
    case("Squeeze", f32(1, 3, 1), squeeze_dims=[0, 2])
    case("Squeeze", f32(1, 3, 1), squeeze_dims=[1])
    for axis in [0, 1, -1, 3, -4, 4]:
        case("ExpandDims", x, np.int32(axis))
    for perm in [(0, 2, 1), (2, 1, 0), (1, 0, 2), (0, 0, 1)]:
        case("Transpose", x, i32(*perm))
    case("Transpose", np.array([[b"a", b"b"], [b"c", b"d"]], object), i32(1, 0))
    for op in ["Shape", "Size", "Rank"]:
        case(op, x)
    case("Shape", x, out_type=tf.int64)
    case("ShapeN", x, f32(5))
    case("BroadcastTo", f32(3, 1), i32(2, 3, 2))
    case("BroadcastTo", f32(3), i32(2, 4))
    case("Tile", f32(2, 3), i32(2, 1))
    case("Tile", i32(1, 2), i32(3))
    case("Tile", f32(2, 3), i32(2, 0))
    case("Fill", i32(2, 3), np.float32(1.5))
    case("Fill", i32(2, -3), np.float32(1.5))
    case("Fill", np.zeros(0, np.int32), np.int64(4))


def joins():
    for axis in [0, 1, -1]:
        case("ConcatV2", f32(2, 3), f32(2, 3), np.int32(axis))
        case("Pack", f32(2, 3), f32(2, 3), axis=axis)
        case("Unpack", f32(2, 3), num=2 if axis == 0 else 3, axis=axis)
    case("ConcatV2", f32(2, 1), f32(2, 3), f32(2, 0), np.int32(1))
    case("ConcatV2", f32(2, 1), f32(3, 3), np.int32(1))
    case("ConcatV2", np.array([b"a"], object), np.array([b"b", b"c"], object), np.int32(0))
    case("Concat", np.int32(0), i32(1), i32(2, 3))
    case("Split", np.int32(1), f32(2, 6), num_split=3)
    case("Split", np.int32(-1), f32(2, 6), num_split=4)
    case("SplitV", f32(2, 6), i32(1, -1, 2), np.int32(1), num_split=3)
    case("SplitV", f32(2, 6), i32(1, 2, 2), np.int32(1), num_split=3)


def strided_slices():
    x = f32(3, 4, 5)
    masks = ["begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask"]
    fixed = [
        ((0, 1), (2, 3), (1, 1), {}),
        ((-1, 0), (-4, 4), (-1, 2), {}),
        ((2, 3), (0, 0), (-1, -2), {"end_mask": 3}),
        ((9, -9), (-9, 9), (1, 1), {}),
        ((1,), (2,), (1,), {"shrink_axis_mask": 1}),
        ((-1,), (0,), (1,), {"shrink_axis_mask": 1}),
        ((3,), (4,), (1,), {"shrink_axis_mask": 1}),
        ((1,), (2,), (-1,), {"shrink_axis_mask": 1}),
        ((0, 1), (0, 3), (1, 1), {"ellipsis_mask": 1}),
        ((0, 1, 2), (0, 3, 3), (1, 1, 1), {"ellipsis_mask": 1, "shrink_axis_mask": 4}),
        ((0, 0, 1), (0, 0, 3), (1, 1, 1), {"ellipsis_mask": 1, "new_axis_mask": 2}),
        ((0, 0, 1), (0, 0, 3), (1, 1, 1), {"ellipsis_mask": 2, "new_axis_mask": 1}),
        ((0, 0), (0, 0), (1, 1), {"ellipsis_mask": 3}),
        ((0, 0), (1, 1), (0, 1), {}),
        ((0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 1, 1), {}),
        ((0, 0, 0, 0), (1, 1, 1, 1), (1, 1, 1, 1), {"new_axis_mask": 4}),
        ((0, 0), (2, 2), (1, 1), {"begin_mask": 1, "shrink_axis_mask": 1}),
        ((0, 1), (1, 1), (1, 1), {"new_axis_mask": 1, "shrink_axis_mask": 3}),
        ((0, 0), (1, 1), (1, 1), {"ellipsis_mask": 1, "shrink_axis_mask": 3, "new_axis_mask": 1}),
    ]
    for begin, end, strides, attrs in fixed:
        case("StridedSlice", x, i32(*begin), i32(*end), i32(*strides), **attrs)
    for _ in range(60):
        n = int(rng.integers(1, 5))
        begin, end = rng.integers(-6, 7, n), rng.integers(-6, 7, n)
        strides = rng.choice([-3, -2, -1, 1, 1, 1, 2], n)
        attrs = {mask: int(rng.integers(0, 2**n)) if rng.random() < 0.4 else 0 for mask in masks}
        case("StridedSlice", x, begin.astype(np.int32), end.astype(np.int32), strides.astype(np.int32), **attrs)


def selections():
    x = f32(3, 4)
    case("Slice", x, i32(1, 0), i32(2, -1))
    case("Slice", x, i32(0, 2), i32(-1, 2))
    case("Slice", x, i32(0, 2), i32(-1, 3))
    case("Slice", x, i64(3, 0), i64(0, 4))
    for axis in [0, 1, -1]:
        case("GatherV2", x, i32(2, 0), np.int32(axis))
        case("GatherV2", x, np.array([[1, 1], [0, 2]], np.int32), np.int32(axis))
    case("GatherV2", x, np.int32(1), np.int32(0))
    case("GatherV2", f32(2, 3, 4), np.array([[0, 2], [1, 1]], np.int32), np.int32(1), batch_dims=1)
    case("GatherV2", f32(2, 3, 4), np.array([[0], [1]], np.int32), np.int32(2), batch_dims=1)
    case("Gather", x, i64(1, 2))
    case("GatherNd", x, np.array([[0, 1], [2, 3]], np.int32))
    case("GatherNd", x, np.array([[1]], np.int32))
    case("Where", np.array([[True, False], [True, True]]))
    case("Select", np.array([True, False]), f32(2, 3), f32(2, 3))
    case("Select", np.array([True, False]), f32(2), f32(2))
    case("Select", np.array(True), f32(2, 2), f32(2, 2))
    case("SelectV2", np.array([[True], [False]]), f32(3), f32(2, 1))
    case("SelectV2", np.array(False), i32(1, 2), i32(3, 4))
    case("ReverseV2", f32(2, 3, 2), i32(1))
    case("ReverseV2", f32(2, 3, 2), i32(0, -1))
    case("OneHot", i32(0, 2, 1), np.int32(3), np.float32(1), np.float32(0))
    case("OneHot", np.array([[0, 2]], np.int32), np.int32(4), np.float32(1), np.float32(0), axis=0)
    case("ScatterNd", np.array([[1], [3]], np.int32), f32(2), i32(5))
    case("TensorScatterUpdate", f32(4), np.array([[1]], np.int32), f32(1))
    case("Unique", i32(1, 2, 1))
    case("SegmentSum", f32(3, 2), i32(0, 0, 1))
    case("UnsortedSegmentSum", f32(3, 2), i32(0, 3, 1), np.int32(5))
    case("MatrixBandPart", f32(3, 3), np.int32(0), np.int32(-1))
    case("MatrixDiag", f32(2, 3))
    case("InvertPermutation", i32(2, 0, 1))


def ranges():
    for dtype in [np.int32, np.int64]:
        for start, limit, delta in [(0, 5, 1), (3, 18, 4), (5, 0, -2), (0, 0, 1), (7, 7, -3), (0, 5, -1), (5, 0, 1), (0, 5, 0), (-2, 3, 2)]:
            case("Range", dtype(start), dtype(limit), dtype(delta))
    for start, limit, delta in [(0, 1, 0.25), (0, 1, 0.3), (1, 0, -0.4)]:
        case("Range", np.float32(start), np.float32(limit), np.float32(delta))
    case("LinSpace", np.float32(0), np.float32(1), np.int32(5))


def pads():
    x = f32(2, 3)
    for paddings in [[(0, 0), (0, 0)], [(1, 2), (0, 1)], [(0, 0), (3, 0)], [(-1, 0), (0, 0)], [(1, 1)]]:
        case("Pad", x, np.array(paddings, np.int32))
        case("PadV2", x, np.array(paddings, np.int32), np.float32(-7))
    case("Pad", i32(1, 2), np.array([(1, 1)], np.int64))
    case("Pad", np.float32(3), np.zeros((0, 2), np.int32))
    for mode in ["REFLECT", "SYMMETRIC"]:
        for amount in [0, 1, 2, 3]:
            case("MirrorPad", x, np.array([(0, 0), (amount, 1)], np.int32), mode=mode)
    case("MirrorPad", x, np.array([(2, 0), (0, 0)], np.int32), mode="REFLECT")


def images():
    x = f32(1, 4, 6, 4)
    for op in ["ResizeBilinear", "ResizeNearestNeighbor", "ResizeBicubic", "ResizeArea"]:
        case(op, x, i32(3, 5))
    case("ResizeBilinear", rng.integers(0, 255, (1, 2, 2, 3)).astype(np.uint8), i32(4, 4))
    case("CropAndResize", x, f32(2, 4), i32(0, 0), i32(3, 3))
    case("SpaceToDepth", x, block_size=2)
    case("SpaceToDepth", x, block_size=3)
    case("DepthToSpace", x, block_size=2)
    case("SpaceToBatchND", x, i32(2, 2), np.array([(0, 0), (1, 1)], np.int32))
    case("SpaceToBatchND", x, i32(3, 2), np.array([(0, 0), (1, 1)], np.int32))
    case("BatchToSpaceND", f32(4, 2, 3, 1), i32(2, 2), np.array([(0, 1), (1, 0)], np.int32))
    case("BatchToSpaceND", f32(3, 2, 3, 1), i32(2, 2), np.array([(0, 1), (1, 0)], np.int32))


if __name__ == "__main__":
    for family in [
        division, arithmetic, unary, casts, reductions, matmuls, windows, shapes, joins, strided_slices, selections, ranges, pads, images,
    ]:
        family()
    path = pathlib.Path(__file__).with_name("cases.json")
    lines = ",\n".join(json.dumps(c, separators=(",", ":")) for c in cases)
    path.write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases of {len({c['op'] for c in cases})} ops in {path.stat().st_size} bytes")
