"""gRPC's own: health, reflection, TLS, API keys, Unix sockets, many connections, and a server that drains."""

import contextlib
import hashlib
import json
import os
import pathlib
import subprocess
import threading
import time

import grpc
import tritonclient.grpc as triton
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from report import check
from server import serve
from tensorflow_serving.apis import prediction_service_pb2_grpc
from tfs import A, B, refused, request_for
from triton import same, scale_inputs

HERE = pathlib.Path(__file__).resolve().parent
SECONDS = 30
SERVING = health_pb2.HealthCheckResponse.SERVING


def judge_health(channel):
    health = health_pb2_grpc.HealthStub(channel)
    for service in ("", "tensorflow.serving.PredictionService", "inference.GRPCInferenceService"):
        with check(f"health of {service or 'the server'}"):
            assert health.Check(health_pb2.HealthCheckRequest(service=service), SECONDS).status == SERVING
    with check("health of a service that is not there"), refused(grpc.StatusCode.NOT_FOUND):
        health.Check(health_pb2.HealthCheckRequest(service="nothing"), SECONDS)
    with check("health is watched"):
        watch = health.Watch(health_pb2.HealthCheckRequest())
        assert next(watch).status == SERVING
        watch.cancel()


def judge_reflection(channel):
    with check("reflection: services, and a request made of nothing else"):
        database = ProtoReflectionDescriptorDatabase(channel)
        services = set(database.get_services())
        assert {"tensorflow.serving.PredictionService", "inference.GRPCInferenceService", "grpc.health.v1.Health"} <= services, services
        pool = descriptor_pool.DescriptorPool(database)
        service = pool.FindServiceByName("tensorflow.serving.PredictionService")
        assert service.methods_by_name["Predict"].input_type.fields_by_name["inputs"].message_type.GetOptions().map_entry
        infer = pool.FindServiceByName("inference.GRPCInferenceService").methods_by_name["ModelStreamInfer"]
        assert infer.output_type.fields_by_name["infer_response"].message_type.full_name == "inference.ModelInferResponse"


def judge_basics(address):
    with grpc.insecure_channel(address) as channel:
        judge_health(channel)
        judge_reflection(channel)
        with check("a method that is not there"), refused(grpc.StatusCode.UNIMPLEMENTED, "unknown method"):
            channel.unary_unary("/nobody.Knows/It")(b"", SECONDS)
        with check("bytes that are no message"), refused(grpc.StatusCode.INTERNAL, "tensorflow.serving.PredictRequest"):
            channel.unary_unary("/tensorflow.serving.PredictionService/Predict")(b"\x0a\xff", SECONDS)
        with check("a message over the limit"), refused(grpc.StatusCode.RESOURCE_EXHAUSTED, "larger than max"):
            channel.unary_unary("/tensorflow.serving.PredictionService/Predict")(bytes(70 << 20), SECONDS)
        with check("the same connection goes on"):
            judge_sum(prediction_service_pb2_grpc.PredictionServiceStub(channel))
    judge_load_reports(address)


def judge_sum(stub, metadata=None):
    reply = stub.Predict(request_for("scale", a=A, b=B), SECONDS, metadata=metadata)
    assert list(reply.outputs["sum"].float_val) == (2 * (A + B)).reshape(-1).tolist()


READ_REPORT = """
import base64, sys
from google.protobuf.json_format import MessageToJson
from xds.data.orca.v3.orca_load_report_pb2 import OrcaLoadReport
print(MessageToJson(OrcaLoadReport.FromString(base64.b64decode(sys.stdin.buffer.read()))))
"""


def judge_load_reports(address):
    with check("a load report for who asks, as ORCA's own descriptors read it"):
        ask = [HERE.parents[1] / "tools" / "run", "node", HERE / "load_report.mjs", address]
        message = request_for("scale", a=A, b=B).SerializeToString()
        trailer = subprocess.run(ask, input=message, capture_output=True, check=True, timeout=SECONDS).stdout
        read = subprocess.run([os.environ["ORCA"], "-c", READ_REPORT], input=trailer, capture_output=True, check=True).stdout
        report = json.loads(read)
        assert list(report) == ["namedMetrics"] and set(report["namedMetrics"]) == {"queue_seconds", "running", "waiting"}, report


def certificates(work):
    """An authority, and a server's and a client's certificate by it."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    openssl("req", "-x509", *curve, "-days", 1, "-subj", "/CN=authority", "-keyout", work / "ca.key", "-out", work / "ca.crt")
    (work / "names").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1")
    for name in ("server", "client"):
        openssl("req", *curve, "-subj", f"/CN={name}", "-keyout", work / f"{name}.key", "-out", work / f"{name}.csr")
        authority = ["-CA", work / "ca.crt", "-CAkey", work / "ca.key", "-CAcreateserial"]
        openssl("x509", "-req", "-in", work / f"{name}.csr", *authority, "-days", 1, "-extfile", work / "names", "-out", work / f"{name}.crt")


def judge_tls(root, work):
    certificates(work)
    own = ["--tls-cert", work / "server.crt", "--tls-key", work / "server.key"]
    authority = (work / "ca.crt").read_bytes()
    shown = {"private_key": (work / "client.key").read_bytes(), "certificate_chain": (work / "client.crt").read_bytes()}
    with check("TLS, for both kinds of clients"), serve(root, work / "tls.log", *own) as addresses:
        with grpc.secure_channel(addresses["grpc"], grpc.ssl_channel_credentials(authority)) as channel:
            judge_sum(prediction_service_pb2_grpc.PredictionServiceStub(channel))
        client = triton.InferenceServerClient(addresses["grpc"], ssl=True, root_certificates=str(work / "ca.crt"))
        same(client.infer("scale", scale_inputs()).as_numpy("sum"), 2 * (A + B))
        client.close()
    with check("mutual TLS"), serve(root, work / "mutual.log", *own, "--tls-client-ca", work / "ca.crt") as addresses:
        with grpc.secure_channel(addresses["grpc"], grpc.ssl_channel_credentials(authority, **shown)) as channel:
            judge_sum(prediction_service_pb2_grpc.PredictionServiceStub(channel))
        with grpc.secure_channel(addresses["grpc"], grpc.ssl_channel_credentials(authority)) as channel:
            with refused(grpc.StatusCode.UNAVAILABLE):
                judge_sum(prediction_service_pb2_grpc.PredictionServiceStub(channel))


def judge_keys(root, work):
    key = {"caller": "me", "sha256": hashlib.sha256(b"secret").hexdigest(), "scopes": ["infer"]}
    (work / "keys.json").write_text(json.dumps({"keys": [key]}))
    with serve(root, work / "keys.log", "--keys", work / "keys.json") as addresses, grpc.insecure_channel(addresses["grpc"]) as channel:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
        with check("API keys: with one"):
            judge_sum(stub, [("authorization", "Bearer secret")])
        with check("API keys: without one"), refused(grpc.StatusCode.UNAUTHENTICATED):
            judge_sum(stub)
        with check("API keys: one that may not manage"), refused(grpc.StatusCode.PERMISSION_DENIED):
            call = channel.unary_unary("/inference.GRPCInferenceService/RepositoryModelUnload")
            call(b"", SECONDS, metadata=[("authorization", "Bearer secret")])
        with check("API keys: health needs none"):
            health = health_pb2_grpc.HealthStub(channel)
            assert health.Check(health_pb2.HealthCheckRequest(), SECONDS).status == SERVING


def judge_socket(root, work):
    path = work / "grpc.sock"
    with check("a Unix socket"), serve(root, work / "socket.log", "--grpc-socket", path):
        with grpc.insecure_channel(f"unix:{path}") as channel:
            judge_sum(prediction_service_pb2_grpc.PredictionServiceStub(channel))
    with check("a Unix socket that a server left behind"):
        # One that is killed cannot remove its socket.
        subprocess.run(["python3", "-c", f"import socket; socket.socket(socket.AF_UNIX).bind({str(path)!r})"], check=True)
        with serve(root, work / "socket.log", "--grpc-socket", path):
            with grpc.insecure_channel(f"unix:{path}") as channel:
                judge_sum(prediction_service_pb2_grpc.PredictionServiceStub(channel))


def judge_drain(root, work):
    """Callers that go on while the server is told to stop get an answer, or are told that it is gone; never anything else."""
    codes, answered = set(), []

    def ask(address, stop):
        with grpc.insecure_channel(address) as channel:
            stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
            while not stop.is_set():
                with contextlib.suppress(AssertionError):
                    try:
                        judge_sum(stub)
                        answered.append(1)
                    except grpc.RpcError as error:
                        codes.add(error.code())

    stop = threading.Event()
    with check("a server that drains answers what is under way"):
        with serve(root, work / "drain.log") as addresses:
            threads = [threading.Thread(target=ask, args=(addresses["grpc"], stop)) for _ in range(4)]
            for thread in threads:
                thread.start()
            while len(answered) < 200:
                time.sleep(0.01)
            watch = grpc.insecure_channel(addresses["grpc"])
            told = health_pb2_grpc.HealthStub(watch).Watch(health_pb2.HealthCheckRequest())
            assert next(told).status == SERVING
        assert next(told).status == health_pb2.HealthCheckResponse.NOT_SERVING
        watch.close()
        stop.set()
        for thread in threads:
            thread.join()
        assert codes <= {grpc.StatusCode.UNAVAILABLE}, codes


def judge_services(root, work):
    judge_tls(root, work)
    judge_keys(root, work)
    judge_socket(root, work)
    judge_drain(root, work)
