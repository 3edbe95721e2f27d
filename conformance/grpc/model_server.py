"""`tensorflow_model_server`: TensorFlow Serving's own command line, with files that its own messages were written into."""

import contextlib
import json
import os
import subprocess
import time
import urllib.request

import floe
import grpc
import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from report import check
from tensorflow_serving.apis import (
    model_management_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

SECONDS = 30
METRICS = "/monitoring/prometheus/metrics"


@contextlib.contextmanager
def running(log, *args):
    """Channel and HTTP address of a server that is ready."""
    port, rest = floe.free_port(), floe.free_port()
    root = floe.FLOE.parent
    command = [root / "bin/tensorflow_model_server"]
    with open(log, "wb") as stream:
        ports = [f"--port={port}", f"--rest_api_port={rest}"]
        server = subprocess.Popen([*command, *ports, *args], stdout=stream, stderr=stream, env={**os.environ, "FLOE_ADMIN_PORT": "0"})
    http = f"http://127.0.0.1:{rest}"
    try:
        wait(lambda: fetch(f"{http}/v2/health/ready") is not None, "it gets ready", log)
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield channel, http
    finally:
        code = floe.stop(server)
    assert code == 0, f"the server left with exit code {code}: {floe.tail(log)}"


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.read().decode()
    except OSError:
        return None


def wait(is_so, what, log):
    end = time.monotonic() + 60
    while not is_so():
        assert time.monotonic() < end, f"{what}: not in time; {floe.tail(log)}"
        time.sleep(0.1)


def predict(channel, model, label=""):
    request = predict_pb2.PredictRequest()
    request.model_spec.name = model
    if label:
        request.model_spec.version_label = label
    for name in ("a", "b"):
        request.inputs[name].CopyFrom(tf.make_tensor_proto(np.ones([1, 2], np.float32)))
    reply = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict(request, SECONDS)
    return reply.model_spec.version.value


def listed(models, **policies):
    config = model_server_config_pb2.ModelServerConfig()
    for name, folder in models.items():
        model = config.model_config_list.config.add(name=name, base_path=str(folder), model_platform="tensorflow")
        for version in policies.get(name, {}).get("specific", ()):
            model.model_version_policy.specific.versions.append(version)
        for label, version in policies.get(name, {}).get("labels", {}).items():
            model.version_labels[label] = version
    return config


def write_warm_up(folder, input_name):
    log = prediction_log_pb2.PredictionLog()
    request = log.predict_log.request
    request.model_spec.name = "any"
    for name in (input_name, "b"):
        request.inputs[name].CopyFrom(tf.make_tensor_proto(np.ones([3, 2], np.float32)))
    (folder / "assets.extra").mkdir()
    with tf.io.TFRecordWriter(str(folder / "assets.extra/tf_serving_warmup_requests")) as writer:
        writer.write(log.SerializeToString())


def state_of(http, model):
    text = fetch(f"{http}/v1/models/{model}")
    return None if text is None else json.loads(text)["model_version_status"]


def warmed_in(log):
    lines = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
    return sorted(((line.get("version"), line.get("warmUpRequests")) for line in lines if line["msg"] == "loaded"), key=str)


def judge_frozen(source, work):
    models, log = work / "frozen", work / "frozen.log"
    command = [floe.FLOE, "freeze", source, "--models", models, "--name", "scale", "--json"]
    frozen = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(frozen.stdout)["warmUp"] == {"kept": 1, "leftOut": 0}, frozen.stdout
    with running(log, "--model_name=scale", f"--model_base_path={models / 'scale'}"):
        assert warmed_in(log) == [(1, 1)], warmed_in(log)


def judge_model_server(save_scale, work):
    root = work / "listed"
    for version in (1, 2):
        save_scale(root / "scale" / str(version), float(version))
    save_scale(root / "cold" / "5", 5.0)
    write_warm_up(root / "cold" / "5", "none")
    write_warm_up(root / "scale" / "2", "a")
    both = {"scale": {"specific": [1, 2], "labels": {"stable": 1, "canary": 2}}}
    config, monitoring, log = work / "models.config", work / "monitoring.config", work / "model-server.log"
    config.write_text(text_format.MessageToString(listed({"scale": root / "scale"}, **both)))
    monitoring.write_text(f'prometheus_config {{ enable: true, path: "{METRICS}" }}')
    flags = [f"--model_config_file={config}", "--model_config_file_poll_wait_seconds=1", f"--monitoring_config_file={monitoring}", "--rest_api_num_threads=8"]
    with check("tensorflow_model_server serves a list with policies and labels"):
        with running(log, *flags) as (channel, http):
            found = [predict(channel, "scale"), predict(channel, "scale", "stable"), predict(channel, "scale", "canary")]
            assert found == [2, 1, 2], found
            with check("it answers warm-up requests that TensorFlow wrote first"):
                assert warmed_in(log) == [(1, None), (2, 1)], warmed_in(log)
            with check("its metrics have the names that dashboards look for"):
                text = fetch(f"{http}{METRICS}")
                assert ':tensorflow:serving:request_count{model_name="scale",status="OK"} 3' in text, text
                assert ":tensorflow:serving:request_latency_count" in text, text
            with check("it follows its file, and says what of it cannot be warmed"):
                config.write_text(text_format.MessageToString(listed({"scale": root / "scale", "cold": root / "cold"}, **both)))
                wait(lambda: (state_of(http, "cold") or [{}])[0].get("state") == "END", "the new model is tried", log)
                message = state_of(http, "cold")[0]["status"]["error_message"]
                assert "warm-up request 0" in message and "none" in message, message
                assert predict(channel, "scale") == 2
            with check("it takes a list over gRPC with a model from elsewhere"):
                save_scale(work / "elsewhere" / "9", 9.0)
                request = model_management_pb2.ReloadConfigRequest(config=listed({"other": work / "elsewhere"}))
                reply = model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest(request, SECONDS)
                assert reply.status.error_code == 0, reply
                assert predict(channel, "other") == 9
    with check("a frozen version is warmed by what TensorFlow wrote beside its source"):
        judge_frozen(root / "scale" / "2", work)
