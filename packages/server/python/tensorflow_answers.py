"""Runs a model's own source in TensorFlow, for `floe check`. Usage: python tensorflow_answers.py FOLDER

FOLDER has request.json and the inputs; the answers and result.json are written into it. A tensor is {dtype, shape, file} with its
elements as raw bytes in `file`; strings stand in `strings` instead, in base64. The request:

    format    "saved-model", "meta-graph" or "graph"
    path      the SavedModel's folder, the MetaGraph's file, or the GraphDef's
    checkpoint  prefix of the checkpoint that goes with a MetaGraph
    tags      of the SavedModel's MetaGraph
    by_name   false: a SavedModel is called by its signature; all others are run by the graph's names
    settings  placeholder -> value as text, fixed by --set
    runs      list of {signature, inputs: {key: tensor with its `name` in the graph}, outputs: {key: name}}

The result: {tensorflow: version, runs: list of {outputs: {key: tensor}} or {error}}.
"""

import base64
import json
import os
import pathlib
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ["CUDA_VISIBLE_DEVICES"] = ""

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402

v1 = tf.compat.v1


def main(folder):
    request = json.loads((folder / "request.json").read_text())
    by_signature = request["format"] == "saved-model" and not request["by_name"]
    answer = (signatures if by_signature else session)(request, folder)
    runs = []
    for at, run in enumerate(request["runs"]):
        try:
            outputs = answer(run)
            written = {key: write(folder, f"answer-{at}-{n}", outputs[key]) for n, key in enumerate(run["outputs"])}
            runs.append({"outputs": written})
        except Exception as error:
            runs.append({"error": f"{type(error).__name__}: {str(error).strip()[:500]}"})
    (folder / "result.json").write_text(json.dumps({"tensorflow": tf.__version__, "runs": runs}))


def signatures(request, folder):
    model = tf.saved_model.load(request["path"], tags=request["tags"] or None)

    def answer(run):
        feeds = {key: tf.constant(read(folder, spec), spec["dtype"]) for key, spec in run["inputs"].items()}
        return {key: value.numpy() for key, value in model.signatures[run["signature"]](**feeds).items()}

    return answer


def session(request, folder):
    graph = tf.Graph()
    with graph.as_default():
        running = v1.Session(graph=graph)
        load(running, request)
    fixed = {f"{name.removesuffix(':0')}:0": text for name, text in request["settings"].items()}
    set_feeds = {name: setting(text, graph.get_tensor_by_name(name).dtype) for name, text in fixed.items()}

    def answer(run):
        feeds = {spec["name"]: read(folder, spec) for spec in run["inputs"].values()}
        return running.run(run["outputs"], {**set_feeds, **feeds})

    return answer


def load(running, request):
    path = request["path"]
    if request["format"] == "saved-model":
        v1.saved_model.load(running, request["tags"], path)
    elif request["format"] == "meta-graph":
        saver = v1.train.import_meta_graph(path, clear_devices=True)
        (saver or saver_of(request["checkpoint"])).restore(running, request["checkpoint"])
    else:
        tf.import_graph_def(v1.GraphDef.FromString(pathlib.Path(path).read_bytes()), name="")


def saver_of(checkpoint):
    """For a MetaGraph that says nothing of its own: what the checkpoint has under the variables' names."""
    stored = {name for name, _ in tf.train.list_variables(checkpoint)}
    return v1.train.Saver([variable for variable in v1.global_variables() if variable.op.name in stored])


def setting(text, dtype):
    if dtype == tf.string:
        return np.array(text, dtype=object)
    return np.array(json.loads({"True": "true", "False": "false"}.get(text.strip(), text)), dtype.as_numpy_dtype)


def read(folder, spec):
    if spec["dtype"] == "string":
        return np.array([base64.b64decode(text) for text in spec["strings"]], dtype=object).reshape(spec["shape"])
    dtype = tf.as_dtype(spec["dtype"]).as_numpy_dtype
    return np.frombuffer((folder / spec["file"]).read_bytes(), dtype).reshape(spec["shape"])


def write(folder, file, value):
    value = np.asarray(value)
    if value.dtype == object or value.dtype.kind in "SU":
        texts = [text if isinstance(text, bytes) else str(text).encode() for text in value.reshape(-1)]
        strings = [base64.b64encode(text).decode() for text in texts]
        return {"dtype": "string", "shape": list(value.shape), "strings": strings}
    (folder / file).write_bytes(np.ascontiguousarray(value).tobytes())
    return {"dtype": tf.as_dtype(value.dtype).name, "shape": list(value.shape), "file": file}


main(pathlib.Path(sys.argv[1]))
