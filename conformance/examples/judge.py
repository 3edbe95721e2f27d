"""TensorFlow answers the same requests as a served Floe, over TensorFlow Serving's REST API; ends in "N passed, N failed"."""
import base64
import contextlib
import json
import pathlib
import sys
import tempfile
import urllib.error
import urllib.request

import numpy as np
import tensorflow as tf

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "judge"))
import floe  # noqa: E402
from features import as_json, serialized  # noqa: E402
from models import estimator, functions  # noqa: E402

TOLERANCE = 2e-6
counts = {"passed": 0, "failed": 0}

ROWS = [
    {"x": [1.0, 2.0, 3.0, 4.0], "colour": [b"green", b"mauve"], "age": 3},
    {"x": [0.0, 0.0, 0.0, 1.0]},
    {"x": [-1.5, 2.25, 1e3, 0.125], "colour": [b"\xff\x00", b"blue", b"red"], "age": [-4]},
]
PARSED = [
    {"x": [1.0, 2.0, 3.0, 4.0], "c": b"blue", "r": [1, 2, 3], "s": [1.0, 2.0], "v": [3.0]},
    {"x": [0.0, 0.0, 0.0, 1.0]},
    {"x": [0.5, 0.25, 0.0, 1.0], "c": b"unheard of", "r": [], "s": [], "v": [1.0, 2.0, 3.0], "other": b"ignored"},
]
WRONG = [
    ("a required feature is missing", [PARSED[0], {"c": b"red"}]),
    ("a feature is of another kind", [{"x": [1, 2, 3, 4]}]),
    ("a string is a number", [{"x": [1.0] * 4, "c": 1}]),
    ("a feature is too long", [PARSED[0], PARSED[1], {"x": [1.0] * 5}]),
    ("a ragged feature is of another kind", [{"x": [1.0] * 4, "r": [1.5]}]),
    ("a sparse feature is of another kind", [{"x": [1.0] * 4, "v": b"x"}]),
    ("the second of two is wrong", [PARSED[0], {"x": [1.0] * 4, "s": 1}]),
]


@contextlib.contextmanager
def check(name):
    try:
        yield
    except Exception as error:
        counts["failed"] += 1
        print(f"not ok {name}: {type(error).__name__}: {error}", flush=True)
    else:
        counts["passed"] += 1
        print(f"ok {name}", flush=True)


class Judge:
    def __init__(self, address, name, path):
        self.url = f"http://{address}/v1/models/{name}"
        self.name = name
        self.signatures = tf.saved_model.load(str(path)).signatures

    def post(self, verb, body):
        request = urllib.request.Request(f"{self.url}:{verb}", json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=60) as reply:
                return reply.status, json.loads(reply.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def wanted(self, signature, **inputs):
        return {key: value.numpy() for key, value in self.signatures[signature](**inputs).items()}

    def predict(self, signature, inputs):
        """Inputs are lists of strings, or arrays of numbers."""
        with check(f"{self.name}: {signature} predicts"):
            tensors = {name: tf.constant(values) for name, values in inputs.items()}
            wanted = self.wanted(signature, **tensors)
            body = {"signature_name": signature, "inputs": {name: encoded(value) for name, value in inputs.items()}}
            status, answer = self.post("predict", body)
            assert status == 200, answer
            outputs = answer["outputs"] if len(wanted) > 1 else {next(iter(wanted)): answer["outputs"]}
            assert set(outputs) == set(wanted), f"{sorted(outputs)}, expected {sorted(wanted)}"
            for key, value in wanted.items():
                same(key, outputs[key], value)

    def classify(self, signature, rows):
        with check(f"{self.name}: {signature} classifies"):
            wanted = self.wanted(signature, inputs=tf.constant([serialized(row) for row in rows]))
            status, answer = self.post("classify", {"signature_name": signature, "examples": [as_json(row) for row in rows]})
            assert status == 200, answer
            shape = next(iter(wanted.values())).shape
            classes = wanted.get("classes", np.full(shape, b""))
            scores = wanted.get("scores", np.zeros(shape, np.float32))
            same("labels", [[label for label, _ in row] for row in answer["results"]], classes)
            same("scores", [[score for _, score in row] for row in answer["results"]], scores)

    def regress(self, signature, rows, context=None):
        with check(f"{self.name}: {signature} regresses{' with a context' if context else ''}"):
            wanted = self.wanted(signature, inputs=tf.constant([serialized({**(context or {}), **row}) for row in rows]))
            body = {"signature_name": signature, "examples": [as_json(row) for row in rows]}
            status, answer = self.post("regress", body if context is None else {**body, "context": as_json(context)})
            assert status == 200, answer
            same("results", answer["results"], wanted["outputs"][:, 0])

    def refuses(self, name, verb, body, run):
        """TensorFlow's error has to say what ours says, word for word."""
        with check(f"{self.name}: {name}"):
            status, answer = self.post(verb, body)
            assert status == 400, f"{status} {answer}"
            try:
                run()
            except tf.errors.InvalidArgumentError as error:
                assert answer["error"] in error.message, f"{answer['error']!r} where TensorFlow says {error.message!r}"
            else:
                raise AssertionError("TensorFlow has nothing against it")


def encoded(values):
    if isinstance(values, bytes):
        return {"b64": base64.b64encode(values).decode()}
    return [encoded(value) for value in values] if isinstance(values, list) else values


def same(name, got, wanted):
    if wanted.dtype.kind in "SO":
        texts = np.vectorize(lambda value: value.decode(errors="replace"), otypes=[object])(wanted)
        assert np.asarray(got, object).tolist() == texts.tolist(), f"{name} is {got}, expected {texts.tolist()}"
        return
    numbers = np.asarray(got, wanted.dtype)
    assert numbers.shape == wanted.shape, f"{name} has shape {numbers.shape}, expected {wanted.shape}"
    worst = float(np.abs(numbers.astype(np.float64) - wanted.astype(np.float64)).max(initial=0))
    scale = max(1.0, float(np.abs(wanted.astype(np.float64)).max(initial=0)))
    assert worst <= TOLERANCE * scale, f"{name} is off by {worst:.2e}"


def judge_estimator(judge):
    for signature in ("serving_default", "scores", "classes"):
        judge.classify(signature, ROWS)
    judge.classify("serving_default", ROWS[1:2])
    judge.regress("regression", ROWS)
    judge.regress("regression", [{"x": [1.0, 1.0, 1.0, 1.0]}, {"x": [2.0] * 4, "age": 1}], {"age": 9, "colour": b"red"})
    judge.predict("predict", {"examples": [serialized(row) for row in ROWS]})


def judge_functions(judge, png):
    judge.predict("serving_default", {"examples": [serialized(row) for row in PARSED]})
    judge.predict("serving_default", {"examples": [serialized(PARSED[1])]})
    judge.predict("look_up", {"words": [b"red", b" GREEN ", b"", b"never seen", b"y" * 40, b"z" * 200]})
    judge.predict("tokens", {"sentences": [b"Red, green!", b"  is this RED? ", "gr\u00fcn (red)".encode()]})
    judge.predict("numbers", {"texts": [b"1.5", b" -2e3 ", b"0.1", b"7"]})
    judge.predict("raw", {"raw": [b"abcdef", b"\x00\x01\x02\x03\x04\xff"]})
    judge.predict("picture", {"image": png})
    judge.predict("mixed", {"x": [1.0, 2.0], "c": [b"blue", b"black"]})
    for name, rows in WRONG:
        examples = [serialized(row) for row in rows]
        body = {"inputs": {"examples": encoded(examples)}}
        judge.refuses(name, "predict", body, lambda given=examples: judge.wanted("serving_default", examples=tf.constant(given)))
    judge.refuses("bytes that are no Example", "predict", {"inputs": {"examples": ["hello"]}},
                  lambda: judge.wanted("serving_default", examples=tf.constant([b"hello"])))
    judge.refuses("a text that is no number", "predict", {"signature_name": "numbers", "inputs": {"texts": ["1", "one"]}},
                  lambda: judge.wanted("numbers", texts=tf.constant(["1", "one"])))
    with check(f"{judge.name}: a signature to predict does not classify"):
        status, answer = judge.post("classify", {"examples": [{}]})
        wanted = "Expected classification signature method_name to be tensorflow/serving/classify. Was: tensorflow/serving/predict"
        assert (status, answer) == (400, {"error": wanted}), (status, answer)


def main():
    floe.build()
    with tempfile.TemporaryDirectory(prefix="floe-examples-") as folder:
        root = pathlib.Path(folder)
        models, words = root / "models", root / "words.txt"
        words.write_text("red\ngreen\nblue\n")
        estimator(models / "estimator" / "1", words)
        functions(models / "functions" / "1", words)
        pixels = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4
        png = tf.io.encode_png(pixels).numpy()
        with floe.serve(models, root / "log") as address:
            judge_estimator(Judge(address, "estimator", models / "estimator" / "1"))
            judge_functions(Judge(address, "functions", models / "functions" / "1"), png)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


sys.exit(main())
