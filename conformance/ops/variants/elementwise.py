"""Functions of each element."""
import numpy as np

from .family import DTYPES, family

# Of a float that these cannot hold TensorFlow makes one number or another, depending on how many elements it converts at a time.
UNDEFINED = {"int8": (-128, 127), "uint8": (0, 255), "int16": (-30000, 30000), "uint16": (0, 60000), "uint32": (0, 60000)}
DIVISIONS = "Div FloorDiv FloorMod Mod TruncateDiv TruncateMod"


@family("Abs Acos Acosh Asin Asinh Atan Atanh Cos Cosh Erf Erfc Exp Expm1 Inv Log Log1p Reciprocal Sigmoid Sign Sin Sinh Sqrt Tan Tanh")
@family("Ceil Floor Rint Round Neg Relu6 Rsqrt Relu Elu Selu Softplus Softsign Square LogicalNot IsNan IsInf IsFinite ZerosLike OnesLike Invert")
@family("Identity StopGradient PreventGradient Snapshot DebugGradientIdentity", rounds=1)
def unary(d):
    return d.call(d.tensor(d.values(d.shape(), *d.pick((-5, 5), (-1, 1), (0, 9), (-80, 80)))))


@family("CheckNumerics", rounds=1)
def checked(d):
    return d.call(d.tensor(d.values(d.shape(), edges=0)), message="bad")


@family("LeakyRelu")
def leaky(d):
    return d.call(d.tensor(d.values(d.shape())), alpha=d.pick(0.2, 0.3, 0.0, -0.5, 1.5))


@family("Add AddV2 Sub Mul RealDiv DivNoNan MulNoNan Maximum Minimum SquaredDifference Equal NotEqual Less LessEqual Greater GreaterEqual")
@family("LogicalAnd LogicalOr Atan2 Xlogy Xdivy Xlog1py BitwiseAnd BitwiseOr BitwiseXor")
def binary(d):
    a, b = d.broadcast_shapes()
    return d.call(d.tensor(d.values(a)), d.tensor(d.values(b), constant=0.3))


@family("LeftShift RightShift")
def shift(d):
    a, b = d.broadcast_shapes()
    bits = 8 * np.dtype(d.dtype).itemsize
    return d.call(d.tensor(d.values(a)), d.tensor(d.whole(b, 0, bits - 1, d.dtype), constant=0.3))


@family(DIVISIONS, rounds=5)
def division(d):
    a, b = d.broadcast_shapes()
    divisor = d.values(b, *d.pick((-5, 5), (-100, 100), (1, 9)))
    if not d.is_float and d.flip(0.9):
        divisor = np.where(divisor == 0, d.dtype(3), divisor)
    return d.call(d.tensor(d.values(a, *d.pick((-9, 9), (-1000, 1000)))), d.tensor(divisor, constant=0.4))


@family("Pow", rounds=5)
def power(d):
    a, b = d.broadcast_shapes()
    if d.is_float:
        return d.call(d.tensor(d.values(a)), d.tensor(d.values(d.pick((), b), edges=0.4), constant=0.5))
    exponent = d.values(d.pick((), b), 0, d.pick(3, 9, 70), edges=0)
    return d.call(d.tensor(d.values(a)), d.tensor(exponent, constant=0.7))


@family("ApproximateEqual")
def approximately(d):
    shape = d.shape()
    return d.call(d.tensor(d.values(shape)), d.tensor(d.values(shape)), tolerance=d.pick(1e-5, 0.3, 2.0))


@family("ClipByValue", rounds=4)
def clip(d):
    shape = d.shape()
    low, high = d.pick((-2, 3), (0, 6), (-1, 1), (2, 2))
    limits = [np.asarray(limit if d.dtype != np.uint8 else max(limit, 0)).astype(d.dtype) for limit in (low, high)]
    if d.flip(0.2):
        limits = [np.broadcast_to(limit, shape) for limit in limits]
    return d.call(d.tensor(d.values(shape)), *(d.tensor(limit, constant=0.6) for limit in limits))


@family("AddN")
def add_n(d):
    shape = d.shape()
    return d.call([d.tensor(d.values(shape)) for _ in range(d.integer(1, 4))])


@family("IdentityN", rounds=1)
def identities(d):
    return d.call([d.tensor(d.values(d.shape())) for _ in range(d.integer(1, 3))])


@family("Cast", attr="SrcT", rounds=26)
def cast(d):
    to = d.pick(*DTYPES)
    values = d.values(d.shape(), *d.pick((-5, 5), (-300, 300), (-6e4, 6e4) if d.is_float else (-50, 50)))
    if d.is_float and to in UNDEFINED:
        least, most = UNDEFINED[to]
        values = np.clip(np.nan_to_num(values, posinf=0, neginf=0), least, most).astype(d.dtype)
    return d.call(d.tensor(values), DstT=to)


@family("BiasAdd BiasAddV1")
def bias(d):
    first = d.op == "BiasAdd" and d.flip(0.4)
    shape = d.shape(3 if first else 2, 5)
    count = shape[1 if first else -1]
    layout = {"data_format": "NCHW" if first else "NHWC"} if d.op == "BiasAdd" else {}
    return d.call(d.tensor(d.values(shape)), d.tensor(d.values((count,)), constant=0.5), **layout)


@family("SelectV2")
def select(d):
    a, b, c = d.broadcast_shapes(3)
    return d.call(d.tensor(d.values(a, dtype=np.bool_)), d.tensor(d.values(b)), d.tensor(d.values(c)))


@family("Select")
def select_rows(d):
    shape = d.shape()
    condition = d.pick(shape, shape[:1], ())
    return d.call(d.tensor(d.values(condition, dtype=np.bool_)), d.tensor(d.values(shape)), d.tensor(d.values(shape)))


@family("FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars FakeQuantWithMinMaxVarsPerChannel", rounds=5)
def quantised(d):
    shape = d.shape(1, 4)
    attrs = {"num_bits": d.integer(2, 16), "narrow_range": d.flip()}
    low, high = d.pick((-6.0, 6.0), (0.1, 3.0), (-5.0, -0.5), (0.0, 255.0), (-0.3, 2.7))
    x = d.tensor(d.values(shape, low - 1, high + 1))
    if d.op == "FakeQuantWithMinMaxArgs":
        return d.call(x, min=low, max=high, **attrs)
    size = shape[-1:] if d.op.endswith("PerChannel") else ()
    limits = [np.full(size, low, np.float32), np.full(size, high, np.float32)]
    return d.call(x, *(d.tensor(limit, constant=0.6) for limit in limits), **attrs)
