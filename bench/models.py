"""Where the models to measure are: one JSON line {name, source, freeze} for each NAME, made first where missing.

The large ones are those of conformance/, so that what is measured is also what TensorFlow has judged; `mlp` is as small as a network that
somebody serves: 16 numbers in, 32 hidden, 4 probabilities out.
usage: python bench/models.py NAME...
"""

import json
import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance" / "judge"))

from cases import load_case  # noqa: E402


def tiny_mlp():
    cache = os.environ.get("FLOE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache", "floe")
    folder = pathlib.Path(cache) / "bench" / "mlp-16-32-4"
    if not (folder / "fingerprint.pb").exists():
        save_tiny_mlp(folder)
    return folder


def save_tiny_mlp(folder):
    import numpy as np
    import tensorflow as tf

    random = np.random.RandomState(5)
    model = tf.Module()
    model.first = tf.Variable(random.normal(0, 0.3, [16, 32]).astype(np.float32))
    model.second = tf.Variable(random.normal(0, 0.3, [32, 4]).astype(np.float32))

    @tf.function(input_signature=[tf.TensorSpec([None, 16], tf.float32, "x")])
    def serve(x):
        return {"probs": tf.nn.softmax(tf.nn.relu(x @ model.first) @ model.second)}

    model.serve = serve
    tf.saved_model.save(model, str(folder), signatures=serve)


for name in sys.argv[1:]:
    if name == "mlp":
        print(json.dumps({"name": name, "source": str(tiny_mlp()), "freeze": []}))
        continue
    case = load_case(name)
    print(json.dumps({"name": name, "source": str(case.source), "freeze": case.freeze}))
