"""`frozen.pb` in TensorFlow's hands: does it load, does it answer as before, and are its constants the checkpoint's bits?"""

import hashlib
import json

import numpy as np
import tensorflow as tf
from compare import compare
from tensorflow.core.protobuf import rewriter_config_pb2

tf1 = tf.compat.v1
# Where Floe keeps what it knows of the source, inside the one binary.
METADATA = "floe/metadata"


def read_graph(file):
    graph = tf1.GraphDef()
    graph.ParseFromString(file.read_bytes())
    return graph


def answers_as_before(graph, signature, case, notes):
    """Feeds and fetches by the tensor names in the manifest's signature."""
    fetches = {key: spec["name"] for key, spec in signature["outputs"].items()}
    feeds = {signature["inputs"][key]["name"]: value for key, value in case.inputs.items()}
    with tf.Graph().as_default() as whole:
        tf1.import_graph_def(graph, name="")
        with tf1.Session(graph=whole, config=unfused()) as session:
            actual = session.run({**fetches, **{name: name for name in case.tensors}}, feeds)
    compare(actual, case, {**case.expected, **case.tensors}, notes)


def unfused():
    """TensorFlow's remapper fuses a grouped convolution with its bias, and then has no kernel for what it made."""
    config = tf1.ConfigProto()
    config.graph_options.rewrite_options.remapping = rewriter_config_pb2.RewriterConfig.OFF
    return config


def is_pure(graph):
    """Nothing of training, saving or state is left."""
    left = [node for node in graph.node if "Variable" in node.op or node.op.startswith(("Restore", "Save", "Assign"))]
    assert not left, f"still there: {left[0].op} {left[0].name}"


def carries_metadata(graph, manifest):
    """What is known of the checkpoint stands in the binary too, not only in the manifest beside it."""
    [inside] = [json.loads(value.item()) for node, value in constants_of(graph.node) if node == METADATA]
    assert inside["checkpoint"] == manifest["checkpoint"], inside


def nodes_equal_checkpoint(graph, case, notes):
    """Every variable's node is a constant with the bits of its checkpoint entry, or of the slice of it that it holds."""
    prefix = case.source / "variables" / "variables" if case.is_saved_model else case.source.with_suffix("")
    reader = tf.train.load_checkpoint(str(prefix))
    constants = dict(constants_of(graph.node))
    for node, (key, where) in case.variables.items():
        value = reader.get_tensor(key)
        if where:
            value = value[tuple(slice(*bounds) for bounds in where)]
        assert node in constants, f"{node} is no constant of frozen.pb"
        assert identity(constants[node]) == identity(value), f"{node} is not {key} bit by bit"
    notes.append(f"{len(case.variables)} variables")


def contents_equal_checkpoint(graph, signature, case, notes):
    """The same for a SavedModel of TensorFlow 2, by content: its nodes and checkpoint keys have no common names.

    Every variable that TensorFlow's own signature reads is a constant of the frozen graph, and every constant is an entry of the
    checkpoint or stood in the SavedModel's graph.
    """
    reader = tf.train.load_checkpoint(str(case.source / "variables" / "variables"))
    entries = {identity(reader.get_tensor(key)) for key in reader.get_variable_to_shape_map()}
    frozen = {identity(value): node for node, value in constants_of(all_nodes(graph)) if node != METADATA}
    model = tf.saved_model.load(str(case.source))  # signatures hold their variables weakly
    read = model.signatures[signature].variables
    missing = [v.name for v in read if identity(v.numpy()) not in entries or identity(v.numpy()) not in frozen]
    assert read and not missing, f"not in frozen.pb bit by bit: {missing[:3]} ({len(missing)} of {len(read)})"
    saved = {identity(value) for _, value in constants_of(saved_model_nodes(case.source))}
    strange = [node for bits, node in frozen.items() if bits not in entries and bits not in saved]
    assert not strange, f"neither variable nor constant of the source: {strange[:3]} ({len(strange)} in all)"
    notes.append(f"{len(read)} variables")


def constants_of(nodes):
    for node in nodes:
        if node.op == "Const":
            yield node.name, tf.make_ndarray(node.attr["value"].tensor)


def all_nodes(graph):
    yield from graph.node
    for function in graph.library.function:
        yield from function.node_def


def saved_model_nodes(folder):
    from tensorflow.core.protobuf import saved_model_pb2

    model = saved_model_pb2.SavedModel()
    model.ParseFromString((folder / "saved_model.pb").read_bytes())
    for meta in model.meta_graphs:
        yield from all_nodes(meta.graph_def)


def identity(array):
    array = np.asarray(array)
    bits = array.tobytes() if array.dtype != object else repr(array.tolist()).encode()
    return str(array.dtype), array.shape, hashlib.sha256(bits).hexdigest()
