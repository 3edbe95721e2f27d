"""Freezes whole nets with TensorFlow itself, random weights: nets.py OUT [NAME...], in the form that compare.ts reads."""
import json
import pathlib
import sys

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

NETS = {
    "MobileNetV2": (224, 3), "ResNet50": (224, 3), "DenseNet121": (224, 3), "InceptionV3": (299, 3), "EfficientNetB0": (224, 3),
    "VGG16": (224, 3), "NASNetMobile": (224, 3), "ConvNeXtTiny": (224, 3),
}


def randomise(model, rng):
    """Batch norms off their initial values and sane scales, so that folding is seen."""
    for layer in model.layers:
        for weight in layer.weights:
            name = weight.path.split("/")[-1]
            if name == "moving_mean" or name == "beta":
                weight.assign(rng.normal(0, 0.1, weight.shape))
            elif name in ("moving_variance", "gamma"):
                weight.assign(rng.uniform(0.5, 1.5, weight.shape))


def write(out, name, graph_def, feeds, fetches, rng):
    graph = tf.Graph()
    with graph.as_default():
        tf.import_graph_def(graph_def, name="")
        inputs = {graph.get_tensor_by_name(feed): value for feed, value in feeds.items()}
        outputs = [graph.get_tensor_by_name(fetch) for fetch in fetches]
        with tf.compat.v1.Session(graph=graph) as session:
            values = session.run(outputs, inputs)
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.pb").write_bytes(graph_def.SerializeToString())
    describe = lambda tensor, value: {"name": tensor.name, "dtype": tensor.dtype.name, "declared": [-1 if d is None else d for d in tensor.shape], "shape": list(value.shape)}
    for i, value in enumerate(inputs.values()):
        (folder / f"{i}.in").write_bytes(value.tobytes())
    for i, value in enumerate(values):
        (folder / f"{i}.out").write_bytes(value.tobytes())
    case = {"feeds": [describe(t, v) for t, v in inputs.items()], "fetches": [describe(t, v) for t, v in zip(outputs, values)]}
    (folder / "case.json").write_text(json.dumps(case))


def keras_net(out, name):
    rng = np.random.default_rng(1)
    size, channels = NETS[name]
    model = getattr(tf.keras.applications, name)(weights=None, classifier_activation=None)
    randomise(model, rng)
    spec = tf.TensorSpec([None, size, size, channels], tf.float32, name="x")
    frozen = convert_variables_to_constants_v2(tf.function(lambda x: model(x, training=False)).get_concrete_function(spec))
    scale = 255 if name.startswith(("EfficientNet", "ConvNeXt")) else 1
    x = rng.uniform(0, scale, (2, size, size, channels)).astype(np.float32)
    write(out, name, frozen.graph.as_graph_def(), {"x:0": x}, [frozen.outputs[0].name], rng)


def tf1_net(out, name, build, shape):
    rng = np.random.default_rng(2)
    graph = tf.Graph()
    v1 = tf.compat.v1
    with graph.as_default(), v1.Session(graph=graph) as session:
        x = v1.placeholder(tf.float32, [None, *shape], name="x")
        keep = v1.placeholder_with_default(1.0, [], name="keep")
        probs = tf.nn.softmax(build(x, lambda *s: v1.get_variable(f"v{len(v1.global_variables())}", initializer=rng.normal(0, 0.2, s).astype(np.float32), use_resource=False)), name="probs")
        tf.argmax(probs * keep, 1, name="klass")
        session.run(v1.global_variables_initializer())
        graph_def = v1.graph_util.convert_variables_to_constants(session, graph.as_graph_def(), ["probs", "klass"])
    write(out, name, graph_def, {"x:0": rng.uniform(0, 1, (3, *shape)).astype(np.float32)}, ["probs:0", "klass:0"], rng)


def mlp(x, v):
    h = tf.nn.relu(tf.nn.bias_add(tf.matmul(x, v(64, 32)), v(32)))
    return tf.matmul(h, v(32, 10)) + v(10)


def cnn(x, v):
    h = tf.nn.max_pool2d(tf.nn.relu(tf.nn.bias_add(tf.nn.conv2d(x, v(5, 5, 1, 8), 1, "SAME"), v(8))), 2, 2, "SAME")
    h = tf.nn.max_pool2d(tf.nn.relu(tf.nn.conv2d(h, v(5, 5, 8, 16), 1, "SAME") + v(16)), 2, 2, "SAME")
    h = tf.reshape(h, [-1, 7 * 7 * 16])
    return tf.matmul(tf.nn.dropout(tf.nn.relu(tf.matmul(h, v(784, 64)) + v(64)), rate=0.0), v(64, 10)) + v(10)


def main():
    out, wanted = pathlib.Path(sys.argv[1]), sys.argv[2:]
    if not wanted or "tf1" in wanted:
        tf1_net(out, "tf1-mlp", mlp, (64,))
        tf1_net(out, "tf1-cnn", cnn, (28, 28, 1))
    for name in NETS:
        if not wanted or name in wanted:
            keras_net(out, name)


main()
