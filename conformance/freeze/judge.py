"""Lets TensorFlow judge freezing: it loads our frozen.pb and has to give the model's own answers; constants have to be bit-equal.

usage: python conformance/freeze/judge.py [MODEL ...]
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from zoo import MODELS  # noqa: E402

v1 = tf.compat.v1
HERE = Path(__file__).resolve().parent
RUN = HERE.parent.parent / "tools" / "run"


def frozen(model, out):
    command = [RUN, "node", HERE / "freeze.mjs", model.source, out, json.dumps(model.options)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def judge(model, out):
    report = frozen(model, out)
    signature = report["signatures"][model.signature]
    graph_def = v1.GraphDef.FromString(out.read_bytes())
    feeds = {signature["inputs"][key]["name"]: value for key, value in model.feeds.items()}
    fetches = {key: signature["outputs"][key]["name"] for key in model.answers}
    with tf.Graph().as_default() as graph, v1.Session() as session:
        tf.import_graph_def(graph_def, name="")
        answers = session.run(fetches, feeds)
    assert not [n.name for n in graph_def.node if n.op in ("VariableV2", "VarHandleOp", "ReadVariableOp")]
    worst = max(compare(model, key, answers[key]) for key in model.answers)
    constants(model, graph_def)
    return f"{len(graph_def.node)} nodes, worst difference {worst:.1e}, {len(model.constants)} constants compared"


def compare(model, key, answer):
    wanted = np.asarray(model.answers[key])
    assert answer.shape == wanted.shape and answer.dtype == wanted.dtype, f"{key}: {answer.shape} {answer.dtype}"
    if wanted.dtype.kind != "f":
        np.testing.assert_array_equal(answer, wanted, key)
        return 0.0
    np.testing.assert_allclose(answer, wanted, model.tolerance, model.tolerance, err_msg=key)
    return float(np.nanmax(np.abs(answer - wanted), initial=0))


def constants(model, graph_def):
    nodes = {node.name: node for node in graph_def.node}
    reader = tf.train.load_checkpoint(str(model.checkpoint)) if model.checkpoint else None
    for name, (key, part) in model.constants.items():
        stored = reader.get_tensor(key)
        stored = stored if part is None else stored[part]
        tensor = nodes[name].attr["value"].tensor
        assert tensor.tensor_content == np.ascontiguousarray(stored).tobytes(), f"{name} is not bit-equal to {key}"


def main(names):
    failed = 0
    subprocess.run([RUN, "tsc", "-b", HERE.parent.parent / "packages" / "graph"], check=True)
    for name in names or MODELS:
        with tempfile.TemporaryDirectory() as folder:
            try:
                said = judge(MODELS[name](Path(folder) / "model"), Path(folder) / "frozen.pb")
                print(f"ok      {name}: {said}", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {str(error)[:3000]}", flush=True)
    return failed


sys.exit(1 if main(sys.argv[1:]) else 0)
