"""What the models of the gRPC suite lack: a name that may be encoded in URLs, outputs of bytes, and shapes with two open dimensions."""

import tensorflow as tf
import zoo

ODD_NAME = "Odd.Name_1-x"


def save_strings(folder):
    """Answers strings as bytes and as text."""
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "x")])
    def serve(x):
        return {"same_bytes": x, "same_text": tf.strings.join([x, x])}

    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures=serve)


def save_open(folder):
    module = tf.Module()

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, "x")])
    def serve(x):
        return {"y": x * 2.0}

    module.serve = serve
    tf.saved_model.save(module, str(folder), signatures=serve)


def make(root):
    zoo.make(root)
    zoo.save_scale(root / ODD_NAME / "1", 3.0)
    save_strings(root / "strings" / "1")
    save_open(root / "open" / "1")
