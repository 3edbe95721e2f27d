"""KServe's clients of V1 and V2 over REST, and of V2 over gRPC: health, readiness, inference in every form, and what is refused."""

import contextlib

import grpc
import httpx
import numpy as np
from kserve import InferInput, InferRequest
from kserve.inference_client import InferenceGRPCClient, InferenceRESTClient, RESTConfig
from kserve.protocol.infer_type import RequestedOutput
from report import check

A = np.array([[1, 2], [3, 4], [0.5, -1]], np.float32)
B = np.array([[10, 20], [30, 40], [0.25, 8]], np.float32)


@contextlib.asynccontextmanager
async def rest(protocol):
    client = InferenceRESTClient(RESTConfig(protocol=protocol, retries=0))
    try:
        yield client
    finally:
        await client.close()


@contextlib.contextmanager
def refused(status, *words):
    try:
        yield
    except httpx.HTTPStatusError as error:
        assert error.response.status_code == status, error
        assert all(word in error.response.json()["error"] for word in words), error.response.text
    else:
        raise AssertionError("it is not refused")


def request(model, binary, outputs=None, **more):
    inputs = []
    for name, value in (("a", A), ("b", B)):
        item = InferInput(name, list(value.shape), "FP32")
        item.set_data_from_numpy(value, binary_data=binary)
        inputs.append(item)
    return InferRequest(model_name=model, infer_inputs=inputs, request_outputs=outputs, **more)


def scaled(reply, factor, names=("difference", "sum")):
    found = {output.name: output.as_numpy() for output in reply.outputs}
    expected = {"sum": (A + B) * factor, "difference": (A - B) * factor}
    assert sorted(found) == sorted(names), sorted(found)
    for name in names:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-6)


async def judge(http, address, factor):
    async with rest("v1") as client:
        await judge_v1(client, http, factor)
    async with rest("v2") as client:
        await judge_v2(client, http, factor)
    async with InferenceGRPCClient(address, retries=0) as client:
        await judge_grpc(client, factor)


async def judge_v1(client, http, factor):
    with check("V1: the server lives, its model is listed and ready"):
        assert await client.is_server_live(http) is True
        assert await client.is_model_ready(http, "scale") is True
        assert httpx.get(f"{http}/v1/models").json() == {"models": ["scale"]}
    with check("V1: predict, by rows and by columns"):
        rows = [{"a": a.tolist(), "b": b.tolist()} for a, b in zip(A, B)]
        reply = await client.infer(http, {"instances": rows}, model_name="scale")
        np.testing.assert_allclose([row["sum"] for row in reply["predictions"]], (A + B) * factor, rtol=1e-6)
        reply = await client.infer(http, {"inputs": {"a": A.tolist(), "b": B.tolist()}}, model_name="scale")
        np.testing.assert_allclose(reply["outputs"]["difference"], (A - B) * factor, rtol=1e-6)
    with check("V1: another model is not there, explanations are not implemented, wrong input is named"):
        with refused(404, "none"):
            await client.is_model_ready(http, "none")
        with refused(501, "scale"):
            await client.explain(http, "scale", {"instances": []})
        with refused(400):
            await client.infer(http, {"instances": [{"a": [1, 2]}]}, model_name="scale")


async def judge_v2(client, http, factor):
    with check("V2: the server lives and is ready, and so is its model"):
        assert await client.is_server_live(http) is True and await client.is_server_ready(http) is True
        assert await client.is_model_ready(http, "scale") is True
        assert await client.is_model_ready(http, "none") is False
        assert httpx.get(f"{http}/v2/models").json() == {"models": ["scale"]}
    for binary in (False, True):
        form = "as bytes" if binary else "as JSON"
        with check(f"V2: infer, inputs {form}, with a request's id"):
            reply = await client.infer(http, request("scale", binary, request_id="mine"), model_name="scale")
            scaled(reply, factor)
            assert (reply.id, reply.model_name) == ("mine", "scale"), (reply.id, reply.model_name)
    for binary in (False, True):
        with check(f"V2: infer, one output asked for, {'as bytes' if binary else 'as JSON'}"):
            wanted = [RequestedOutput("sum", {"binary_data": binary})]
            scaled(await client.infer(http, request("scale", True, wanted), model_name="scale"), factor, ["sum"])
    with check("V2: another model is not there"):
        with refused(404, "none"):
            await client.infer(http, request("none", True), model_name="none")


async def judge_grpc(client, factor):
    with check("gRPC: the server lives and is ready, and so is its model"):
        assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("scale")
    for raw in (False, True):
        with check(f"gRPC: infer, contents {'raw' if raw else 'typed'}"):
            scaled(await client.infer(request("scale", raw, request_id="mine")), factor)
    with check("gRPC: another model is not there"):
        try:
            await client.infer(request("none", True))
            raise AssertionError("it is not refused")
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND, error


async def judge_version(http, factor):
    async with rest("v2") as client:
        scaled(await client.infer(http, request("scale", True), model_name="scale"), factor)
    [state] = httpx.get(f"{http}/v1/models/scale").json()["model_version_status"]
    assert state["version"] == str(factor), state


async def judge_strings(http, address):
    """Texts in their own protocol's form: JSON, bytes behind it, and raw contents."""
    texts = np.array([[b"a", b"", b"long" * 50], [b"b", b"c", b"d"]], object)
    asked = InferInput("x", list(texts.shape), "BYTES")
    async with rest("v2") as client:
        for binary in (False, True):
            with check(f"V2: texts, {'as bytes' if binary else 'as JSON'}"):
                asked.set_data_from_numpy(texts, binary_data=binary)
                reply = await client.infer(http, InferRequest("pairs", [asked]), model_name="pairs")
                assert texts_of(reply) == np.concatenate([texts, texts], 1).tolist()
    async with InferenceGRPCClient(address, retries=0) as client:
        with check("gRPC: texts, raw"):
            asked.set_data_from_numpy(texts, binary_data=True)
            reply = await client.infer(InferRequest("pairs", [asked]))
            assert texts_of(reply) == np.concatenate([texts, texts], 1).tolist()


def texts_of(reply):
    [output] = reply.outputs
    rows = output.as_numpy().tolist()
    return [[value.encode() if isinstance(value, str) else value for value in row] for row in rows]
