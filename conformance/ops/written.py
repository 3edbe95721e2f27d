"""Writing one case for compare.ts: a folder with the graph, its inputs and TensorFlow's outputs (generate.py says in which form)."""
import json
import zlib

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1


class Unfit(Exception):
    """TensorFlow itself refuses a random variant: while the graph is made, or for want of a kernel."""


def write_case(out, name, build, about=None):
    """A random variant (`about` has a dtype) may be unfit, or raise at run time: then the case says so and has no outputs."""
    drawn = "dtype" in (about or {})
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

        try:
            flat = tf.nest.flatten(build(placeholder, rng))
            fetches = [tf.identity(tensor, name=f"y{i}") for i, tensor in enumerate(flat)]
        except (ValueError, TypeError) as error:
            if drawn:
                raise Unfit from error
            raise
        raises = None
        try:
            with tf1.Session(graph=graph) as session:
                outputs = session.run(fetches, feeds)
        except tf.errors.InvalidArgumentError as error:
            if not drawn or "OpKernel" in error.message or "Compute" in error.message:
                if drawn:
                    raise Unfit from error
                raise
            raises, outputs = reason_of(error), []
        except tf.errors.OpError as error:
            if drawn:
                raise Unfit from error
            raise
    folder = out / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "graph.pb").write_bytes(graph.as_graph_def().SerializeToString())
    for i, value in enumerate(feeds.values()):
        (folder / f"{i}.in").write_bytes(np.ascontiguousarray(value).tobytes())
    for i, value in enumerate(outputs):
        (folder / f"{i}.out").write_bytes(np.ascontiguousarray(value).tobytes())
    case = {
        **(about or {}),
        **({} if raises is None else {"raises": raises}),
        "feeds": [described(tensor, np.shape(value)) for tensor, value in feeds.items()],
        "fetches": [described(tensor, () if raises else np.shape(value)) for tensor, value in zip(fetches, outputs if raises is None else fetches)],
    }
    (folder / "case.json").write_text(json.dumps(case))


def reason_of(error):
    lines = [line.strip() for line in error.message.splitlines() if line.strip()]
    return next((line for line in lines if not line.startswith(("Graph execution", "Detected", "Node:", "File"))), lines[0])


def described(tensor, shape):
    return {
        "name": tensor.name,
        "dtype": tensor.dtype.name,
        "declared": None if tensor.shape.rank is None else [-1 if size is None else size for size in tensor.shape],
        "shape": list(shape),
    }
