"""One request's computation: the compiled graph in our engine against TensorFlow's signature in Python, one thread each, in turns."""

import base64
import json
import pathlib
import statistics
import subprocess
import time

TURNS = 7
TURN_SECONDS = 0.06
HERE = pathlib.Path(__file__).resolve().parent
RUN = HERE.parents[1] / "tools" / "run"


class Engine:
    """Our engine in a Node.js process of its own (engine.mjs), asked by lines of JSON. Use it in a `with` block."""

    def __enter__(self):
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen([RUN, "node", HERE / "engine.mjs"], **pipes)
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(60)

    def ask(self, question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        reply = json.loads(self.process.stdout.readline())
        assert "error" not in reply, reply["error"]
        return reply


def compare(engine, case, manifest, version):
    """Milliseconds of each and the ratio, over 1 where Floe is faster."""
    inputs = {name: value[:1] for name, value in case.inputs.items()} if case.rows else case.inputs
    signature = manifest["signatures"][manifest["defaultSignature"]]
    feeds = {signature["inputs"][name]["name"]: packed(value) for name, value in inputs.items()}
    # The first one is freeze's; the others came with requests for tensors inside the graph.
    compiled = min((version / "compiled").glob("*/model.onnx"), key=lambda model: model.stat().st_mtime)
    engine.ask({"open": str(compiled), "feeds": feeds})
    ours = lambda runs: engine.ask({"runs": runs})["seconds"]  # noqa: E731
    theirs = timed(tensorflow_of(case, manifest, inputs))
    counts = [runs_of(each) for each in (ours, theirs)]
    turns = [(ours(counts[0]) / counts[0], theirs(counts[1]) / counts[1]) for _ in range(TURNS)]
    milliseconds = [statistics.median(side) * 1000 for side in zip(*turns)]
    ratio = statistics.median(slow / fast for fast, slow in turns)
    return {"floeMs": milliseconds[0], "tensorflowMs": milliseconds[1], "ratio": ratio}


def runs_of(run):
    """As many as fill a turn, after a warm-up."""
    run(3)
    return max(1, round(TURN_SECONDS / run(1)))


def timed(call):
    def run(runs):
        started = time.perf_counter()
        for _ in range(runs):
            call()
        return time.perf_counter() - started

    return run


def tensorflow_of(case, manifest, inputs):
    """A call of the original model as TensorFlow runs it: a SavedModel's signature, or a session on a checkpoint's graph."""
    import tensorflow as tf

    if case.is_saved_model:
        model = tf.saved_model.load(str(case.source))  # signatures hold their variables weakly
        signature = model.signatures[manifest["defaultSignature"]]
        fed = {name: tf.constant(value) for name, value in inputs.items()}
        return lambda: (model, signature(**fed))
    return session_of(tf.compat.v1, case, inputs)


def session_of(tf1, case, inputs):
    one = tf1.ConfigProto(intra_op_parallelism_threads=1, inter_op_parallelism_threads=1)
    with tf1.Graph().as_default() as graph:
        saver = tf1.train.import_meta_graph(str(case.source), clear_devices=True)
        session = tf1.Session(graph=graph, config=one)
        saver.restore(session, str(case.source.with_suffix("")))
        feeds = {f"{name}:0": value for name, value in {**inputs, **fixed(case)}.items()}
        call = session.make_callable([f"{name}:0" for name in case.expected], list(feeds))
    return lambda: call(*feeds.values())


def fixed(case):
    """What `floe freeze --set name=number` was told."""
    settings = [case.freeze[i + 1].split("=") for i, option in enumerate(case.freeze) if option == "--set"]
    return {name: float(value) for name, value in settings}


def packed(array):
    return {"dtype": str(array.dtype), "shape": array.shape, "data": base64.b64encode(array.tobytes()).decode()}


def one_thread():
    """Has to be called before TensorFlow's first operation."""
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
