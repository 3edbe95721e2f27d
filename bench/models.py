"""Where the models to measure are: one JSON line {name, source, freeze} for each NAME, made first where missing.

The large ones are those of conformance/, so that what is measured is also what TensorFlow has judged; `mlp` is as small as a network that
somebody serves: 16 numbers in, 32 hidden, 4 probabilities out; `cnn` costs some milliseconds for each row of 256 numbers; `pixels`
takes a picture of 224x224 and hardly computes.
usage: python bench/models.py NAME...
"""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance" / "judge"))

from cases import load_case  # noqa: E402


def kept(folder, save):
    """A folder of the cache with a SavedModel, made where it is missing."""
    cache = os.environ.get("FLOE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "floe")
    path = pathlib.Path(cache) / "bench" / folder
    if not (path / "fingerprint.pb").exists():
        save(path)
    return path


def save_module(folder, variables, shape, answer):
    """Saves `answer(x, variables)` for x of the shape."""
    import numpy as np
    import tensorflow as tf

    random = np.random.RandomState(5)
    model = tf.Module()
    model.weights = [tf.Variable(random.normal(0, scale, dims).astype(np.float32)) for dims, scale in variables]

    @tf.function(input_signature=[tf.TensorSpec(shape, tf.float32, "x")])
    def serve(x):
        return {"probs": tf.nn.softmax(answer(tf, x, model.weights))}

    model.serve = serve
    tf.saved_model.save(model, str(folder), signatures=serve)


def save_mlp(folder):
    def answer(tf, x, weights):
        return tf.nn.relu(x @ weights[0]) @ weights[1]

    save_module(folder, [([16, 32], 0.3), ([32, 4], 0.3)], [None, 16], answer)


def save_cnn(folder):
    def answer(tf, x, weights):
        for kernel in weights[:-1]:
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, 1, "SAME"))
        return tf.reduce_mean(x, [1, 2]) @ weights[-1]

    layers = [([3, 3, 1, 128], 0.3), *[([3, 3, 128, 128], 0.03)] * 4, ([128, 10], 0.3)]
    save_module(folder, layers, [None, 16, 16, 1], answer)


def save_pixels(folder):
    def answer(tf, x, weights):
        return tf.reduce_mean(x, [1, 2]) @ weights[0]

    save_module(folder, [([3, 4], 0.3)], [None, 224, 224, 3], answer)


OWN = {"mlp": ("mlp-16-32-4", save_mlp), "cnn": ("cnn-16-5x128-10", save_cnn), "pixels": ("pixels-224-3", save_pixels)}

for name in sys.argv[1:]:
    if name in OWN:
        print(json.dumps({"name": name, "source": str(kept(*OWN[name])), "freeze": []}))
        continue
    case = load_case(name)
    print(json.dumps({"name": name, "source": str(case.source), "freeze": case.freeze}))
