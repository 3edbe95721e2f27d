"""TensorFlow Serving's services through the stubs of `tensorflow-serving-api`."""

import contextlib

import grpc
import numpy as np
import tensorflow as tf
import zoo
from report import check
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
    regression_pb2,
)
from tensorflow_serving.config.file_system_storage_path_source_pb2 import FileSystemStoragePathSourceConfig

SECONDS = 30


@contextlib.contextmanager
def refused(code, *texts):
    try:
        yield
    except grpc.RpcError as error:
        assert error.code() == code, f"{error.code()}: {error.details()}"
        for text in texts:
            assert text in error.details(), f"{text!r} is not in {error.details()!r}"
        return
    raise AssertionError(f"no error, where {code} was expected")


def request_for(model, signature="", **inputs):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    for name, value in inputs.items():
        proto = value if isinstance(value, tf.make_tensor_proto(0).__class__) else tf.make_tensor_proto(value)
        request.inputs[name].CopyFrom(proto)
    return request


def equal(found, wanted):
    found, wanted = np.asarray(found), np.asarray(wanted)
    assert found.dtype == wanted.dtype and found.shape == wanted.shape, f"{found.dtype}{found.shape}, not {wanted.dtype}{wanted.shape}"
    assert found.tobytes() == wanted.tobytes() if found.dtype != object else found.tolist() == wanted.tolist(), f"{found}"


def as_values(dtype, array):
    """The tensor with its elements in the list of their type."""
    proto = tf.make_tensor_proto(array)
    content = proto.tensor_content
    if not content:
        return proto
    proto.ClearField("tensor_content")
    flat = np.asarray(array).reshape(-1)
    if dtype in ("float16", "bfloat16"):
        proto.half_val.extend(flat.view(np.uint16).tolist())
    elif dtype in ("float32", "float64", "int64", "bool", "uint32", "uint64"):
        field = {"float32": "float_val", "float64": "double_val", "int64": "int64_val", "bool": "bool_val"}.get(dtype, f"{dtype}_val")
        getattr(proto, field).extend(flat.tolist())
    else:
        proto.int_val.extend(flat.tolist())
    return proto


def judge_predict(stub):
    for dtype in zoo.DTYPES:
        value = zoo.sample(dtype)
        wanted = zoo.pairs(dtype)
        for form, proto in (("tensor_content", tf.make_tensor_proto(value)), ("its own list", as_values(dtype, value))):
            with check(f"Predict, {dtype} in {form}"):
                reply = stub.Predict(request_for(f"pairs_{dtype}", x=proto), SECONDS)
                equal(tf.make_ndarray(reply.outputs["y"]), wanted)
                assert not reply.outputs["y"].tensor_content, "answers are in lists, as clients read them"
    with check("Predict, a list that is too short repeats its last value"):
        proto = tf.make_tensor_proto(np.zeros([2, 3], np.float32))
        proto.ClearField("tensor_content")
        proto.float_val.extend([1, 7])
        reply = stub.Predict(request_for("pairs_float32", x=proto), SECONDS)
        equal(tf.make_ndarray(reply.outputs["y"]), np.array([[1, 7, 7, 1, 7, 7], [7] * 6], np.float32))
    for plain, quantised in (("int8", "DT_QINT8"), ("uint8", "DT_QUINT8"), ("int32", "DT_QINT32"), ("int16", "DT_QINT16")):
        with check(f"Predict, {quantised} counts as {plain}"):
            proto = tf.make_tensor_proto(zoo.sample(plain))
            proto.dtype = types_pb2.DataType.Value(quantised)
            reply = stub.Predict(request_for(f"pairs_{plain}", x=proto), SECONDS)
            equal(tf.make_ndarray(reply.outputs["y"]), zoo.pairs(plain))
    with check("Predict, 20 MB both ways"):
        value = np.random.RandomState(1).rand(1_700_000, 3).astype(np.float32)
        equal(tf.make_ndarray(stub.Predict(request_for("pairs_float32", x=value), SECONDS).outputs["y"]), np.concatenate([value] * 2, 1))


A = np.array([[1, 2]], np.float32)
B = np.array([[10, 20]], np.float32)


def judge_versions(stub):
    with check("Predict asks the newest version, and says which it was"):
        reply = stub.Predict(request_for("scale", a=A, b=B), SECONDS)
        equal(tf.make_ndarray(reply.outputs["sum"]), 2 * (A + B))
        assert reply.model_spec.version.value == 2 and reply.model_spec.signature_name == "serving_default", reply.model_spec
        assert set(reply.outputs) == {"sum", "difference"}
    with check("Predict by version"):
        request = request_for("scale", a=A, b=B)
        request.model_spec.version.value = 1
        reply = stub.Predict(request, SECONDS)
        equal(tf.make_ndarray(reply.outputs["sum"]), A + B)
        assert reply.model_spec.version.value == 1
    for label, factor in (("older", 1), ("newer", 2)):
        with check(f"Predict by the label {label}"):
            request = request_for("scale", a=A, b=B)
            request.model_spec.version_label = label
            equal(tf.make_ndarray(stub.Predict(request, SECONDS).outputs["difference"]), factor * (A - B))
    with check("Predict by signature"):
        reply = stub.Predict(request_for("scale", "negative", a=A), SECONDS)
        equal(tf.make_ndarray(reply.outputs["negative"]), -2 * A)
        assert reply.model_spec.signature_name == "negative"
    with check("Predict with output_filter"):
        request = request_for("scale", a=A, b=B)
        request.output_filter.append("difference")
        assert set(stub.Predict(request, SECONDS).outputs) == {"difference"}


def judge_errors(stub):
    invalid, missing = grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.NOT_FOUND

    def expect(name, code, *texts):
        def run(request):
            with check(f"Predict with {name} is refused"), refused(code, *texts):
                stub.Predict(request, SECONDS)

        return run

    expect("no model", invalid, "Missing ModelSpec")(predict_pb2.PredictRequest())
    expect("a model that is not there", missing, "Servable not found for request: Latest(nothing)")(request_for("nothing", a=A))
    request = request_for("scale", a=A, b=B)
    request.model_spec.version.value = 9
    expect("a version that is not there", missing, "Servable not found for request: Specific(scale, 9)")(request)
    request.model_spec.version_label = "none"
    expect("a label that is not there", invalid, "Unrecognized servable version label: none")(request)
    unknown = request_for("scale", "none", a=A, b=B)
    expect("an unknown signature", grpc.StatusCode.FAILED_PRECONDITION, 'Serving signature key "none" not found.')(unknown)
    expect("a missing input", invalid, "input size does not match signature: 1!=2", "Missing but required: {b}")(request_for("scale", a=A))
    expect("an input too many", invalid, "Sent extra: {c}")(request_for("scale", a=A, b=B, c=A))
    expect("an unknown input", invalid, "input tensor alias not found in signature: c")(request_for("scale", a=A, c=B))
    filtered = request_for("scale", a=A, b=B)
    filtered.output_filter.append("none")
    expect("an unknown output", invalid, "output tensor alias not found in signature: none")(filtered)
    filtered.output_filter[:] = ["sum", "sum"]
    expect("an output twice", invalid, "duplicate output tensor alias: sum")(filtered)
    expect("another type", invalid, "int32")(request_for("pairs_float32", x=zoo.sample("int32")))
    expect("another shape", invalid, "[1,2]")(request_for("pairs_float32", x=A))
    expect("a complex tensor", grpc.StatusCode.UNIMPLEMENTED, "complex64")(request_for("pairs_float32", x=np.ones([1, 3], np.complex64)))
    cut = tf.make_tensor_proto(zoo.sample("float32"))
    cut.tensor_content = cut.tensor_content[:-1]
    expect("too few bytes", invalid, "tensor parsing error: x", "tensor_content")(request_for("pairs_float32", x=cut))
    cut.dtype = 0
    expect("no dtype", invalid, "tensor parsing error: x")(request_for("pairs_float32", x=cut))


def judge_models(stub, models):
    with check("GetModelMetadata"):
        request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
        request.model_spec.name = "scale"
        reply = stub.GetModelMetadata(request, SECONDS)
        assert reply.model_spec.version.value == 2
        signatures = get_model_metadata_pb2.SignatureDefMap()
        assert reply.metadata["signature_def"].Unpack(signatures)
        signature = signatures.signature_def["serving_default"]
        assert set(signature.inputs) == {"a", "b"} and set(signature.outputs) == {"sum", "difference"}
        assert signature.inputs["a"].dtype == types_pb2.DT_FLOAT
        assert [dim.size for dim in signature.inputs["a"].tensor_shape.dim] == [-1, 2]
    with check("GetModelMetadata of nothing"), refused(grpc.StatusCode.INVALID_ARGUMENT, "must specify at least one metadata_field"):
        request.metadata_field[:] = []
        stub.GetModelMetadata(request, SECONDS)
    with check("GetModelStatus"):
        request = get_model_status_pb2.GetModelStatusRequest()
        request.model_spec.name = "scale"
        states = {one.version: one.state for one in models.GetModelStatus(request, SECONDS).model_version_status}
        available = get_model_status_pb2.ModelVersionStatus.AVAILABLE
        assert states == {1: available, 2: available}, states
        request.model_spec.version.value = 1
        assert [one.version for one in models.GetModelStatus(request, SECONDS).model_version_status] == [1]
    with check("GetModelStatus of a version that is not there"), refused(grpc.StatusCode.NOT_FOUND, "Could not find version 9 of model scale"):
        request.model_spec.version.value = 9
        models.GetModelStatus(request, SECONDS)


def example(**features):
    proto = tf.train.Example()
    for name, values in features.items():
        proto.features.feature[name].float_list.value.extend(values)
    return proto


def judge_examples(stub):
    first, second = example(x=[1, 2]), example(x=[3, 1], y=[10])

    def ask(request, signature="", *examples):
        request.model_spec.name = "examples"
        request.model_spec.signature_name = signature
        request.input.example_list.examples.extend(examples)
        return request

    with check("Classify"):
        reply = stub.Classify(ask(classification_pb2.ClassificationRequest(), "", first, second), SECONDS)
        rows = [[(one.label, round(one.score, 4)) for one in row.classes] for row in reply.result.classifications]
        assert rows == [[("first", 0.2689), ("second", 0.7311)], [("first", 0.8808), ("second", 0.1192)]], rows
        assert reply.model_spec.version.value == 1
    with check("Regress"):
        reply = stub.Regress(ask(regression_pb2.RegressionRequest(), "regress", first, second), SECONDS)
        assert [one.value for one in reply.result.regressions] == [3, 14], reply
    with check("Regress with a context"):
        request = ask(regression_pb2.RegressionRequest(), "regress")
        request.input.example_list_with_context.context.CopyFrom(example(y=[100]))
        request.input.example_list_with_context.examples.extend([first, second])
        assert [one.value for one in stub.Regress(request, SECONDS).result.regressions] == [103, 14]
    with check("MultiInference"):
        request = inference_pb2.MultiInferenceRequest()
        for signature, method in (("serving_default", "classify"), ("regress", "regress")):
            task = request.tasks.add(method_name=f"tensorflow/serving/{method}")
            task.model_spec.name, task.model_spec.signature_name = "examples", signature
        request.input.example_list.examples.append(first)
        classes, values = stub.MultiInference(request, SECONDS).results
        assert [one.label for one in classes.classification_result.classifications[0].classes] == ["first", "second"]
        assert values.regression_result.regressions[0].value == 3
    with check("Predict takes serialised examples"):
        reply = stub.Predict(request_for("examples", "regress", inputs=np.array([first.SerializeToString()], object)), SECONDS)
        equal(tf.make_ndarray(reply.outputs["outputs"]), np.array([[3]], np.float32))
    with check("Classify by another method's signature"), refused(grpc.StatusCode.INVALID_ARGUMENT, "method_name"):
        stub.Classify(ask(classification_pb2.ClassificationRequest(), "regress", first), SECONDS)
    with check("Classify of nothing"), refused(grpc.StatusCode.INVALID_ARGUMENT, "Input is empty"):
        stub.Classify(ask(classification_pb2.ClassificationRequest()), SECONDS)


def judge_reload(stub, models, root):
    """Last of all: what is not listed is not served any more."""

    def reload(**policy):
        request = model_management_pb2.ReloadConfigRequest()
        config = request.config.model_config_list.config.add(name="scale", base_path=str(root / "scale"), model_platform="tensorflow")
        config.model_version_policy.MergeFrom(FileSystemStoragePathSourceConfig.ServableVersionPolicy(**policy.get("versions", {})))
        for label, version in policy.get("labels", {}).items():
            config.version_labels[label] = version
        config.base_path = policy.get("base_path", config.base_path)
        return models.HandleReloadConfigRequest(request, SECONDS)

    def serves(version):
        request = request_for("scale", a=A, b=B)
        request.model_spec.version.value = version
        try:
            stub.Predict(request, SECONDS)
        except grpc.RpcError as error:
            assert error.code() == grpc.StatusCode.NOT_FOUND, error
            return False
        return True

    with check("reload: one version, a label, and no other models"):
        assert reload(versions={"specific": {"versions": [1]}}, labels={"mine": 1}).status.error_code == 0
        assert serves(1) and not serves(2)
        request = request_for("scale", a=A, b=B)
        request.model_spec.version_label = "mine"
        equal(tf.make_ndarray(stub.Predict(request, SECONDS).outputs["sum"]), A + B)
        with refused(grpc.StatusCode.NOT_FOUND):
            stub.Predict(request_for("pairs_float32", x=zoo.sample("float32")), SECONDS)
    with check("reload: all versions"):
        reload(versions={"all": {}})
        assert serves(1) and serves(2)
    with check("reload: a label of a version that does not serve"), refused(grpc.StatusCode.FAILED_PRECONDITION, "not available"):
        reload(versions={"latest": {"num_versions": 1}}, labels={"mine": 1})
    with check("reload: a model that lies elsewhere"), refused(grpc.StatusCode.INVALID_ARGUMENT, "/elsewhere"):
        reload(base_path="/elsewhere")
    with check("reload: no list"), refused(grpc.StatusCode.INVALID_ARGUMENT, "Only ModelConfigList"):
        models.HandleReloadConfigRequest(model_management_pb2.ReloadConfigRequest(), SECONDS)


def judge_tfs(address):
    with grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        models = model_service_pb2_grpc.ModelServiceStub(channel)
        judge_predict(stub)
        judge_versions(stub)
        judge_errors(stub)
        judge_models(stub, models)
        judge_examples(stub)
        with check("a deadline that passes is DEADLINE_EXCEEDED"), refused(grpc.StatusCode.DEADLINE_EXCEEDED):
            stub.Predict(request_for("pairs_float32", x=np.zeros([3_000_000, 3], np.float32)), 1e-3)
        with check("a call is cancelled"):
            call = stub.Predict.future(request_for("pairs_float32", x=np.zeros([3_000_000, 3], np.float32)), SECONDS)
            call.cancel()
            assert call.code() == grpc.StatusCode.CANCELLED
        with check("gzip both ways"):
            value = np.zeros([5000, 3], np.float32)
            reply = stub.Predict(request_for("pairs_float32", x=value), SECONDS, compression=grpc.Compression.Gzip)
            equal(tf.make_ndarray(reply.outputs["y"]), np.zeros([5000, 6], np.float32))
        with check("200 calls at once"):
            calls = [stub.Predict.future(request_for("scale", a=A * i, b=B), SECONDS) for i in range(200)]
            for i, call in enumerate(calls):
                equal(tf.make_ndarray(call.result().outputs["sum"]), 2 * (A * i + B))


def judge_tfs_reload(address, root):
    with grpc.insecure_channel(address) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        judge_reload(stub, model_service_pb2_grpc.ModelServiceStub(channel), root)
