"""TensorFlow Serving's REST API, as its clients use it: predict in both forms, status and metadata."""

import json
import urllib.request

import numpy as np
from compare import compare


def ask(url, body=None, timeout=120):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(url, data), timeout=timeout) as reply:
        return json.load(reply)


def predicts_in_columns(address, case, signature):
    reply = ask(predict_url(address, case), {**chosen(signature), "inputs": unwrapped(lists(case.inputs))})
    compare(typed(rewrapped(reply["outputs"], case), case), case)


def predicts_in_rows(address, case, signature):
    count = len(next(iter(case.inputs.values())))
    rows = [unwrapped({name: value[row].tolist() for name, value in case.inputs.items()}) for row in range(count)]
    replies = ask(predict_url(address, case), {**chosen(signature), "instances": rows})["predictions"]
    rows = [rewrapped(reply, case) for reply in replies]
    compare(typed({name: [row[name] for row in rows] for name in case.expected}, case), case)


def reports_status(address, case, version):
    [state] = ask(f"http://{address}/v1/models/{case.name}")["model_version_status"]
    assert state == {
        "version": str(version),
        "state": "AVAILABLE",
        "status": {"error_code": "OK", "error_message": ""},
    }, state


def reports_metadata(address, case, signature):
    reply = ask(f"http://{address}/v1/models/{case.name}/metadata")
    assert reply["model_spec"]["name"] == case.name, reply["model_spec"]
    definition = reply["metadata"]["signature_def"]["signature_def"][signature]
    assert set(definition["inputs"]) == set(case.inputs), sorted(definition["inputs"])
    assert set(definition["outputs"]) == set(case.expected), sorted(definition["outputs"])


def predict_url(address, case):
    return f"http://{address}/v1/models/{case.name}:predict"


def chosen(signature):
    return {} if signature == "serving_default" else {"signature_name": signature}


def lists(arrays):
    return {name: value.tolist() for name, value in arrays.items()}


def unwrapped(named):
    """TensorFlow Serving lets the name go where there is only one."""
    return named if len(named) > 1 else next(iter(named.values()))


def rewrapped(value, case):
    return value if len(case.expected) > 1 else {next(iter(case.expected)): value}


def typed(named, case):
    return {name: np.array(value, case.expected[name].dtype) for name, value in named.items() if name in case.expected}
