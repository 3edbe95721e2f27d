"""Makes the small models that the tests read, with TensorFlow. usage: python packages/graph/test/golden/make.py

Beside each is `expected.json`: tensors of the checkpoint by key, as dtype, shape and bytes in hex (strings as a list).
"""

import json
import os
import shutil
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

v1 = tf.compat.v1
HERE = Path(__file__).resolve().parent


def fresh(name):
    folder = HERE / name
    shutil.rmtree(folder, ignore_errors=True)
    return folder


def expect(folder, prefix):
    reader = tf.train.load_checkpoint(str(folder / prefix))
    tensors = {}
    for key in sorted(reader.get_variable_to_shape_map()):
        value = np.asarray(reader.get_tensor(key))
        if value.dtype.kind in "OS":
            data = [item.hex() for item in value.ravel().tolist()]
        else:
            data = value.tobytes().hex()
        if key != "_CHECKPOINTABLE_OBJECT_GRAPH":
            dtype = "string" if value.dtype.kind in "OS" else value.dtype.name
            tensors[key] = {"dtype": dtype, "shape": list(value.shape), "data": data}
    (folder / "expected.json").write_text(json.dumps(tensors, indent=1) + "\n")


def checkpoint():
    """Partitioned, renamed and string variables, every dtype, odd bits, two shards, and what only training needs."""
    folder = fresh("checkpoint")
    folder.mkdir()
    with tf.Graph().as_default(), v1.Session(config=v1.ConfigProto(device_count={"CPU": 2})) as session:
        x = v1.placeholder(tf.float32, [None, 7], name="x")
        keep_prob = v1.placeholder(tf.float32, [], name="keep_prob")
        with tf.device("/cpu:0"):
            bits = np.array([0x7FA00001, 0x80000000, 0x00000001, 0x3F800000], np.uint32)
            odd = v1.get_variable("odd", initializer=np.frombuffer(bits.tobytes(), np.float32), use_resource=False)
            with v1.variable_scope("part", partitioner=v1.fixed_size_partitioner(3)):
                w = v1.get_variable("w", [7, 4], initializer=v1.random_normal_initializer(seed=1), use_resource=True)
        with tf.device("/cpu:1"):
            v1.get_variable("words", initializer=np.array([b"", b"zwei", b"\x00\xff"]), use_resource=False)
            for dtype in ["float64", "int64", "int32", "int8", "uint8", "int16", "uint16", "bool", "float16", "bfloat16"]:
                v1.get_variable(f"all/{dtype}", initializer=tf.cast([[1, 0, 1]], dtype), use_resource=True)
        step = v1.train.get_or_create_global_step()
        h = v1.nn.dropout(x @ tf.convert_to_tensor(w), keep_prob=keep_prob)
        with tf.control_dependencies([v1.assert_rank(h, 2), v1.assert_less(h, 1e9)]):
            logits = tf.add(h, odd, name="logits")
        tf.nn.softmax(logits, name="probs")
        tf.argmax(logits, 1, name="klass")
        v1.train.MomentumOptimizer(0.1, 0.9).minimize(tf.reduce_sum(logits), step)
        session.run(v1.global_variables_initializer())
        session.run(step.assign(17))
        names = {v.op.name: v for v in v1.global_variables() if "part_" not in v.op.name}
        names["part/w"] = [v for v in v1.global_variables() if v.op.name.startswith("part/w/part_") and "Momentum" not in v.op.name]
        names["renamed"] = names.pop("odd")
        v1.train.Saver(names, sharded=True).save(session, str(folder / "model"), global_step=17)
    (folder / "checkpoint").unlink()
    expect(folder, "model-17")


class Nested(tf.Module):
    def __init__(self):
        super().__init__()
        self.w = tf.Variable(np.arange(12, dtype=np.float32).reshape(4, 3), name="w")
        (HERE / "vocabulary.txt").write_text("a\nb\n")
        self.vocabulary = tf.saved_model.Asset(str(HERE / "vocabulary.txt"))

    @tf.function
    def inner(self, x):
        values, places = tf.nn.top_k(x @ self.w, 2)
        left, right = tf.split(values, 2, axis=1)
        return left - right, places

    @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="x"), tf.TensorSpec([], tf.int32, name="n")])
    def serve(self, x, n):
        for _ in tf.range(n):
            x = x + tf.gather(self.w, 1)[0]
        gap, places = self.inner(x)
        return {"gap": gap, "places": places}


def nested():
    folder = fresh("nested")
    tf.saved_model.save(Nested(), str(folder))
    (HERE / "vocabulary.txt").unlink()
    (folder / "fingerprint.pb").unlink()
    expect(folder, "variables/variables")


checkpoint()
nested()
