"""Runs the container's command of deploy/kserve/serving-runtime.yaml, as KServe fills it in, on free ports for as long as a block lasts."""

import contextlib
import os
import subprocess

import floe
import yaml

RUNTIME = floe.FLOE.parent / "deploy/kserve/serving-runtime.yaml"


def arguments(name, folder, http, grpc):
    [container] = yaml.safe_load(RUNTIME.read_text())["spec"]["containers"]
    text = "\n".join(container["args"])
    for said, here in (("{{.Name}}", name), ("/mnt/models", str(folder)), ("8080", str(http)), ("8081", str(grpc))):
        assert said in text, f"{said} is not in the arguments of {RUNTIME}"
        text = text.replace(said, here)
    return text.split("\n")


@contextlib.contextmanager
def serve(name, folder, log, *more):
    """HTTP and gRPC address of a server that is ready. It gets SIGTERM at the end, and has to leave with exit code 0."""
    http, grpc = floe.free_port(), floe.free_port()
    command = [floe.FLOE, *arguments(name, folder, http, grpc), *more]
    with open(log, "wb") as stream:
        server = subprocess.Popen(command, stdout=stream, stderr=stream, env={**os.environ, "FLOE_ADMIN_PORT": "0"})
    try:
        floe.wait_ready(server, http, log)
        yield f"http://127.0.0.1:{http}", f"127.0.0.1:{grpc}"
    finally:
        code = floe.stop(server)
    assert code == 0, f"the server left with exit code {code}: {floe.tail(log)}"
