"""A small MLP as a tf.Module: two inputs, two outputs, a signature of its own choosing, and a variable that nothing serves."""

import numpy as np
import tensorflow as tf
from case import write_saved_model_case


class Mlp(tf.Module):
    def __init__(self):
        random = np.random.RandomState(3)
        self.first = tf.Variable(random.normal(0, 0.5, [6, 32]).astype(np.float32), name="first")
        self.second = tf.Variable(random.normal(0, 0.5, [32, 4]).astype(np.float32), name="second")
        self.bias = tf.Variable(random.normal(0, 1, [4]).astype(np.float32), name="bias")

    @tf.function(
        input_signature=[tf.TensorSpec([None, 4], tf.float32, "a"), tf.TensorSpec([None, 2], tf.float32, "b")]
    )
    def score(self, a, b):
        hidden = tf.nn.tanh(tf.concat([a, b], 1) @ self.first)
        logits = hidden @ self.second + self.bias
        return {"probs": tf.nn.softmax(logits), "best": tf.argmax(logits, 1, output_type=tf.int32)}


def build_mlp(folder):
    model = Mlp()
    tf.saved_model.save(model, str(folder / "source"), signatures={"score": model.score})
    random = np.random.RandomState(4)
    inputs = {"a": random.normal(0, 1, [9, 4]).astype(np.float32), "b": random.normal(0, 1, [9, 2]).astype(np.float32)}
    write_saved_model_case(folder, inputs, signature="score")


BUILDERS = {"mlp": build_mlp}
