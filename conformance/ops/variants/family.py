"""Where the modules of this folder register their families: op name -> how random variants of it are drawn.

    @family("Maximum Minimum")
    def binary(d):
        a, b = d.broadcast_shapes()
        return d.call(d.tensor(d.values(a)), d.tensor(d.values(b)))

Each family is drawn for every dtype that TensorFlow has a CPU kernel for (of the attribute `attr`), `rounds` times each.
"""
from dataclasses import dataclass
from typing import Callable

import numpy as np
from tensorflow.python.framework import dtypes, kernels, op_def_registry

DTYPES = ("float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
FAMILIES = {}


@dataclass(frozen=True)
class Family:
    draw: Callable
    dtypes: tuple
    rounds: int


def family(ops, attr="T", rounds=3, only=DTYPES):
    def register(draw):
        for op in ops.split():
            FAMILIES[op] = Family(draw, tuple(dtype for dtype in dtypes_of(op, attr) if dtype in only), rounds)
        return draw

    return register


def dtypes_of(op, attr):
    """The dtypes of TensorFlow's CPU kernels; where these leave it open, those that the op allows. An op without the attribute has one."""
    definition = next((each for each in op_def_registry.get(op).attr if each.name == attr), None)
    if definition is None:
        first = op_def_registry.get(op).input_arg[0].type
        return tuple(name for name in names([first] if first else []) if name in DTYPES) or ("float32",)
    allowed = names(definition.allowed_values.list.type) or set(DTYPES)
    found = set()
    for kernel in kernels.get_registered_kernels_for_op(op).kernel:
        if kernel.device_type in ("CPU", "DEFAULT"):
            of_attr = [names(each.allowed_values.list.type) for each in kernel.constraint if each.name == attr]
            found |= of_attr[0] if of_attr else allowed
    return tuple(dtype for dtype in DTYPES if dtype in found & allowed)


def names(types):
    return {dtypes.as_dtype(each).name for each in types}


def numpy_type(name):
    return np.bool_ if name == "bool" else getattr(np, name)
