"""The Open Inference Protocol through Triton's own HTTP client, with binary tensors and as JSON."""

import contextlib

import numpy as np
import tritonclient.http as triton
import tritonclient.utils as triton_utils
from compare import compare


@contextlib.contextmanager
def client_of(address):
    client = triton.InferenceServerClient(address, connection_timeout=60, network_timeout=120)
    try:
        yield client
    finally:
        client.close()


def reports_health(client, case, version):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(case.name) and client.is_model_ready(case.name, str(version))
    assert not client.is_model_ready(f"{case.name}-that-is-not")


def reports_metadata(client, case):
    assert client.get_server_metadata()["name"]
    reply = client.get_model_metadata(case.name)
    described = {item["name"]: item["datatype"] for item in reply["inputs"]}
    assert described == {name: datatype(value) for name, value in case.inputs.items()}, described
    described = {item["name"]: item["datatype"] for item in reply["outputs"]}
    assert described == {name: datatype(value) for name, value in case.expected.items()}, described


def infers(client, case, notes, *, binary):
    compare(infer(client, case, case.inputs, case.expected, binary), case, notes=notes)


def infers_row_by_row(client, case, notes):
    """What the compiler has proved to be independent answers alone as it does together with others."""
    rows = range(len(next(iter(case.inputs.values()))))
    alone = [infer(client, case, {key: value[row : row + 1] for key, value in case.inputs.items()}, case.expected, True) for row in rows]
    compare({key: np.concatenate([answer[key] for answer in alone]) for key in case.expected}, case, notes=notes)


def infers_by_tensor_name(client, case, signature, notes):
    """As with `feed_dict`: any kept tensor can be fetched by its name in the graph."""
    feeds = {signature["inputs"][key]["name"]: value for key, value in case.inputs.items()}
    compare(infer(client, case, feeds, case.tensors, True), case, case.tensors, notes)


def infer(client, case, feeds, fetches, binary):
    inputs = []
    for name, value in feeds.items():
        item = triton.InferInput(name, list(value.shape), datatype(value))
        item.set_data_from_numpy(value, binary_data=binary)
        inputs.append(item)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in fetches]
    reply = client.infer(case.name, inputs, outputs=outputs)
    return {name: reply.as_numpy(name) for name in fetches}


def datatype(array):
    return triton_utils.np_to_triton_dtype(array.dtype)
