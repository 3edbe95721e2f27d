"""The models that freezing is judged on: each is made in a folder, with its feeds, and TensorFlow's own answers to them."""

from dataclasses import dataclass, field
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

v1 = tf.compat.v1


@dataclass
class Model:
    source: Path
    """By signature key, or by node name where `options` name outputs."""
    feeds: dict
    answers: dict
    options: dict = field(default_factory=dict)
    signature: str = "serving_default"
    """Constant in the frozen graph -> key in the checkpoint and slice."""
    constants: dict = field(default_factory=dict)
    checkpoint: Path | None = None
    tolerance: float = 1e-5


def random(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype(np.float32)


def by_signature(folder, feeds, signature="serving_default", **more):
    """Asks the SavedModel itself. An only input can be given without its name, which differs between versions of Keras."""
    model = tf.saved_model.load(str(folder))
    fn = model.signatures[signature]
    keys = list(fn.structured_input_signature[1])
    feeds = dict(zip(keys, feeds.values())) if len(keys) == 1 else feeds
    answers = {key: value.numpy() for key, value in fn(**{k: tf.constant(v) for k, v in feeds.items()}).items()}
    return Model(folder, feeds, answers, signature=signature, **more)


def tf1_saved_model(folder):
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 6], name="x")
        w = v1.get_variable("w", initializer=random(6, 4, seed=1), use_resource=False)
        b = v1.get_variable("b", initializer=random(4, seed=2), use_resource=True)
        y = tf.nn.softmax(x @ w + b, name="probs")
        label = tf.argmax(y, 1, name="klass")
        session.run(v1.global_variables_initializer())
        v1.saved_model.simple_save(session, str(folder), {"image": x}, {"probs": y, "class": label})
    constants = {"w": ("w", None), "b": ("b", None)}
    return by_signature(folder, {"image": random(3, 6)}, constants=constants, checkpoint=folder / "variables/variables")


class Nested(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(random(6, 6, seed=3), name="w")
        self.table = tf.Variable(random(5, 6, seed=4), name="table")

    @tf.function
    def inner(self, x):
        left, right = tf.split(x @ self.w, 2, axis=1)
        values, places = tf.nn.top_k(left, 2)
        return values, places, right

    @tf.function
    def middle(self, x):
        values, places, right = self.inner(x)
        again, _, _ = self.inner(x * 2.0)
        return values + again, places, right

    @tf.function(input_signature=[tf.TensorSpec([None, 6], tf.float32), tf.TensorSpec([None], tf.int32)])
    def serve(self, x, ids):
        values, places, right = self.middle(x + tf.gather(self.table, ids))
        a, b, c = tf.unstack(right, axis=1)
        scale = tf.reshape(tf.nn.top_k(x, 3).values, [-1, 1, 3, 1])
        norm, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=scale, scale=[1.5], offset=[0.5], mean=[0.1], variance=[0.7], is_training=False
        )
        return {"values": values, "places": places, "abc": a * b - c, "norm": norm, "shape": tf.shape(self.table)}


def tf2_module(folder):
    tf.saved_model.save(Nested(), str(folder))
    return by_signature(folder, {"x": random(4, 6), "ids": np.array([0, 3, 4, 1], np.int32)})


class Loops(tf.Module):
    """Control flow that captures variables."""

    def __init__(self):
        super().__init__()
        self.w = tf.Variable(random(4, 4, seed=5) * 0.3)
        self.table = tf.Variable(random(3, 4, seed=6))

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32), tf.TensorSpec([], tf.int32)])
    def serve(self, x, n):
        for i in tf.range(n):
            if i % 2 == 0:
                x = tf.tanh(x @ self.w)
            else:
                x = x + tf.gather(self.table, [i % 3])
                tf.debugging.assert_all_finite(x, "finite")
        return {"y": x}


def tf2_loops(folder):
    tf.saved_model.save(Loops(), str(folder))
    return by_signature(folder, {"x": random(2, 4), "n": np.int32(5)})


def small_keras():
    keras.utils.set_random_seed(7)
    inputs = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(4, 3, activation="relu")(inputs)
    x = keras.layers.BatchNormalization()(x)
    x = keras.layers.Dropout(0.5)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, keras.layers.Dense(3, activation="softmax", name="probs")(x))


def keras_export(folder):
    small_keras().export(str(folder), verbose=False)
    return by_signature(folder, {"image": random(2, 8, 8, 3)})


def keras_saved(folder):
    tf.saved_model.save(small_keras(), str(folder))
    return by_signature(folder, {"image": random(2, 8, 8, 3)})


def keras_lstm(folder):
    keras.utils.set_random_seed(8)
    inputs = keras.Input((None, 5), name="steps")
    model = keras.Model(inputs, keras.layers.LSTM(4)(inputs))
    model.export(str(folder), verbose=False)
    return by_signature(folder, {"steps": random(2, 6, 5)})


def mobilenet(folder):
    keras.utils.set_random_seed(9)
    model = keras.applications.MobileNetV2(weights=None, input_shape=(96, 96, 3))
    model.export(str(folder), verbose=False)
    return by_signature(folder, {"image": random(1, 96, 96, 3)})


def checkpoint(folder, build, feeds, fetches, constants, saver=None, options=None, extra=None):
    """A TensorFlow 1 graph with a Saver; `extra` feeds what `options` set."""
    with tf.Graph().as_default(), v1.Session() as session:
        build()
        session.run(v1.global_variables_initializer())
        folder.mkdir(parents=True)
        (saver() if saver else v1.train.Saver()).save(session, str(folder / "model"), global_step=120)
        names = [f"{name}:0" for name in fetches]
        answers = session.run(names, {f"{k}:0": v for k, v in {**feeds, **(extra or {})}.items()})
    return Model(
        folder / "model-120.meta", feeds, dict(zip(fetches, answers)), {"outputs": fetches, **(options or {})},
        constants=constants, checkpoint=folder / "model-120",
    )


def training_graph(use_resource):
    """Convolution, batch norm and dropout with placeholders of their own, a loss and an optimizer with slots."""
    x = v1.placeholder(tf.float32, [None, 8, 8, 1], name="x")
    labels = v1.placeholder(tf.int64, [None], name="labels")
    keep_prob = v1.placeholder(tf.float32, [], name="keep_prob")
    training = v1.placeholder_with_default(False, [], name="training")
    with v1.variable_scope("net", use_resource=use_resource):
        w = v1.get_variable("w", initializer=random(3, 3, 1, 4, seed=11))
        gamma = v1.get_variable("gamma", initializer=random(4, seed=12))
        beta = v1.get_variable("beta", initializer=random(4, seed=13))
        mean = v1.get_variable("mean", initializer=random(4, seed=14), trainable=False)
        variance = v1.get_variable("variance", initializer=np.abs(random(4, seed=15)) + 0.1, trainable=False)
        h = tf.nn.conv2d(x, w, 1, "SAME")

        def batch():
            out, m, v = v1.nn.fused_batch_norm(h, gamma, beta, is_training=True)
            with tf.control_dependencies([v1.assign(mean, mean * 0.9 + m * 0.1), v1.assign(variance, v)]):
                return tf.identity(out)

        def stored():
            return v1.nn.fused_batch_norm(h, gamma, beta, mean, variance, is_training=False)[0]

        h = tf.nn.relu(v1.cond(training, batch, stored))
        h = v1.nn.dropout(tf.reduce_mean(h, [1, 2]), keep_prob=keep_prob, seed=1)
        dense = v1.get_variable("dense", initializer=random(4, 3, seed=16))
        logits = h @ dense
    with tf.control_dependencies([v1.assert_rank(logits, 2), v1.print("logits")]):
        tf.nn.softmax(logits, name="probs")
    tf.argmax(logits, 1, name="klass")
    step = v1.train.get_or_create_global_step()
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits))
    v1.train.AdamOptimizer().minimize(loss, global_step=step)
    v1.summary.scalar("loss", loss)


NET = {name: (name, None) for name in ["net/w", "net/gamma", "net/dense"]}


def trained(use_resource):
    def make(folder):
        # Variables of the old kind are assigned in branches of the old kind.
        (v1.enable_control_flow_v2 if use_resource else v1.disable_control_flow_v2)()
        # What updates the stored mean in training cannot be frozen: the branch is fixed.
        options = {"set": {"keep_prob": 1, "training": False}, "inputs": ["x"]}
        return checkpoint(
            folder, lambda: training_graph(use_resource), {"x": random(2, 8, 8, 1)}, ["probs", "klass"], NET,
            options=options, extra={"keep_prob": 1.0},
        )
    return make


def partitioned(use_resource):
    def build():
        x = v1.placeholder(tf.float32, [None, 10], name="x")
        parts = tf.compat.v1.fixed_size_partitioner(3)
        with v1.variable_scope("part", partitioner=parts, use_resource=use_resource):
            w = v1.get_variable("w", [10, 4], initializer=v1.random_normal_initializer(seed=20))
            e = v1.get_variable("e", [7, 4], initializer=v1.random_normal_initializer(seed=21))
        ids = tf.constant([0, 6, 3])
        tf.identity(tf.nn.relu(x @ tf.convert_to_tensor(w)) + tf.reduce_sum(tf.nn.embedding_lookup(e, ids), 0), name="y")

    constants = {
        "part/w/part_0": ("part/w", (slice(0, 4), slice(None))),
        "part/w/part_1": ("part/w", (slice(4, 7), slice(None))),
        "part/e/part_2": ("part/e", (slice(5, 7), slice(None))),
    }
    return lambda folder: checkpoint(folder, build, {"x": random(2, 10)}, ["y"], constants)


def unpartitioned(folder):
    """One variable that another graph saved in parts."""
    folder.mkdir(parents=True)
    with tf.Graph().as_default(), v1.Session() as session:
        with v1.variable_scope("", partitioner=v1.fixed_size_partitioner(3)):
            v1.get_variable("w", [10, 4], initializer=v1.random_normal_initializer(seed=22))
        session.run(v1.global_variables_initializer())
        v1.train.Saver().save(session, str(folder / "model"), write_meta_graph=False)
    with tf.Graph().as_default(), v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 10], name="x")
        w = v1.get_variable("w", [10, 4])
        tf.matmul(x, w, name="y")
        saver = v1.train.Saver()
        saver.restore(session, str(folder / "model"))
        saver.export_meta_graph(str(folder / "model.meta"))
        feeds = {"x": random(2, 10)}
        answers = {"y": session.run("y:0", {"x:0": feeds["x"]})}
    return Model(folder / "model.index", feeds, answers, {"outputs": ["y"]}, constants={"w": ("w", None)}, checkpoint=folder / "model")


def renamed(folder):
    def build():
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        a = v1.get_variable("a", initializer=random(3, 3, seed=30))
        b = v1.get_variable("b", initializer=random(3, 3, seed=31), use_resource=True)
        # Values that a detour through numbers would change.
        odd = np.frombuffer(np.array([0x7FA00001, 0x80000000, 0x00000001], np.uint32).tobytes(), np.float32)
        c = v1.get_variable("c", initializer=odd)
        tf.identity(x @ a - x @ b, name="y")
        tf.identity(c, name="odd")

    def saver():
        names = {v.op.name: v for v in v1.global_variables()}
        # `a` and `b` change places: only the restore ops tell which is which.
        return v1.train.Saver({"b": names["a"], "a": names["b"], "odd_ones": names["c"]})

    return checkpoint(
        folder, build, {"x": random(2, 3)}, ["y", "odd"], {"a": ("b", None), "b": ("a", None), "c": ("odd_ones", None)}, saver
    )


def while_v1(folder):
    """TensorFlow 1's own control flow, with variables of both kinds inside."""
    def build():
        v1.disable_control_flow_v2()
        x = v1.placeholder(tf.float32, [2, 3], name="x")
        a = v1.get_variable("a", initializer=random(3, 3, seed=40) * 0.3, use_resource=True)
        b = v1.get_variable("b", initializer=random(3, seed=41), use_resource=False)

        def body(i, h):
            h = v1.cond(i % 2 > 0, lambda: tf.tanh(h @ a) + 1.0, lambda: tf.fill([2, 3], 0.25) * b + h)
            with tf.control_dependencies([v1.Assert(i >= 0, [i])]):
                return i + 1, tf.identity(h) * tf.constant(0.5)

        _, y = v1.while_loop(lambda i, _: i < 5, body, [tf.constant(0), x])
        with tf.control_dependencies([v1.assert_less(y, 1e9)]):
            tf.identity(v1.cond(tf.reduce_sum(y) > 1e6, lambda: tf.ones([2, 3]), lambda: y), name="y")

    try:
        return checkpoint(folder, build, {"x": random(2, 3)}, ["y"], {"a": ("a", None), "b": ("b", None)})
    finally:
        v1.enable_control_flow_v2()


def inner_feed(folder):
    """Feeding a tensor in the middle cuts what comes before it."""
    def build():
        raw = v1.placeholder(tf.string, [], name="jpeg")
        image = tf.cast(tf.io.decode_jpeg(raw, channels=3), tf.float32, name="pixels")
        w = v1.get_variable("w", initializer=random(3, 2, seed=50))
        tf.tensordot(image, w, 1, name="y")

    model = checkpoint(folder, build, {"pixels": random(4, 5, 3)}, ["y"], {"w": ("w", None)}, options={"inputs": ["pixels"]})
    return model


MODELS = {
    "tf1-saved-model": tf1_saved_model,
    "tf2-module": tf2_module,
    "tf2-loops": tf2_loops,
    "keras-export": keras_export,
    "keras-saved": keras_saved,
    "keras-lstm": keras_lstm,
    "mobilenet-v2": mobilenet,
    "checkpoint-ref": trained(False),
    "checkpoint-resource": trained(True),
    "partitioned-ref": partitioned(False),
    "partitioned-resource": partitioned(True),
    "unpartitioned": unpartitioned,
    "renamed-keys": renamed,
    "while-v1": while_v1,
    "inner-feed": inner_feed,
}
