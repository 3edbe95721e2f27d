"""The Open Inference Protocol through Triton's own HTTP clients: synchronous, its callbacks, and asyncio."""

import asyncio
import itertools

import numpy as np
import tritonclient.http as sync
import tritonclient.http.aio as aio
import zoo
from report import check
from tritonclient.utils import InferenceServerException, np_to_triton_dtype

SECONDS = 30
V2 = {"bfloat16": "BF16", "string": "BYTES"}
# Triton takes and gives these raw only.
HALF = ("float16", "bfloat16")
A = np.array([[1, 2]], np.float32)
B = np.array([[10, 20]], np.float32)


def datatype(dtype):
    return V2.get(dtype) or np_to_triton_dtype(np.dtype(dtype))


def given(name, value, dtype=None, binary=True):
    tensor = sync.InferInput(name, list(value.shape), datatype(dtype or str(value.dtype)))
    tensor.set_data_from_numpy(value, binary_data=binary)
    return tensor


def scale_inputs(factor=1, binary=(True, True)):
    return [given("a", A * factor, binary=binary[0]), given("b", B, binary=binary[1])]


def wanted(name, binary=True, classes=0):
    return sync.InferRequestedOutput(name, binary_data=binary, class_count=classes)


class refuses:
    """The block fails with this status and these texts."""

    def __init__(self, status, *texts):
        self.status, self.texts = status, texts

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        assert isinstance(error, InferenceServerException), f"{error!r}, where {self.status} was expected"
        assert error.status() == str(self.status), f"{error.status()}: {error.message()}"
        for text in self.texts:
            assert text in error.message(), f"{text!r} is not in {error.message()!r}"
        return True


def same(found, expected):
    assert found.shape == expected.shape, f"{found.shape}, not {expected.shape}"
    equal = found.tolist() == expected.tolist() if expected.dtype == object else np.array_equal(found, expected)
    assert equal, f"{found}, not {expected}"


def judge_metadata(client):
    with check("server metadata, live and ready"):
        assert client.is_server_live() and client.is_server_ready()
        about = client.get_server_metadata()
        assert about["name"] == "floe" and {"binary_tensor_data", "classification", "model_repository", "statistics"} <= set(about["extensions"])
    with check("model ready"):
        assert client.is_model_ready("scale") and client.is_model_ready("scale", "1")
        assert not client.is_model_ready("scale", "9") and not client.is_model_ready("nothing")
    with check("model metadata"):
        about = client.get_model_metadata("scale")
        assert about["versions"] == ["1", "2"] and {one["name"]: one["datatype"] for one in about["inputs"]} == {"a": "FP32", "b": "FP32"}
        assert about["inputs"][0]["shape"] == [-1, 2]
    with check("model configuration"):
        config = client.get_model_config("scale", "2")
        assert config["name"] == "scale" and {one["name"] for one in config["output"]} == {"sum", "difference"}
        assert config["max_batch_size"] == 1024 and config["input"][0]["data_type"] == "TYPE_FP32" and config["input"][0]["dims"] == [2]
        assert config["version_policy"]["specific"]["versions"] == [1, 2]
        assert client.get_model_config("pairs_string")["input"][0]["data_type"] == "TYPE_STRING"
        with refuses(404, "unknown model: 'nothing'"):
            client.get_model_config("nothing")
    with check("statistics"):
        before = {one["version"]: one["inference_count"] for one in client.get_inference_statistics("scale")["model_stats"]}
        client.infer("scale", scale_inputs(), model_version="1")
        (one,) = client.get_inference_statistics("scale", "1")["model_stats"]
        assert one["inference_count"] == before["1"] + 1 and one["inference_stats"]["success"]["ns"] > 0, one
        assert {one["name"] for one in client.get_inference_statistics()["model_stats"]} >= {"scale", "pairs_bool"}
        with refuses(404, "unknown model: 'nothing'"):
            client.get_inference_statistics("nothing")
    with check("shared memory: none is there, and none is taken"):
        assert client.get_system_shared_memory_status() == [] and client.get_cuda_shared_memory_status() == []
        client.unregister_system_shared_memory()
        client.unregister_cuda_shared_memory("region")
        with refuses(501, "shared memory"):
            client.register_system_shared_memory("a", "/a", 8)
    with check("settings of traces and logs: there are none"):
        for ask in (client.get_trace_settings, client.get_log_settings):
            with refuses(501, "not supported"):
                ask()


def judge_dtypes(client):
    for dtype in zoo.DTYPES:
        value, expected = zoo.sample(dtype), zoo.pairs(dtype)
        for takes, gives in itertools.product((True, False), repeat=2):
            if (dtype in HALF and not takes) or (dtype == "float16" and not gives) or (dtype == "string" and not (takes and gives)):
                continue
            with check(f"infer, {dtype}: {'raw' if takes else 'JSON'} in, {'raw' if gives else 'JSON'} out"):
                reply = client.infer(f"pairs_{dtype}", [given("x", value, dtype, takes)], outputs=[wanted("y", gives)])
                same(reply.as_numpy("y"), expected)
    with check("infer, string: JSON in and out"):
        value = np.array([["a", "ä€", '"\\\n']], object)
        reply = client.infer("pairs_string", [given("x", value, "string", False)], outputs=[wanted("y", False)])
        assert reply.as_numpy("y").tolist() == [["a", "ä€", '"\\\n'] * 2], reply.as_numpy("y")
    with check("infer, float16: as JSON it is refused"), refuses(400, "FP16 data via JSON is not supported"):
        client.infer("pairs_float16", [given("x", zoo.sample("float16"), "float16")], outputs=[wanted("y", False)])
    with check("infer, no rows"):
        reply = client.infer("pairs_float32", [given("x", np.zeros((0, 3), np.float32))])
        same(reply.as_numpy("y"), np.zeros((0, 6), np.float32))
    with check("infer, NaN and infinities: raw and JSON out"):
        value = np.array([[np.nan, np.inf, -np.inf]], np.float32)
        for gives in (True, False):
            reply = client.infer("pairs_float32", [given("x", value)], outputs=[wanted("y", gives)])
            assert np.array_equal(reply.as_numpy("y"), np.concatenate([value, value], 1), equal_nan=True)


def judge_forms(client):
    for binary in itertools.product((True, False), repeat=2):
        with check(f"infer: inputs raw {binary}, outputs the other way round"):
            outputs = [wanted("sum", not binary[0]), wanted("difference", not binary[1])]
            reply = client.infer("scale", scale_inputs(binary=binary), model_version="1", outputs=outputs)
            same(reply.as_numpy("sum"), A + B)
            same(reply.as_numpy("difference"), A - B)
            raw = ["data" not in reply.get_output(name) for name in ("sum", "difference")]
            assert raw == [not one for one in binary], raw
    with check("infer: without outputs all come, raw"):
        reply = client.infer("scale", scale_inputs()).get_response()
        assert {one["name"] for one in reply["outputs"]} == {"sum", "difference"}
        assert all(one["parameters"]["binary_data_size"] == 8 for one in reply["outputs"]), reply
    with check("infer: outputs, versions, ids"):
        result = client.infer("scale", scale_inputs(), model_version="1", outputs=[wanted("difference")], request_id="seven")
        reply = result.get_response()
        assert [reply["id"], reply["model_name"], reply["model_version"], [one["name"] for one in reply["outputs"]]] == ["seven", "scale", "1", ["difference"]]
        assert "id" not in client.infer("scale", scale_inputs()).get_response()
    for binary in (True, False):
        with check(f"infer: classification, {'raw' if binary else 'JSON'}"):
            result = client.infer("scale", scale_inputs(), outputs=[wanted("sum", binary, 1), wanted("difference", binary)])
            assert [str(one, "utf8") if binary else one for one in result.as_numpy("sum").reshape(-1)] == ["44.000000:1"]
            same(result.as_numpy("difference"), 2 * (A - B))
            assert result.as_numpy("sum").shape == (1, 1)
    with check("infer: classification of more classes than there are"):
        assert client.infer("scale", scale_inputs(), outputs=[wanted("sum", classes=9)]).as_numpy("sum").shape == (1, 2)
    with check("infer: priority, timeout, a sequence and parameters of one's own"):
        more = {"priority": 1, "timeout": 10_000_000, "sequence_id": 7, "sequence_start": True, "parameters": {"mine": "x", "also": 3}}
        same(client.infer("scale", scale_inputs(), **more).as_numpy("sum"), 2 * (A + B))
    for packed, answer in itertools.product((None, "gzip", "deflate"), repeat=2):
        with check(f"infer: request {packed}, answer {answer}"):
            for outputs in ([wanted("y")], [wanted("y", False)]):
                value = np.arange(3000, dtype=np.float32).reshape(1000, 3)
                more = {"request_compression_algorithm": packed, "response_compression_algorithm": answer}
                result = client.infer("pairs_float32", [given("x", value)], outputs=outputs, **more)
                same(result.as_numpy("y"), np.concatenate([value, value], 1))
    with check("infer: callbacks, 50 at once"):
        asked = [client.async_infer("scale", scale_inputs(i), request_id=str(i)) for i in range(50)]
        for i, one in enumerate(asked):
            result = one.get_result(timeout=SECONDS)
            assert result.get_response()["id"] == str(i)
            same(result.as_numpy("sum"), 2 * (A * i + B))
    with check("infer: an answer that was stored in another form"):
        for outputs in ([wanted("sum")], [wanted("sum", False)], [wanted("sum", classes=1)], None):
            client.infer("scale", scale_inputs(), outputs=outputs)


def lying(shape, binary=True):
    """Says another shape than it has."""
    tensor = given("a", np.ones((1, 2), np.float32), binary=binary)
    tensor.set_shape(shape)
    return [tensor, given("b", B)]


def in_shared_memory():
    tensor = sync.InferInput("a", [1, 2], "FP32")
    tensor.set_shared_memory("region", 8)
    return [tensor, given("b", B)]


def judge_errors(client):
    errors = (
        ("a model that is not there", "nothing", scale_inputs(), "", 404, "Request for unknown model: 'nothing' is not found"),
        ("a version that is not there", "scale", scale_inputs(), "9", 404, "version 9 is not found"),
        ("a version that is none", "scale", scale_inputs(), "one", 400, "failed to get model version"),
        ("a missing input", "scale", scale_inputs()[:1], "", 400, "expected 2 inputs but got 1"),
        ("an input twice", "scale", [*scale_inputs(), given("a", A)], "", 400, "input 'a' is given twice"),
        ("an unknown input", "scale", [*scale_inputs(), given("c", A)], "", 400, "c"),
        ("another type", "scale", [given("a", A.astype(np.int32)), given("b", B)], "", 400, "data-type is 'INT32'"),
        ("another shape", "scale", [given("a", A[0]), given("b", B)], "", 400, 'input "a" has shape [2]'),
        ("more data than its shape says", "scale", lying([1, 1]), "", 400, "input byte size mismatch for input 'a'. Expected 4, got 8"),
        ("less data than its shape says", "scale", lying([2, 2]), "", 400, "input byte size mismatch for input 'a'. Expected 16, got 8"),
        ("JSON that is not of its shape", "scale", lying([2, 2], False), "", 400, "Shape does not match true shape of 'data' field"),
        ("shared memory", "scale", in_shared_memory(), "", 501, "shared memory is not supported"),
    )  # fmt: skip
    for name, model, inputs, version, status, text in errors:
        with check(f"infer with {name} is {status}"), refuses(status, text):
            client.infer(model, inputs, version)
    with check("infer of an unknown output is 400"), refuses(400, "nothing"):
        client.infer("scale", scale_inputs(), outputs=[wanted("nothing")])
    with check("infer that comes too late is 504"), refuses(504):
        client.infer("scale", scale_inputs(), timeout=1, headers={"Cache-Control": "no-store"})


def judge_repository(client):
    with check("repository index"):
        rows = client.get_model_repository_index()
        assert {(one["version"], one["state"]) for one in rows if one["name"] == "scale"} == {("1", "READY"), ("2", "READY")}, rows
    with check("a model is unloaded and loaded again"):
        client.unload_model("pairs_bool")
        assert not client.is_model_ready("pairs_bool")
        index = [one for one in client.get_model_repository_index() if one["name"] == "pairs_bool"]
        assert index == [{"name": "pairs_bool", "state": "UNAVAILABLE", "reason": "unloaded"}], index
        with refuses(404, "unknown model: 'pairs_bool'"):
            client.infer("pairs_bool", [given("x", zoo.sample("bool"))])
        client.load_model("pairs_bool")
        assert client.is_model_ready("pairs_bool")
        same(client.infer("pairs_bool", [given("x", zoo.sample("bool"))]).as_numpy("y"), zoo.pairs("bool"))
    with check("a model that is not there is neither loaded nor unloaded"):
        with refuses(404, "nothing"):
            client.load_model("nothing")
        with refuses(404, "nothing"):
            client.unload_model("nothing")
    with check("a configuration of one's own is not taken"), refuses(501, "'config'"):
        client.load_model("scale", config="{}")


async def judge_aio(address):
    async with aio.InferenceServerClient(address) as client:
        with check("aio: what is said of server and models"):
            assert await client.is_server_live() and await client.is_server_ready() and await client.is_model_ready("scale")
            assert (await client.get_model_metadata("scale"))["versions"] == ["1", "2"]
            assert (await client.get_model_config("scale"))["name"] == "scale"
            assert len((await client.get_inference_statistics("scale"))["model_stats"]) == 2
            assert {one["name"] for one in await client.get_model_repository_index()} >= {"scale"}
        with check("aio: infer, 50 at once"):
            results = await asyncio.gather(*(client.infer("scale", scale_inputs(i)) for i in range(50)))
            for i, result in enumerate(results):
                same(result.as_numpy("sum"), 2 * (A * i + B))
        for packed in ("gzip", "deflate"):
            with check(f"aio: {packed} both ways"):
                more = {"request_compression_algorithm": packed, "response_compression_algorithm": packed}
                same((await client.infer("scale", scale_inputs(), **more)).as_numpy("sum"), 2 * (A + B))
        with check("aio: a model is unloaded and loaded again"):
            await client.unload_model("pairs_int8")
            assert not await client.is_model_ready("pairs_int8")
            await client.load_model("pairs_int8")
            assert await client.is_model_ready("pairs_int8")
        with check("aio: errors"):
            with refuses(404, "unknown model"):
                await client.infer("nothing", scale_inputs())
            with refuses(400, "expected 2 inputs"):
                await client.infer("scale", scale_inputs()[:1])


def judge_clients(url):
    address = url.removeprefix("http://")
    client = sync.InferenceServerClient(address, concurrency=10, connection_timeout=SECONDS, network_timeout=SECONDS)
    judge_metadata(client)
    judge_dtypes(client)
    judge_forms(client)
    judge_errors(client)
    judge_repository(client)
    client.close()
    asyncio.run(judge_aio(address))
