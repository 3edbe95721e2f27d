"""What a family draws from: shapes, values with the edges of their dtype, and whether a tensor is fed (with which declared shape) or constant."""
import numpy as np
import tensorflow as tf
from tensorflow.python.framework import op_def_library, op_def_registry

from .family import numpy_type

FLOAT_EDGES = (0.0, -0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, np.inf, -np.inf, np.nan)


class Draw:
    def __init__(self, placeholder, rng, op, dtype):
        self.placeholder = placeholder
        self.rng = rng
        self.op = op
        self.name = dtype
        self.dtype = numpy_type(dtype)
        self.is_float = np.issubdtype(self.dtype, np.floating)
        self.folds = self.flip(0.08)

    # Choices
    def pick(self, *options):
        return options[self.rng.integers(len(options))]

    def flip(self, chance=0.5):
        return bool(self.rng.random() < chance)

    def integer(self, low, high):
        """Both ends included."""
        return int(self.rng.integers(low, high, endpoint=True))

    # Shapes
    def size(self, empty=0.04):
        return 0 if self.flip(empty) else self.pick(1, 2, 3, 4, 5, 7)

    def shape(self, low=0, high=4, empty=0.04):
        return tuple(self.size(empty) for _ in range(self.integer(low, high)))

    def broadcast_shapes(self, count=2, high=4):
        """Shapes that broadcast to one another."""
        whole = self.shape(0, high)
        return [self.narrowed(whole) for _ in range(count)]

    def narrowed(self, whole):
        kept = whole[self.integer(0, len(whole)) :] if self.flip(0.3) else whole
        return tuple(1 if self.flip(0.2) else size for size in kept)

    def axis(self, rank):
        return self.integer(-rank, rank - 1)

    def axes(self, rank):
        """Distinct axes, some counted from the end."""
        chosen = self.rng.permutation(rank)[: self.integer(0, rank)]
        return [int(axis) - rank if self.flip() else int(axis) for axis in chosen]

    # Values
    def values(self, shape=(), low=-5, high=5, edges=0.25, dtype=None):
        """Random numbers from low to high, often whole ones so that some are equal; a share of `edges` are the dtype's edges."""
        dtype = self.dtype if dtype is None else dtype
        if dtype == np.bool_:
            return np.asarray(self.rng.integers(0, 2, shape).astype(bool))
        if np.issubdtype(dtype, np.floating):
            value = self.rng.uniform(low, high, shape)
            value = np.round(value) if self.flip(0.3) else value
            special = FLOAT_EDGES
        else:
            info = np.iinfo(dtype)
            value = self.rng.integers(max(low, info.min), min(high, info.max), shape, endpoint=True)
            special = (info.min, info.max, info.max - 1, 0, 1, -1 if info.min < 0 else 2)
        value = np.asarray(value).astype(dtype)
        places = self.rng.random(shape) < edges if self.flip(0.6) else np.zeros(shape, bool)
        return np.where(places, self.rng.choice(np.array(special, dtype), shape), value).astype(dtype)

    def whole(self, shape, low, high, dtype=np.int32):
        """Integers without edges: indices, sizes."""
        return np.asarray(self.rng.integers(low, high, shape, endpoint=True)).astype(dtype)

    # Tensors
    def tensor(self, value, constant=0.12):
        """Mostly fed: with a known shape, an unknown first dimension, no known dimension, or no known rank. In some variants nothing is."""
        value = np.asarray(value)
        if self.folds or self.flip(constant):
            return tf.constant(value)
        kind = self.integer(0, 9)
        if kind < 3:
            return self.placeholder(value, list(value.shape))
        if kind < 6:
            return self.placeholder(value)
        if kind < 9:
            return self.placeholder(value, [None if self.flip(0.7) else size for size in value.shape])
        return self.placeholder(value, tf.TensorShape(None))

    def parameter(self, value, dtype=np.int32):
        """Mostly constant."""
        return self.tensor(np.asarray(value, dtype), constant=0.75)

    def index_type(self):
        return self.pick(np.int32, np.int64)

    def call(self, *inputs, **attrs):
        """The op on its inputs in order, attributes by the names that they have in a graph."""
        definition = op_def_registry.get(self.op)
        named = dict(zip((each.name for each in definition.input_arg), inputs))
        return op_def_library.apply_op(self.op, **named, **{**defaults_of(definition), **attrs})


def defaults_of(definition):
    """Values of the attributes that neither an input decides nor anyone has to state."""
    decided = {name for each in definition.input_arg for name in (each.type_attr, each.number_attr, each.type_list_attr)}
    stated = [each for each in definition.attr if each.name not in decided and each.HasField("default_value")]
    return {each.name: default_of(each) for each in stated}


def default_of(attr):
    value, kind = attr.default_value, attr.type
    field = {"int": "i", "float": "f", "bool": "b", "string": "s", "type": "type", "shape": "shape"}
    if kind.startswith("list("):
        return list(getattr(value.list, field[kind[5:-1]]))
    return getattr(value, field[kind])
