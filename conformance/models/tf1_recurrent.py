"""Recurrent networks of TensorFlow 1: loops of frames and TensorArrays, variables in a Saver's checkpoint.

The cells are those of Keras 2 (the package tf-keras), which has taken them over from TensorFlow.
"""

import os

os.environ["TF_USE_LEGACY_KERAS"] = "1"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from case import assert_well_conditioned, normal, write_case  # noqa: E402

tf1 = tf.compat.v1
rnn = tf1.nn.rnn_cell
LENGTHS = np.array([9, 4, 1, 7], np.int32)


def write_checkpoint(folder, build, inputs, outputs):
    """`build` makes the graph in a scope of its own; `inputs` by placeholder name, `outputs` node names."""
    with tf.Graph().as_default():
        tf1.disable_control_flow_v2()
        tf1.disable_resource_variables()
        tf1.set_random_seed(17)
        build()
        with tf1.Session() as session:
            session.run(tf1.global_variables_initializer())
            shake(session)
            tf1.train.Saver().save(session, str(folder / "source" / "model.ckpt"), global_step=40)

            def answer(fed):
                fetches = {name: f"{name}:0" for name in outputs}
                return session.run(fetches, {f"{name}:0": value for name, value in fed.items()})

            expected = answer(inputs)
            assert_well_conditioned(answer, inputs, expected)
            variables = {v.op.name: [v.op.name, None] for v in tf1.trainable_variables()}
    freeze = ["--outputs", ",".join(outputs)]
    write_case(folder, "source/model.ckpt-40.meta", inputs, expected, freeze=freeze, variables=variables)


def shake(session):
    """Biases start at one value: moved off it, a mistake with them shows."""
    for seed, variable in enumerate(v for v in tf1.trainable_variables() if "bias" in v.op.name):
        variable.load(session.run(variable) + normal(*variable.shape, seed=200 + seed, scale=0.3), session)


def trained(logits):
    """A training step beside the model, as a real checkpoint's graph has it: gradients of a loop are loops."""
    labels = tf1.placeholder(tf.int32, [None], "labels")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits))
    tf1.train.AdamOptimizer().minimize(loss, global_step=tf1.train.get_or_create_global_step())


def dense(x, width, name):
    kernel = tf1.get_variable(f"{name}/kernel", [x.shape[-1], width], initializer=tf1.random_normal_initializer())
    return tf.nn.bias_add(tf.matmul(x, kernel), tf1.get_variable(f"{name}/bias", [width]))


def tf1_dynamic_rnn(folder):
    """Rows of lengths of their own: after its length a row's output is zero and its state stays."""

    def build():
        x = tf1.placeholder(tf.float32, [None, None, 6], "x")
        lengths = tf1.placeholder(tf.int32, [None], "lengths")
        cell = rnn.MultiRNNCell([rnn.LSTMCell(12, use_peepholes=True, num_proj=8), rnn.BasicLSTMCell(10)])
        outputs, states = tf1.nn.dynamic_rnn(cell, x, sequence_length=lengths, dtype=tf.float32)
        tf.identity(outputs, name="outputs")
        logits = dense(states[-1].h, 4, "top")
        tf.nn.softmax(logits, name="probs")
        trained(logits)

    inputs = {"x": normal(4, 9, 6, seed=111), "lengths": LENGTHS}
    write_checkpoint(folder, build, inputs, ["outputs", "probs"])


def tf1_bidirectional_rnn(folder):
    """Time first inside; the backward half reads each row reversed within its length."""

    def build():
        x = tf1.placeholder(tf.float32, [None, None, 5], "x")
        lengths = tf1.placeholder(tf.int32, [None], "lengths")
        cells = [rnn.GRUCell(7), rnn.GRUCell(7)]
        both, (last, _) = tf1.nn.bidirectional_dynamic_rnn(
            *cells, tf.transpose(x, [1, 0, 2]), sequence_length=lengths, dtype=tf.float32, time_major=True
        )
        tf.transpose(tf.concat(both, 2), [1, 0, 2], name="outputs")
        logits = dense(tf.concat([last, both[1][0]], 1), 3, "top")
        tf.identity(logits, name="logits")
        trained(logits)

    inputs = {"x": normal(4, 9, 5, seed=112), "lengths": LENGTHS}
    write_checkpoint(folder, build, inputs, ["outputs", "logits"])


def tf1_static_rnn(folder):
    """Unrolled, one matrix product a step."""

    def build():
        x = tf1.placeholder(tf.float32, [None, 8, 5], "x")
        keep = tf1.placeholder_with_default(1.0, [], "keep")
        cells = [rnn.DropoutWrapper(rnn.BasicLSTMCell(9), output_keep_prob=keep), rnn.ResidualWrapper(rnn.GRUCell(9))]
        outputs, _ = tf1.nn.static_rnn(rnn.MultiRNNCell(cells), tf.unstack(x, axis=1), dtype=tf.float32)
        logits = dense(outputs[-1], 4, "top")
        tf.nn.softmax(logits, name="probs")
        trained(logits)

    write_checkpoint(folder, build, {"x": normal(4, 8, 5, seed=113)}, ["probs"])


BUILDERS = {each.__name__: each for each in [tf1_dynamic_rnn, tf1_bidirectional_rnn, tf1_static_rnn]}
