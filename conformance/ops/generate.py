"""Writes one small TensorFlow graph per case with random inputs and TensorFlow's own outputs: generate.py OUT [--only OP].

Each case is a folder with graph.pb (a frozen GraphDef), case.json (feeds and fetches with dtype, declared shape and shape) and the
raw little-endian elements of every tensor in <index>.in and <index>.out. compare.ts runs the same graphs through the compiler.
"""
import argparse
import json
import pathlib
import zlib

import numpy as np
import tensorflow as tf

from cases import CASES

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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    total = 0
    for op, variants in CASES.items():
        if arguments.only not in op:
            continue
        for i, build in enumerate(variants):
            write_case(arguments.out, f"{op}-{i}", build)
            total += 1
    print(f"{total} cases of {len(CASES)} ops")


main()
