"""The models that are served, as SavedModels that nobody froze: one for each dtype, and one with versions, labels and signatures."""

import json

import numpy as np
import tensorflow as tf

NUMERIC = [
    "float32", "float64", "float16", "bfloat16", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
]  # fmt: skip
DTYPES = [*NUMERIC, "string"]


def sample(dtype):
    """Two rows of three."""
    if dtype == "string":
        return np.array([[b"a", b"", b"\xff\x00"], [b"long" * 50, b"b", b"c"]], object)
    kind = tf.as_dtype(dtype)
    if dtype == "bool":
        return np.array([[True, False, True], [False, False, True]])
    low = 0 if kind.is_unsigned or not kind.is_integer else -3
    values = np.array([[1, 2, low], [100, 5, 6]])
    return values.astype(kind.as_numpy_dtype)


def pairs(dtype):
    """What the sample is answered by."""
    value = sample(dtype)
    # The engine gives nothing in bfloat16, but it takes it.
    wide = value.astype(np.float32) if dtype == "bfloat16" else value
    return np.concatenate([wide, wide], 1)


def save_pairs(folder, dtype):
    """Answers each row twice, one behind the other."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, 3], dtype, "x")])
    def serve(x):
        wide = tf.cast(x, tf.float32) if dtype == "bfloat16" else x
        return {"y": tf.concat([wide, wide], 1)}

    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures=serve)


def save_scale(folder, factor):
    """Two inputs and two outputs, and a second signature."""
    module = tf.Module()
    spec = [tf.TensorSpec([None, 2], tf.float32, "a"), tf.TensorSpec([None, 2], tf.float32, "b")]

    @tf.function(input_signature=spec)
    def serve(a, b):
        return {"sum": (a + b) * factor, "difference": (a - b) * factor}

    @tf.function(input_signature=spec[:1])
    def negative(a):
        return {"negative": -a * factor}

    module.serve, module.negative = serve, negative
    tf.saved_model.save(module, str(folder), signatures={"serving_default": serve, "negative": negative})


def save_examples(folder):
    """Takes serialised Examples, and answers them by classes and by a value; TensorFlow 1, as TensorFlow 2 writes no such signatures."""
    v1 = tf.compat.v1
    features = {"x": tf.io.FixedLenFeature([2], tf.float32), "y": tf.io.FixedLenFeature([], tf.float32, 0.0)}
    with tf.Graph().as_default(), v1.Session() as session:
        examples = v1.placeholder(tf.string, [None], "examples")
        parsed = tf.io.parse_example(examples, features)
        names = tf.tile(tf.constant([["first", "second"]]), [tf.shape(parsed["x"])[0], 1])
        value = tf.reduce_sum(parsed["x"], 1, keepdims=True) + parsed["y"][:, tf.newaxis]
        signatures = {
            "serving_default": v1.saved_model.classification_signature_def(examples, names, tf.nn.softmax(parsed["x"])),
            "regress": v1.saved_model.regression_signature_def(examples, value),
        }
        builder = v1.saved_model.Builder(str(folder))
        builder.add_meta_graph_and_variables(session, ["serve"], signature_def_map=signatures)
        builder.save()


def make(root):
    save_examples(root / "examples" / "1")
    for dtype in DTYPES:
        save_pairs(root / f"pairs_{dtype}" / "1", dtype)
    for version in (1, 2):
        save_scale(root / "scale" / str(version), float(version))
    (root / "scale" / "channels.json").write_text(json.dumps({"labels": {"older": 1, "newer": 2}}))
