"""The Open Inference Protocol through Triton's own gRPC clients: synchronous, asynchronous and streaming; raw and typed contents."""

import asyncio
import queue

import numpy as np
import tritonclient.grpc as client_of
import tritonclient.grpc.aio as aio
import zoo
from report import check
from tritonclient.grpc import service_pb2, service_pb2_grpc
from tritonclient.utils import InferenceServerException, np_to_triton_dtype
import grpc

SECONDS = 30
V2 = {"bfloat16": "BF16", "string": "BYTES"}
LISTS = {
    "bool": "bool", "int8": "int", "int16": "int", "int32": "int", "int64": "int64", "uint8": "uint", "uint16": "uint",
    "uint32": "uint", "uint64": "uint64", "float32": "fp32", "float64": "fp64", "string": "bytes",
}  # fmt: skip
A = np.array([[1, 2]], np.float32)
B = np.array([[10, 20]], np.float32)


def datatype(dtype):
    return V2.get(dtype) or np_to_triton_dtype(np.dtype(dtype))


def given(name, value, dtype=None):
    kind = datatype(dtype or str(value.dtype))
    tensor = client_of.InferInput(name, value.shape, kind)
    tensor.set_data_from_numpy(value)
    return tensor


def scale_inputs(factor=1):
    return [given("a", A * factor), given("b", B)]


def refuses(status, *texts):
    class Refused:
        def __enter__(self):
            return self

        def __exit__(self, kind, error, trace):
            assert isinstance(error, InferenceServerException), f"no error, where {status} was expected"
            assert error.status() == f"StatusCode.{status}", f"{error.status()}: {error.message()}"
            for text in texts:
                assert text in error.message(), f"{text!r} is not in {error.message()!r}"
            return True

    return Refused()


def same(found, wanted):
    assert found.shape == wanted.shape, f"{found.shape}, not {wanted.shape}"
    equal = found.tolist() == wanted.tolist() if wanted.dtype == object else np.array_equal(found, wanted)
    assert equal, f"{found}, not {wanted}"


def judge_metadata(client):
    with check("server metadata, live and ready"):
        assert client.is_server_live() and client.is_server_ready()
        assert client.get_server_metadata().name == "floe"
    with check("model ready"):
        assert client.is_model_ready("scale") and client.is_model_ready("scale", "1")
        assert not client.is_model_ready("scale", "9") and not client.is_model_ready("nothing")
    with check("model metadata"):
        about = client.get_model_metadata("scale")
        assert about.versions == ["1", "2"] and {one.name: one.datatype for one in about.inputs} == {"a": "FP32", "b": "FP32"}
        assert list(about.inputs[0].shape) == [-1, 2]
    with check("model configuration"):
        config = client.get_model_config("scale").config
        assert config.name == "scale" and {one.name for one in config.output} == {"sum", "difference"}
    with check("statistics"):
        before = {one.version: one.inference_count for one in client.get_inference_statistics("scale").model_stats}
        client.infer("scale", scale_inputs(), model_version="1")
        (one,) = client.get_inference_statistics("scale", "1").model_stats
        assert one.inference_count == before["1"] + 1 and one.inference_stats.success.ns > 0, one
        assert {one.name for one in client.get_inference_statistics().model_stats} >= {"scale", "pairs_bool"}
    with check("repository index"):
        models = client.get_model_repository_index().models
        assert {(one.version, one.state) for one in models if one.name == "scale"} == {("1", "READY"), ("2", "READY")}
    with check("shared memory: none is there, and none is taken"):
        assert not client.get_system_shared_memory_status().regions and not client.get_cuda_shared_memory_status().regions
        client.unregister_system_shared_memory()
        with refuses("UNIMPLEMENTED", "shared memory"):
            client.register_system_shared_memory("a", "/a", 8)


def judge_dtypes(client, stub):
    for dtype in zoo.DTYPES:
        value = zoo.sample(dtype)
        wanted = zoo.pairs(dtype)
        with check(f"infer, raw {dtype}"):
            reply = client.infer(f"pairs_{dtype}", [given("x", value, dtype)]).as_numpy("y")
            same(reply, wanted)
        if dtype not in LISTS:
            continue
        with check(f"infer, typed contents of {dtype}"):
            request = service_pb2.ModelInferRequest(model_name=f"pairs_{dtype}")
            tensor = request.inputs.add(name="x", datatype=datatype(dtype), shape=value.shape)
            getattr(tensor.contents, f"{LISTS[dtype]}_contents").extend(value.reshape(-1).tolist())
            reply = client_of.InferResult(stub.ModelInfer(request, SECONDS)).as_numpy("y")
            same(reply, wanted)


def judge_infer(client, stub):
    with check("infer: outputs, versions, ids"):
        wanted = [client_of.InferRequestedOutput("difference")]
        result = client.infer("scale", scale_inputs(), model_version="1", outputs=wanted, request_id="seven")
        reply = result.get_response()
        assert [reply.id, reply.model_version, [one.name for one in reply.outputs]] == ["seven", "1", ["difference"]]
        same(result.as_numpy("difference"), A - B)
    with check("infer: classification"):
        result = client.infer("scale", scale_inputs(), outputs=[client_of.InferRequestedOutput("sum", class_count=1)])
        same(result.as_numpy("sum"), np.array([[b"44.000000:1"]], object))
    with check("infer: priority, timeout and deadline"):
        same(client.infer("scale", scale_inputs(), priority=1, timeout=10_000_000, client_timeout=10).as_numpy("sum"), 2 * (A + B))
    for packing in ("gzip", "deflate"):
        with check(f"infer: {packing}"):
            same(client.infer("scale", scale_inputs(), compression_algorithm=packing).as_numpy("sum"), 2 * (A + B))
    with check("infer: callbacks"):
        answers = queue.Queue()
        for i in range(50):
            client.async_infer("scale", scale_inputs(i), lambda result, error: answers.put((result, error)), request_id=str(i))
        for _ in range(50):
            result, error = answers.get(timeout=SECONDS)
            assert error is None, error
            same(result.as_numpy("sum"), 2 * (A * int(result.get_response().id) + B))
    errors = (
        ("a model that is not there", "nothing", scale_inputs(), "", "NOT_FOUND", "Request for unknown model: 'nothing' is not found"),
        ("a version that is not there", "scale", scale_inputs(), "9", "NOT_FOUND", "version 9 is not found"),
        ("a version that is none", "scale", scale_inputs(), "one", "INVALID_ARGUMENT", "failed to get model version"),
        ("a missing input", "scale", scale_inputs()[:1], "", "INVALID_ARGUMENT", "expected 2 inputs but got 1"),
        ("another type", "scale", [given("a", A.astype(np.int32)), given("b", B)], "", "INVALID_ARGUMENT", "data-type is 'INT32'"),
        ("another shape", "scale", [given("a", A[0]), given("b", B)], "", "INVALID_ARGUMENT", "input \"a\" has shape [2]"),
    )
    for name, model, inputs, version, status, text in errors:
        with check(f"infer with {name} is refused"), refuses(status, text):
            client.infer(model, inputs, version)
    judge_broken(stub)


def broken_request():
    request = service_pb2.ModelInferRequest(model_name="pairs_float32")
    request.inputs.add(name="x", datatype="FP32", shape=[1, 3])
    return request


def judge_broken(stub):
    def refused(name, request, text):
        with check(f"infer with {name} is refused"):
            try:
                stub.ModelInfer(request, SECONDS)
            except grpc.RpcError as error:
                assert error.code() == grpc.StatusCode.INVALID_ARGUMENT and text in error.details(), error
                return
            raise AssertionError("no error")

    request = broken_request()
    refused("no data", request, "unable to find data for input tensor 'x' for model 'pairs_float32' in request.")
    request.raw_input_contents.append(b"\0" * 8)
    refused("too few bytes", request, "input byte size mismatch for input 'x'. Expected 12, got 8")
    request.inputs[0].contents.fp32_contents.extend([1, 2, 3])
    refused("raw and typed contents", request, "contents field must not be specified when using raw_input_contents for 'x'")
    request = broken_request()
    request.inputs[0].contents.int_contents.extend([1, 2, 3])
    refused("contents of another type", request, "unexpected explicit tensor data for input tensor 'x'")
    request = broken_request()
    request.inputs[0].contents.fp32_contents.extend([1, 2])
    refused("too few contents", request, "input byte size mismatch for input 'x'")


def judge_stream(client):
    with check("stream: answers in order, errors among them, the final flag"):
        answers = queue.Queue()
        client.start_stream(lambda result, error: answers.put((result, error)))
        for i in range(20):
            client.async_stream_infer("scale" if i != 7 else "nothing", scale_inputs(i), request_id=str(i), enable_empty_final_response=True)
        for i in range(20):
            result, error = answers.get(timeout=SECONDS)
            if i == 7:
                assert "Request for unknown model: 'nothing'" in error.message(), error
                continue
            assert error is None and result.get_response().id == str(i), (i, error)
            assert result.get_response().parameters["triton_final_response"].bool_param
            same(result.as_numpy("sum"), 2 * (A * i + B))
        client.stop_stream()


def judge_repository(client):
    with check("a model is unloaded and loaded again"):
        client.unload_model("pairs_bool")
        assert not client.is_model_ready("pairs_bool")
        index = [(one.state, one.reason) for one in client.get_model_repository_index().models if one.name == "pairs_bool"]
        assert index == [("UNAVAILABLE", "unloaded")], index
        client.load_model("pairs_bool")
        assert client.is_model_ready("pairs_bool")
    with check("a model that is not there is not loaded"), refuses("NOT_FOUND"):
        client.load_model("nothing")


async def judge_aio(address):
    async with aio.InferenceServerClient(address) as client:
        with check("aio: ready, infer, 50 at once"):
            assert await client.is_server_ready()
            results = await asyncio.gather(*(client.infer("scale", scale_inputs(i)) for i in range(50)))
            for i, result in enumerate(results):
                same(result.as_numpy("sum"), 2 * (A * i + B))
        with check("aio: an error"), refuses("NOT_FOUND", "unknown model"):
            await client.infer("nothing", scale_inputs())
        with check("aio: stream"):

            async def requests():
                for i in range(20):
                    yield {"model_name": "scale", "inputs": scale_inputs(i), "request_id": str(i)}

            count = 0
            async for result, error in client.stream_infer(requests()):
                assert error is None, error
                same(result.as_numpy("sum"), 2 * (A * count + B))
                count += 1
            assert count == 20, count


def judge_triton(address):
    client = client_of.InferenceServerClient(address)
    with grpc.insecure_channel(address) as channel:
        stub = service_pb2_grpc.GRPCInferenceServiceStub(channel)
        judge_metadata(client)
        judge_dtypes(client, stub)
        judge_infer(client, stub)
        judge_stream(client)
        judge_repository(client)
    client.close()
    asyncio.run(judge_aio(address))
