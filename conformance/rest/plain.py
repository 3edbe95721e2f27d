"""TensorFlow Serving's REST API and the Open Inference Protocol over plain HTTP: a table of requests and what answers them."""

import json
import math

from http_client import ask
from models import ODD_NAME
from report import check

SCALE = "/v1/models/scale"
PAIRS = "/v1/models/pairs_float32"
ROW = {"a": [1, 2], "b": [10, 20]}
ODD = "".join(f"%{byte:02X}" for byte in ODD_NAME.encode())
STRINGS = "/v1/models/strings:predict"
EXAMPLES = "/v1/models/examples"
V2 = "/v2/models/scale"


class Text(str):
    """The whole body, byte for byte."""


class Part(str):
    """Somewhere in the message of the error."""


def answers(factor):
    return {"sum": [11.0 * factor, 22.0 * factor], "difference": [-9.0 * factor, -18.0 * factor]}


def predictions(factor, rows=1):
    return {"predictions": [answers(factor)] * rows}


def error(message):
    """In TensorFlow Serving's layout."""
    return Text('{\n    "error": ' + json.dumps(message, ensure_ascii=False) + "\n}")


# What is asked, by whom it is answered, and how: name, path, body, status, answer. A body is JSON, or bytes as they are.
PREDICT = (
    ("a row", f"{SCALE}:predict", {"instances": [ROW]}, 200, predictions(2)),
    ("rows", f"{SCALE}:predict", {"instances": [ROW, ROW]}, 200, predictions(2, 2)),
    ("columns", f"{SCALE}:predict", {"inputs": {"a": [[1, 2]], "b": [[10, 20]]}}, 200, {"outputs": {name: [row] for name, row in answers(2).items()}}),
    ("one input and output have no names", f"{PAIRS}:predict", {"instances": [[1, 2, 3]]}, 200, Text('{\n    "predictions": [[1.0, 2.0, 3.0, 1.0, 2.0, 3.0]\n    ]\n}')),
    ("in columns neither", f"{PAIRS}:predict", {"inputs": [[1, 2, 3]]}, 200, {"outputs": [[1, 2, 3, 1, 2, 3]]}),
    ("a single input may be named", f"{PAIRS}:predict", {"instances": [{"x": [1, 2, 3]}]}, 200, {"predictions": [[1, 2, 3, 1, 2, 3]]}),
    ("another signature", f"{SCALE}:predict", {"signature_name": "negative", "instances": [[1, 2]]}, 200, {"predictions": [[-2.0, -4.0]]}),
    ("the default signature by its name", f"{SCALE}:predict", {"signature_name": "serving_default", "instances": [ROW]}, 200, predictions(2)),
    ("a version", f"{SCALE}/versions/1:predict", {"instances": [ROW]}, 200, predictions(1)),
    ("a version with zeros before it", f"{SCALE}/versions/001:predict", {"instances": [ROW]}, 200, predictions(1)),
    ("a label", f"{SCALE}/labels/older:predict", {"instances": [ROW]}, 200, predictions(1)),
    ("another label", f"{SCALE}/labels/newer:predict", {"instances": [ROW]}, 200, predictions(2)),
    ("a label that is encoded", f"{SCALE}/labels/%6Fl%64er:predict", {"instances": [ROW]}, 200, predictions(1)),
    ("a name that is encoded", f"/v1/models/{ODD}:predict", {"instances": [ROW]}, 200, predictions(3)),
    ("the words of the path in any case", "/V1/Models/scale/Versions/1:Predict", {"instances": [ROW]}, 200, predictions(1)),
    ("a name in another case", "/v1/models/Scale:predict", {"instances": [ROW]}, 404, error("Servable not found for request: Latest(Scale)")),
    ("a query", f"{SCALE}:predict?key=1", {"instances": [ROW]}, 200, predictions(2)),
    ("NaN and infinities", f"{PAIRS}:predict", b'{"instances": [[NaN, Infinity, -Infinity]]}', 200, {"predictions": [[math.nan, math.inf, -math.inf] * 2]}),
    ("Inf", f"{PAIRS}:predict", b'{"instances": [[1, Inf, -Inf]]}', 200, Text('{\n    "predictions": [[1.0, Infinity, -Infinity, 1.0, Infinity, -Infinity]\n    ]\n}')),
    ("bytes as b64, and outputs of bytes", STRINGS, {"instances": [{"b64": "AP8="}, "text"]}, 200, None),
    ("integers as such", "/v1/models/pairs_int64:predict", {"instances": [[9007199254740993, -1, 0]]}, 200, {"predictions": [[9007199254740993, -1, 0] * 2]}),
    ("truth values", "/v1/models/pairs_bool:predict", {"instances": [[True, False, True]]}, 200, {"predictions": [[True, False, True] * 2]}),
    ("what comes beside is passed over", f"{PAIRS}:predict", {"more": {"a": [1]}, "instances": [[1, 2, 3]]}, 200, {"predictions": [[1, 2, 3, 1, 2, 3]]}),
)  # fmt: skip
WRONG = (
    ("no model of that name", "/v1/models/nothing:predict", {"instances": [1]}, 404, error("Servable not found for request: Latest(nothing)")),
    ("no such version", f"{SCALE}/versions/9:predict", {"instances": [ROW]}, 404, error("Servable not found for request: Specific(scale, 9)")),
    ("no such label", f"{SCALE}/labels/none:predict", {"instances": [ROW]}, 400, error("Unrecognized servable version label: none")),
    ("a version beyond int64", f"{SCALE}/versions/99999999999999999999:predict", {}, 400, error("Failed to convert version: 99999999999999999999 to numeric.")),
    ("a version that is none", f"{SCALE}/versions/one:predict", {}, 400, error(f"Malformed request: POST {SCALE}/versions/one:predict")),
    ("no such method", f"{SCALE}:explain", {}, 400, error(f"Malformed request: POST {SCALE}:explain")),
    ("nothing", f"{SCALE}:predict", b"", 400, error("JSON Parse error: The document is empty")),
    ("no JSON", f"{SCALE}:predict", b"{", 400, Part("JSON Parse error: ")),
    ("a list", f"{SCALE}:predict", [1], 400, Part("Is not object")),
    ("neither instances nor inputs", f"{SCALE}:predict", {}, 400, error("Missing 'inputs' or 'instances' key")),
    ("both", f"{SCALE}:predict", {"instances": [ROW], "inputs": ROW}, 400, Part("Not formatted correctly expecting only one of 'inputs' or 'instances' keys to exist")),
    ("instances that are no list", f"{SCALE}:predict", {"instances": ROW}, 400, Part("Expecting 'instances' to be an list/array")),
    ("no instances", f"{SCALE}:predict", {"instances": []}, 400, Part("No values in 'instances' array")),
    ("a row that lacks an input", f"{SCALE}:predict", {"instances": [{"a": [1, 2]}]}, 400, Part("keys must be equal to: a,b")),
    ("a plain row for several inputs", f"{SCALE}:predict", {"instances": [[1, 2]]}, 400, Part("instances is a plain list, but expecting list of objects as multiple input tensors required as per tensorinfo_map")),
    ("a column that is missing", f"{SCALE}:predict", {"inputs": {"a": [[1, 2]]}}, 400, error("Missing named input: b in 'inputs' object.")),
    ("no such input", f"{SCALE}:predict", {"instances": [{"a": [1, 2], "c": [1, 2]}]}, 400, Part("JSON object: does not have named input: c")),
    ("no such signature", f"{SCALE}:predict", {"signature_name": "other", "instances": [ROW]}, 400, error('Serving signature name: "other" not found in signature def')),
    ("a signature that is no text", f"{SCALE}:predict", {"signature_name": 1, "instances": [ROW]}, 400, Part("'signature_name' key must be a string value.")),
    ("text for a number", f"{PAIRS}:predict", {"instances": [["a", 2, 3]]}, 400, Part("is not of expected type: float")),
    ("a fraction for an integer", "/v1/models/pairs_int32:predict", {"instances": [[1.5, 2, 3]]}, 400, Part("is not of expected type: int32")),
    ("an integer that does not fit", "/v1/models/pairs_int32:predict", {"instances": [[2147483648, 2, 3]]}, 400, Part("is not of expected type: int32")),
    ("rows of several sizes", f"{PAIRS}:predict", {"instances": [[1, 2, 3], [1, 2]]}, 400, Part("Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: Expecting tensor size: 3 but got: 2")),
    ("a wrong shape", f"{PAIRS}:predict", {"instances": [[1, 2]]}, 400, Part("shape")),
    ("b64 that is none", STRINGS, {"instances": [{"b64": "*"}]}, 400, Part("")),
    ("half precision in rows", "/v1/models/pairs_float16:predict", {"instances": [[1, 2, 3]]}, 400, Part("UNIMPLEMENTED: Conversion of JSON Value: 1 to type: half")),
    ("half precision in columns", "/v1/models/pairs_float16:predict", {"inputs": [[1, 2, 3]]}, 501, error("Conversion of JSON Value: 1 to type: half")),
)  # fmt: skip
EXAMPLE = (
    ("classify", f"{EXAMPLES}:classify", {"examples": [{"x": [0.0, 0.0]}]}, 200, Text('{\n    "results": [[["first", 0.5], ["second", 0.5]]\n    ]\n}')),
    ("classify, two", f"{EXAMPLES}:classify", {"examples": [{"x": [0.0, 0.0]}] * 2}, 200, {"results": [[["first", 0.5], ["second", 0.5]]] * 2}),
    ("classify, a version", f"{EXAMPLES}/versions/1:classify", {"examples": [{"x": [0.0, 0.0]}]}, 200, {"results": [[["first", 0.5], ["second", 0.5]]]}),
    ("regress", f"{EXAMPLES}:regress", {"signature_name": "regress", "examples": [{"x": [1.0, 2.0]}, {"x": [1.0, 2.0], "y": 0.5}]}, 200, Text('{\n    "results": [3.0, 3.5]\n}')),
    ("regress, a context", f"{EXAMPLES}:regress", {"signature_name": "regress", "context": {"y": 10.0}, "examples": [{"x": [1.0, 2.0]}]}, 200, {"results": [13.0]}),
    ("no examples", f"{EXAMPLES}:classify", {}, 400, Part("key 'examples' is expected and was not found")),
    ("empty examples", f"{EXAMPLES}:classify", {"examples": []}, 400, Part("'examples' value is an empty array")),
    ("an example that is none", f"{EXAMPLES}:regress", {"signature_name": "regress", "examples": [1]}, 400, error("Example must be JSON object but got JSON Number")),
    ("a feature of two kinds", f"{EXAMPLES}:classify", {"examples": [{"x": [1.0, "a"]}]}, 400, error("Unexpected element type in feature: x expecting type: float")),
    ("a signature of another method", f"{EXAMPLES}:regress", {"examples": [{"x": [0.0, 0.0]}]}, 400, Part("")),
    ("no such model", "/v1/models/nothing:classify", {"examples": [{"x": [0.0, 0.0]}]}, 404, error("Servable not found for request: Latest(nothing)")),
)  # fmt: skip
TENSOR_A = {"name": "a", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}
TENSOR_B = {"name": "b", "datatype": "FP32", "shape": [1, 2], "data": [[10, 20]]}


def outputs_of(factor, **more):
    named = [{"name": name, "datatype": "FP32", "shape": [1, 2], "data": row} for name, row in answers(factor).items()]
    return {**more, "model_name": "scale", "model_version": str(factor), "outputs": sorted(named, key=lambda one: one["name"])}


INFER = (
    ("flat and nested data", f"{V2}/infer", {"inputs": [TENSOR_A, TENSOR_B]}, 200, outputs_of(2)),
    ("a version and an id", f"{V2}/versions/1/infer", {"id": "7", "inputs": [TENSOR_A, TENSOR_B]}, 200, outputs_of(1, id="7")),
    ("parameters that are nobody's", f"{V2}/infer", {"parameters": {"mine": 1}, "inputs": [TENSOR_A, TENSOR_B]}, 200, outputs_of(2)),
    ("no inputs", f"{V2}/infer", {}, 400, {"error": "Unable to parse 'inputs'"}),
    ("no JSON", f"{V2}/infer", b"{", 400, Part("")),
    ("nothing", f"{V2}/infer", b"", 400, Part("")),
    ("an unknown datatype", f"{V2}/infer", {"inputs": [{**TENSOR_A, "datatype": "FP8"}, TENSOR_B]}, 400, Part("invalid datatype for input a")),
    ("a negative dimension", f"{V2}/infer", {"inputs": [{**TENSOR_A, "shape": [-1, 2]}, TENSOR_B]}, 400, Part("Unable to parse 'shape'")),
    ("no data", f"{V2}/infer", {"inputs": [{"name": "a", "datatype": "FP32", "shape": [1, 2]}, TENSOR_B]}, 400, Part("Input must set only one of the following fields")),
    ("an id that is no text", f"{V2}/infer", {"id": 7, "inputs": [TENSOR_A, TENSOR_B]}, 400, {"error": "Unable to parse 'id'"}),
    ("no such model", "/v2/models/nothing/infer", {"inputs": [TENSOR_A]}, 404, {"error": "Request for unknown model: 'nothing' is not found"}),
    ("no such version", f"{V2}/versions/9/infer", {"inputs": [TENSOR_A]}, 404, {"error": "Request for unknown model: 'scale' version 9 is not found"}),
    ("a name that is encoded", f"/v2/models/{ODD}/infer", {"inputs": [TENSOR_A, TENSOR_B], "outputs": [{"name": "sum"}]}, 200, {"model_name": ODD_NAME, "model_version": "1", "outputs": [{"name": "sum", "datatype": "FP32", "shape": [1, 2], "data": [33.0, 66.0]}]}),
)  # fmt: skip
STATE = {"state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
READ = (
    ("all versions, newest first", SCALE, 200, {"model_version_status": [{"version": "2", **STATE}, {"version": "1", **STATE}]}),
    ("one version", f"{SCALE}/versions/1", 200, Text('{\n "model_version_status": [\n  {\n   "version": "1",\n   "state": "AVAILABLE",\n   "status": {\n    "error_code": "OK",\n    "error_message": ""\n   }\n  }\n ]\n}\n')),
    ("a name that is encoded", f"/v1/models/{ODD}", 200, {"model_version_status": [{"version": "1", **STATE}]}),
    ("no such model", "/v1/models/nothing", 404, error("Could not find any versions of model nothing")),
    ("no such version", f"{SCALE}/versions/9", 404, error("Could not find version 9 of model scale")),
    ("no name", "/v1/models", 400, error("Missing model name in request.")),
    ("nowhere", "/v1/nothing", 400, error("Malformed request: GET /v1/nothing")),
    ("metadata of no model", "/v1/models/nothing/metadata", 404, error("Servable not found for request: Latest(nothing)")),
    ("metadata of no label", f"{SCALE}/labels/none/metadata", 400, error("Unrecognized servable version label: none")),
    ("V2, live", "/v2/health/live", 200, {"live": True}),
    ("V2, ready", "/v2/health/ready", 200, {"ready": True}),
    ("V2, a model is ready", f"{V2}/ready", 200, {"name": "scale", "ready": True}),
    ("V2, no model is ready", "/v2/models/nothing/ready", 404, Part("unknown model")),
    ("V2, metadata of a version", f"{V2}/versions/1", 200, None),
    ("V2, nowhere", "/v2/nothing", 404, Part("there is nothing at GET /v2/nothing")),
    ("V2, the wrong method", f"{V2}/infer", 405, {"error": "Method Not Allowed"}),
)  # fmt: skip


def judge(title, reply, status, expected):
    with check(title):
        assert reply.status == status, f"{reply.status}: {reply.body[:300]}"
        if isinstance(expected, Text):
            assert reply.text == expected, reply.text
        elif isinstance(expected, Part):
            assert expected in json.loads(reply.body)["error"], reply.text
        elif expected is not None:
            found = json.loads(reply.body)
            assert repr(sorted_outputs(found)) == repr(expected) or found == expected, reply.text
        if reply.body:
            assert reply.headers["content-type"] == "application/json", reply.headers


def sorted_outputs(value):
    """The order of outputs that nobody asked for by name says nothing."""
    if not (isinstance(value, dict) and isinstance(value.get("outputs"), list)) or "model_name" not in value:
        return value
    return {**value, "outputs": sorted(value["outputs"], key=lambda one: one["name"])}


def judge_table(url):
    for group, rows in (("predict", PREDICT), ("predict, wrong", WRONG), ("Examples", EXAMPLE), ("V2 infer", INFER)):
        for name, path, body, status, expected in rows:
            given = body if isinstance(body, bytes) else json.dumps(body).encode()
            judge(f"{group}: {name}", ask(url, "POST", path, given), status, expected)
    for name, path, status, expected in READ:
        judge(f"read: {name}", ask(url, "GET", path), status, expected)
    judge_bodies(url)


def judge_bodies(url):
    """Where more is to be said than whether two values are the same."""
    with check("outputs whose names end in _bytes are b64, others text"):
        reply = ask(url, "POST", STRINGS, b'{"instances": [{"b64": "AP8="}, "text"]}')
        rows = json.loads(reply.body.decode(errors="replace"))["predictions"]
        assert [row["same_bytes"] for row in rows] == [{"b64": "AP8="}, {"b64": "dGV4dA=="}] and rows[1]["same_text"] == "texttext", rows
    with check("metadata tells signatures"):
        for path, version in ((f"{SCALE}/metadata", "2"), (f"{SCALE}/versions/1/metadata", "1"), (f"{SCALE}/labels/older/metadata", "1")):
            about = json.loads(ask(url, "GET", path).body)
            assert about["model_spec"] == {"name": "scale", "signature_name": "", "version": version}, about["model_spec"]
            signatures = about["metadata"]["signature_def"]["signature_def"]
            assert {"serving_default", "negative"} <= set(signatures)
            found = signatures["serving_default"]["inputs"]["a"]
            assert found["dtype"] == "DT_FLOAT" and [dim["size"] for dim in found["tensor_shape"]["dim"]] == ["-1", "2"], found
            assert signatures["negative"]["method_name"] == "tensorflow/serving/predict"
    with check("HEAD is answered as GET, without a body"):
        for path in (SCALE, "/v2", f"{V2}/ready"):
            reply = ask(url, "HEAD", path)
            assert (reply.status, reply.body) == (200, b""), reply
