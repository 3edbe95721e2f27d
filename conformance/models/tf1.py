"""TF1 checkpoints: the digits example, and a graph that uses what old training code used.

`sharded` has reference variables (not resource variables), two of them partitioned, batch norm on moving averages, a Saver that
stores variables under other names, and one checkpoint shard per device.
"""

import pathlib
import shutil

import numpy as np
import tensorflow as tf
from case import pictures, write_case

tf1 = tf.compat.v1
DIGITS = pathlib.Path(__file__).resolve().parents[2] / "examples" / "digits"
PREFIX = "model.ckpt-5"


def build_digits(folder):
    """The committed example, answered by TensorFlow after its own restore."""
    shutil.copytree(DIGITS, folder / "source", ignore=shutil.ignore_patterns("images", "*.npy", "*.py", "*.md"))
    meta = next((folder / "source").glob("*.meta"))
    images = np.load(DIGITS / "holdout-images.npy")[::250, ..., np.newaxis].astype(np.float32) / 255
    with tf1.Session(graph=tf.Graph()) as session:
        tf1.train.import_meta_graph(str(meta)).restore(session, str(meta.with_suffix("")))
        fetches = ["probs:0", "klass:0", "logits:0", "pool2:0"]
        probs, klass, logits, pool = session.run(fetches, {"x:0": images, "keep_prob:0": 1.0})
        variables = {v.op.name: [v.op.name, None] for v in tf1.trainable_variables()}
    write_case(
        folder,
        f"source/{meta.name}",
        {"x": images},
        {"probs": probs, "klass": klass},
        freeze=["--outputs", "probs,klass", "--set", "keep_prob=1"],
        variables=variables,
        tensors={"logits:0": logits, "pool2:0": pool},
    )


def build_sharded(folder):
    graph = tf.Graph()
    with graph.as_default():
        tf1.disable_resource_variables()
        tf1.set_random_seed(11)
        x = sharded_graph()
        config = tf1.ConfigProto(device_count={"CPU": 2}, allow_soft_placement=True)
        with tf1.Session(config=config) as session:
            session.run(tf1.global_variables_initializer())
            images = pictures(4, 16, 16) / 127.5 - 1
            session.run(tf1.get_collection(tf1.GraphKeys.UPDATE_OPS), {x: images})
            session.run(tf1.train.get_global_step().assign(5))
            names, variables = renamed()
            (folder / "source").mkdir(parents=True)
            saver = tf1.train.Saver(names, sharded=True)
            saver.save(session, str(folder / "source" / "model.ckpt"), global_step=5)
            scores, klass, features = session.run(["scores:0", "klass:0", "features:0"], {x: images})
    write_case(
        folder,
        f"source/{PREFIX}.meta",
        {"x": images},
        {"scores": scores, "klass": klass},
        freeze=["--outputs", "scores,klass"],
        variables=variables,
        tensors={"features:0": features},
    )


def sharded_graph():
    """The model and a training step beside it; returns the input placeholder."""
    x = tf1.placeholder(tf.float32, [None, 16, 16, 3], "x")
    with tf1.device("/cpu:0"):
        kernel = tf1.get_variable("conv/kernel", [3, 3, 3, 12], partitioner=tf1.fixed_size_partitioner(3, axis=3))
        h = tf.nn.conv2d(x, kernel, 2, "SAME", name="conv/conv")
        h = tf.nn.relu(moving_batch_norm(h, "norm", 12))
    h = tf.nn.avg_pool2d(h, 2, 2, "VALID", name="pool")
    h = tf.reshape(h, [-1, 4 * 4 * 12], name="features")
    with tf1.device("/cpu:1"):
        kernel = tf1.get_variable("dense/kernel", [192, 6], partitioner=tf1.fixed_size_partitioner(2))
        bias = tf1.get_variable("dense/bias", [6], initializer=tf1.random_normal_initializer())
        logits = tf1.nn.xw_plus_b(h, tf.convert_to_tensor(kernel) * 4, bias, name="logits")
    tf.sigmoid(logits, name="scores")
    klass = tf.argmax(logits, 1, name="klass")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.stop_gradient(klass), logits=logits))
    tf1.train.MomentumOptimizer(0.1, 0.9).minimize(loss, global_step=tf1.train.get_or_create_global_step())
    return x


def moving_batch_norm(x, name, channels):
    """Fused batch norm on its moving statistics, as an inference graph has it; updates set them to those of the batch."""
    beta = tf1.get_variable(f"{name}/beta", [channels], initializer=tf1.random_normal_initializer(stddev=0.1))
    gamma = tf1.get_variable(f"{name}/gamma", [channels], initializer=tf1.random_uniform_initializer(0.5, 1.5))
    mean = tf1.get_variable(f"{name}/moving_mean", [channels], initializer=tf1.zeros_initializer(), trainable=False)
    variance = tf1.get_variable(f"{name}/moving_variance", [channels], initializer=tf1.ones_initializer(), trainable=False)
    for moving, now in zip([mean, variance], tf.nn.moments(x, [0, 1, 2])):
        tf1.add_to_collection(tf1.GraphKeys.UPDATE_OPS, moving.assign(now))
    return tf1.nn.fused_batch_norm(x, gamma, beta, mean, variance, is_training=False, name=f"{name}/fused")[0]


def renamed():
    """What the Saver stores, `{key: variable}`, and where the judge finds each node's value, `{node: [key, slice]}`."""
    names, places = {}, {}
    for name in ["conv/kernel", "dense/kernel"]:
        parts = [v for v in tf1.global_variables() if v.op.name.startswith(f"{name}/part_") and "Momentum" not in v.op.name]
        names[f"trained/{name}"] = parts
        for part in parts:
            info = part._get_save_slice_info()  # the only place where TensorFlow keeps it
            where = [[o, o + n] for o, n in zip(info.var_offset, part.shape.as_list())]
            places[part.op.name] = [f"trained/{name}", where]
    for name in ["norm/beta", "norm/gamma", "norm/moving_mean", "norm/moving_variance", "dense/bias"]:
        [names[f"trained/{name}"]] = [v for v in tf1.global_variables() if v.op.name == name]
        places[name] = [f"trained/{name}", None]
    names["global_step"] = tf1.train.get_global_step()
    return names, places


BUILDERS = {"digits": build_digits, "sharded": build_sharded}
