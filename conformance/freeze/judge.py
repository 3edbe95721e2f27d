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
from tensorflow.core.protobuf import saved_model_pb2  # noqa: E402
from zoo import MODELS  # noqa: E402

v1 = tf.compat.v1
VARIABLES = ("VariableV2", "VarHandleOp")
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
    assert not [n.name for n in graph_def.node if n.op in (*VARIABLES, "ReadVariableOp")]
    worst = max(compare(model, key, answers[key]) for key in model.answers)
    compared = constants(model, graph_def)
    return f"{len(graph_def.node)} nodes, worst difference {worst:.1e}, {compared} constants bit-equal"


def compare(model, key, answer):
    wanted = np.asarray(model.answers[key])
    assert answer.shape == wanted.shape and answer.dtype == wanted.dtype, f"{key}: {answer.shape} {answer.dtype}"
    if wanted.dtype.kind != "f":
        np.testing.assert_array_equal(answer, wanted, key)
        return 0.0
    np.testing.assert_allclose(answer, wanted, model.tolerance, model.tolerance, err_msg=key)
    return float(np.nanmax(np.abs(np.nan_to_num(answer) - np.nan_to_num(wanted)), initial=0))


def constants(model, graph_def):
    """How many constants are bit-equal to the checkpoint's; all have to be."""
    nodes = {node.name: node for node in graph_def.node}
    reader = tf.train.load_checkpoint(str(model.checkpoint)) if model.checkpoint else None
    for name, (key, part) in model.constants.items():
        stored = reader.get_tensor(key)
        stored = stored if part is None else stored[part]
        tensor = nodes[name].attr["value"].tensor
        assert tensor.tensor_content == np.ascontiguousarray(stored).tobytes(), f"{name} is not bit-equal to {key}"
    return len(model.constants) + (saved_model_constants(model, nodes) if model.source.is_dir() else 0)


def saved_model_constants(model, nodes):
    """Whichever key it has: each variable that is left has the bytes of some tensor of the checkpoint."""
    saved = saved_model_pb2.SavedModel.FromString((model.source / "saved_model.pb").read_bytes())
    variables = [n.name for n in saved.meta_graphs[0].graph_def.node if n.op in VARIABLES and n.name in nodes]
    reader = tf.train.load_checkpoint(str(model.source / "variables/variables"))
    stored = [reader.get_tensor(key) for key in reader.get_variable_to_shape_map()]
    stored = {np.asarray(value).tobytes() for value in stored}
    for name in variables:
        assert nodes[name].attr["value"].tensor.tensor_content in stored, f"{name} is not bit-equal to any stored tensor"
    return len(variables)


def main(names):
    failed = 0
    names = names or list(MODELS)
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            try:
                said = judge(MODELS[name](Path(folder) / "model"), Path(folder) / "frozen.pb")
                print(f"ok      {name}: {said}", flush=True)
            except Exception as error:
                failed += 1
                print(f"FAILED  {name}: {type(error).__name__}: {str(error)[:3000]}", flush=True)
    print(f"{len(names) - failed} passed, {failed} failed")
    return failed


sys.exit(1 if main(sys.argv[1:]) else 0)
