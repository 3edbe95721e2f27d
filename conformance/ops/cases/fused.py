"""Cases of the ops that TensorFlow's own optimiser fuses, made as it makes them: node by node, since `raw_ops` leaves them out."""
import itertools

import numpy as np
import tensorflow as tf
from tensorflow.core.framework import attr_value_pb2

from .registry import add, sample


def fused_node(op, inputs, **attrs):
    made = {name: attribute(value) for name, value in {"T": tf.float32, **attrs}.items()}
    graph = tf.compat.v1.get_default_graph()
    return graph.create_op(op, inputs, [tf.float32], name="fused", attrs=made).outputs[0]


def attribute(value):
    one = attr_value_pb2.AttrValue
    if isinstance(value, tf.DType):
        return one(type=value.as_datatype_enum)
    if isinstance(value, bool):
        return one(b=value)
    if isinstance(value, int):
        return one(i=value)
    if isinstance(value, float):
        return one(f=value)
    if isinstance(value, str):
        return one(s=value.encode())
    texts = [each.encode() for each in value if isinstance(each, str)]
    types = [each.as_datatype_enum for each in value if isinstance(each, tf.DType)]
    return one(list=one.ListValue(s=texts, type=types, i=[each for each in value if isinstance(each, int)]))


def conv(p, r, fused):
    x, w = p(sample(r, (2, 6, 7, 3), np.float32)), tf.constant(sample(r, (3, 2, 3, 4), np.float32))
    extra = [tf.constant(sample(r, (4,), np.float32, 1, 3)) for _ in range(4 if fused[0] == "FusedBatchNorm" else 1)]
    attrs = {"strides": [1, 2, 1, 1], "padding": "SAME", "fused_ops": fused, "leakyrelu_alpha": 0.3, "epsilon": 1e-3}
    return fused_node("_FusedConv2D", [x, w, *extra], num_args=len(extra), TArgs=[tf.float32] * len(extra), num_host_args=0, **attrs)


def product(p, r, last, ta, tb):
    a = p(sample(r, (4, 3) if ta else (3, 4), np.float32))
    b, bias = tf.constant(sample(r, (5, 4) if tb else (4, 5), np.float32)), tf.constant(sample(r, (5,), np.float32))
    attrs = {"transpose_a": ta, "transpose_b": tb, "fused_ops": ["BiasAdd", *last], "leakyrelu_alpha": 0.3}
    return fused_node("_FusedMatMul", [a, b, bias], num_args=1, **attrs)


for first, last in itertools.product(("BiasAdd", "FusedBatchNorm"), ((), ("Relu",), ("Relu6",), ("Elu",), ("LeakyRelu",))):
    add("_FusedConv2D", lambda p, r, f=(first, *last): conv(p, r, f))
LAST = ((), ("Relu",), ("Relu6",), ("Elu",), ("LeakyRelu",), ("Tanh",), ("Sigmoid",))
for last, ta, tb in itertools.product(LAST, (False, True), (False, True)):
    add("_FusedMatMul", lambda p, r, f=last, a=ta, b=tb: product(p, r, f, a, b))
