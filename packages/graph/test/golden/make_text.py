"""Makes the graphs as text that the tests read, with TensorFlow. usage: python packages/graph/test/golden/make_text.py

`text/` is what `tf.io.write_graph` and `Saver` write; each other `.pbtxt` has a `.pb` of the same message beside it, or in `nested/`.
"""

import json
import os
import shutil
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from google.protobuf import text_format  # noqa: E402
from tensorflow.core.framework import types_pb2  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402

v1 = tf.compat.v1
HERE = Path(__file__).resolve().parent
FOLDER = HERE / "text"


def fresh():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()


def graph_and_checkpoint():
    """A partitioned variable and one under another name in the checkpoint; two checkpoints, of which `checkpoint` names the second."""
    with tf.Graph().as_default() as graph, v1.Session() as session:
        x = v1.placeholder(tf.float32, [None, 3], name="x")
        with v1.variable_scope("part", partitioner=v1.fixed_size_partitioner(2)):
            w = v1.get_variable("w", [3, 2], initializer=v1.random_normal_initializer(seed=3), use_resource=False)
        odd = v1.get_variable("odd", initializer=np.float32([1, 2]), use_resource=True)
        step = v1.train.get_or_create_global_step()
        tf.nn.softmax(x @ tf.convert_to_tensor(w) + odd, name="probs")
        names = {"renamed": odd, "global_step": step, "part/w": list(w)}
        saver = v1.train.Saver(names, save_relative_paths=True)
        session.run(v1.global_variables_initializer())
        saver.save(session, str(FOLDER / "model"), global_step=1, write_meta_graph=False)
        session.run([step.assign(2), odd.assign([5, 6])])
        saver.save(session, str(FOLDER / "model"), global_step=2, write_meta_graph=False)
        tf.io.write_graph(graph, str(FOLDER), "graph.pbtxt", as_text=True)
        feed = np.float32([[1, 2, 3], [-1, 0.5, 0]])
        probs = session.run("probs:0", {x: feed})
        (FOLDER / "expected.json").write_text(json.dumps({"x": feed.ravel().tolist(), "probs": probs.ravel().tolist()}) + "\n")


def odd_values():
    """Values that text can get wrong: special floats, the ends of all integers, every byte, characters beyond ASCII."""
    with tf.Graph().as_default() as graph:
        for dtype in (tf.float16, tf.float32, tf.float64, tf.bfloat16):
            tf.constant([np.inf, -np.inf, np.nan, -0.0, 1e-40, 0.1, 3e38], dtype, name=f"f/{dtype.name}")
        for dtype in (tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64):
            tf.constant([dtype.min, dtype.max, 7], dtype, name=f"i/{dtype.name}")
        tf.constant([True, False, True], name="bool")
        tf.constant([bytes(range(256)), b"", "ä€😀".encode(), b"\"'\\?\n"], name="words")
        tf.constant(1.5, shape=[2, 3], name="repeated")
        v1.placeholder(tf.float32, [None, 3], name="partly")
        v1.placeholder(tf.int64, None, name="unknown_rank")
        v1.placeholder(tf.int64, [], name="scalar")
        tf.print("graph.pbtxt", name="printed")
    definition = graph.as_graph_def()
    values = definition.node[0].attr["odd/values"].list
    values.f.extend([1e-45, -0.0, float("inf")])
    values.i.extend([-(2**63), 2**63 - 1])
    values.b.extend([True, False])
    values.s.extend([b"\0\1\xff"])
    definition.node[0].attr["odd/float"].f = float("nan")
    definition.node[0].attr["odd/function"].func.name = "f"
    definition.node[0].attr["odd/function"].func.attr["n"].i = -1
    (FOLDER / "odd.pb").write_bytes(definition.SerializeToString(deterministic=True))
    (FOLDER / "odd.pbtxt").write_text(text_format.MessageToString(definition))


def saved_model():
    message = saved_model_pb2.SavedModel.FromString((HERE / "nested" / "saved_model.pb").read_bytes())
    (FOLDER / "nested.pbtxt").write_text(text_format.MessageToString(message))


def data_types():
    (FOLDER / "data-types.json").write_text(json.dumps(dict(types_pb2.DataType.items()), indent=1) + "\n")


fresh()
graph_and_checkpoint()
odd_values()
saved_model()
data_types()
