"""Writing one case for compare.ts: a folder with the graph, its inputs and TensorFlow's outputs (generate.py says in which form)."""
import json
import zlib

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


def write_case(out, name, build):
    graph = tf.Graph()
    rng = np.random.default_rng(zlib.crc32(name.encode()))
    with graph.as_default():
        feeds = {}

        def placeholder(value, shape=None, dynamic=True):
            """A fed tensor; by default its first dimension is unknown."""
            value = np.asarray(value)
            declared = shape if shape is not None else ([None, *value.shape[1:]] if dynamic and value.ndim else value.shape)
            tensor = tf1.placeholder(value.dtype, declared, name=f"x{len(feeds)}")
            feeds[tensor] = value
            return tensor

        result = build(placeholder, rng)
        flat = [tensor for tensor in tf.nest.flatten(result)]
        fetches = [tf.identity(tensor, name=f"y{i}") for i, tensor in enumerate(flat)]
        with tf1.Session(graph=graph) as session:
            outputs = session.run(fetches, feeds)
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    describe = lambda tensor, value: {
        "name": tensor.name,
        "dtype": tensor.dtype.name,
        "declared": None if tensor.shape.rank is None else [-1 if d is None else d for d in tensor.shape],
        "shape": list(np.shape(value)),
    }
    for i, value in enumerate(feeds.values()):
        (folder / f"{i}.in").write_bytes(np.ascontiguousarray(value).tobytes())
    for i, value in enumerate(outputs):
        (folder / f"{i}.out").write_bytes(np.ascontiguousarray(value).tobytes())
    case = {
        "feeds": [describe(tensor, value) for tensor, value in feeds.items()],
        "fetches": [describe(tensor, value) for tensor, value in zip(fetches, outputs)],
    }
    (folder / "case.json").write_text(json.dumps(case))
