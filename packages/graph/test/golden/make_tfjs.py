"""Makes the TensorFlow.js models that the tests read, with TensorFlow's own converter.

usage: pip install --no-deps --target DIR tensorflowjs==4.22.0; python packages/graph/test/golden/make_tfjs.py DIR

The converter's package imports more than its graph conversion needs; what is left out here is replaced by empty modules.
"""

import json
import os
import shutil
import sys
import tempfile
import types
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

HERE = Path(__file__).resolve().parent
PACKAGE = Path(sys.argv[1]) / "tensorflowjs"


def module(name, *path):
    made = types.ModuleType(name)
    made.__path__ = [str(p) for p in path]
    sys.modules[name] = made


module("tensorflowjs", PACKAGE)
module("tensorflowjs.converters", PACKAGE / "converters")
module("tensorflow_hub")
module("tensorflow_decision_forests")

from tensorflowjs.converters.tf_saved_model_conversion_v2 import convert_tf_saved_model  # noqa: E402

FLOATS = tf.TensorSpec([None, 4], tf.float32, name="x")


class Weights(tf.Module):
    """One weight of each kind; each output is a weight, so that answers are the weights."""

    def __init__(self):
        super().__init__()
        rng = np.random.default_rng(7)
        self.values = {
            "eight": rng.normal(size=[6, 5]).astype(np.float32),
            "sixteen": rng.normal(size=[40]).astype(np.float32) * 1e3,
            "half": np.float32([0, -0.0, 1, 0.1, 65504, 6e-8, 1e-7, -2.5, np.inf]),
            "plain": np.float32([[np.nan, np.inf], [-0.0, 1e-45]]),
            "counts": rng.integers(-1000, 1000, size=[3, 4]).astype(np.int32),
            "long": np.int64([1, -2, 2**31 - 1]),
            "double": np.float64([0.5, -1.25]),
            "flags": np.array([True, False, True]),
            "bytes": np.uint8([0, 7, 255]),
            "words": np.array([b"", b"zwei", b"\x00\xff"], dtype=object),
            "nothing": np.zeros([0, 3], np.float32),
        }

    @tf.function(input_signature=[FLOATS])
    def serve(self, x):
        # Adding nothing, in a way that the optimiser cannot see, keeps each weight a constant of its own.
        rows = tf.shape(x)[:1] * 0
        out = {}
        for name, value in self.values.items():
            constant = tf.constant(value, name=name)
            out[name] = tf.reshape(constant, tf.concat([rows + value.shape[0], value.shape[1:]], 0))
        return out


class Loop(tf.Module):
    """A loop as functions, whose constants are weights too."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(np.arange(12, dtype=np.float32).reshape(4, 3), name="w")

    @tf.function(input_signature=[FLOATS, tf.TensorSpec([], tf.int32, name="n")])
    def serve(self, x, n):
        for _ in tf.range(n):
            x = tf.tanh(x * tf.constant([0.5, -0.25, 2, 1])) + 0.125
        return {"y": x @ self.w}


class Looked(tf.Module):
    def __init__(self):
        super().__init__()
        keys = tf.constant(["a", "b"])
        initializer = tf.lookup.KeyValueTensorInitializer(keys, tf.constant([1, 2]))
        self.table = tf.lookup.StaticHashTable(initializer, -1)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="x")])
    def serve(self, x):
        return {"y": self.table.lookup(x)}


def convert(name, source, **options):
    folder = HERE / "tfjs" / name
    shutil.rmtree(folder, ignore_errors=True)
    convert_tf_saved_model(str(source), str(folder), **options)
    return folder


def save(model):
    folder = tempfile.mkdtemp()
    tf.saved_model.save(model, folder, signatures=model.serve)
    return folder


def describe(value):
    data = [word.hex() for word in value.ravel().tolist()] if value.dtype == object else value.tobytes().hex()
    return {"dtype": "string" if value.dtype == object else value.dtype.name, "shape": list(value.shape), "data": data}


def main():
    # Shards of 10 bytes: weights lie over several, and several in one.
    loop = Loop()
    folder = convert("loop", save(loop), weight_shard_size_bytes=10, control_flow_v2=True)
    x = np.float32([[1, 2, 3, 4], [-1, 0.5, 0, 0]])
    answers = [loop.serve(x, n)["y"].numpy().ravel().tolist() for n in (0, 3)]
    (folder / "expected.json").write_text(json.dumps({"x": x.ravel().tolist(), "y": answers}) + "\n")
    model = Weights()
    kinds = {"uint8": ["*eight", "*counts"], "uint16": ["*sixteen"], "float16": ["*half"]}
    folder = convert("weights", save(model), weight_shard_size_bytes=100, quantization_dtype_map=kinds, skip_op_check=True)
    expected = {name: describe(value) for name, value in model.values.items()}
    (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
    convert("table", save(Looked()), skip_op_check=True)


main()
