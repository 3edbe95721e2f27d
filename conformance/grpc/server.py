"""Runs `floe serve` on free ports for as long as a block lasts."""

import contextlib
import json
import subprocess

import floe


@contextlib.contextmanager
def serve(root, log, *more):
    """Addresses {http, admin, grpc} of a server that is ready. It gets SIGTERM at the end, and has to leave with exit code 0."""
    ports = ["--http-port", "0", "--admin-port", "0", "--grpc-port", "0"]
    command = [floe.FLOE, "serve", "--models", root, *ports, "--json", "--keep-versions", "2", "--access-log", "false", *more]
    with open(log, "wb") as stream:
        server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=stream, text=True)
    try:
        line = server.stdout.readline()
        assert line, f"the server does not start: {floe.tail(log)}"
        yield json.loads(line)
    finally:
        code = floe.stop(server)
        server.stdout.close()
    assert code == 0, f"the server left with exit code {code}: {floe.tail(log)}"
