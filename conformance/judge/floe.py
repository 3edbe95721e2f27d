"""Runs the product: `floe freeze`, and `floe serve` on a free port for as long as a block lasts."""

import contextlib
import json
import pathlib
import signal
import socket
import subprocess
import time
import urllib.request

FLOE = pathlib.Path(__file__).resolve().parents[2] / "floe"
READY_SECONDS = 300
DRAIN_SECONDS = 60


def build():
    """The first call of the wrapper builds; later ones start at once."""
    done = subprocess.run([FLOE, "--version"], capture_output=True, text=True)
    assert done.returncode == 0, (done.stderr or done.stdout).strip()[-600:]


def freeze(case, root):
    """Freezes a case to `<root>/<name>/1`; returns its manifest and the seconds it took."""
    started = time.monotonic()
    command = [FLOE, "freeze", case.source, "--models", root, "--name", case.name, "--version", "1", *case.freeze]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, f"exit code {done.returncode}: {(done.stderr or done.stdout).strip()[-600:]}"
    manifest = json.loads((root / case.name / "1" / "model.json").read_text())
    return manifest, time.monotonic() - started


@contextlib.contextmanager
def serve(root, log):
    """`127.0.0.1:port` of a server that is ready. It gets SIGTERM at the end, and has to leave with exit code 0."""
    port = free_port()
    command = [FLOE, "serve", "--models", root, "--http-port", str(port), "--admin-port", "0", "--grpc-port", "off"]
    with open(log, "wb") as stream:
        server = subprocess.Popen(command, stdout=stream, stderr=stream)
    try:
        wait_ready(server, port, log)
        yield f"127.0.0.1:{port}"
    finally:
        code = stop(server)
    assert code == 0, f"the server left with exit code {code}: {tail(log)}"


def stop(server):
    if server.poll() is None:
        server.send_signal(signal.SIGTERM)
    try:
        return server.wait(DRAIN_SECONDS)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        return "none: it had to be killed"


def wait_ready(server, port, log):
    deadline = time.monotonic() + READY_SECONDS
    while not answers(f"http://127.0.0.1:{port}/v2/health/ready"):
        assert server.poll() is None, f"the server left with exit code {server.returncode}: {tail(log)}"
        assert time.monotonic() < deadline, f"not ready after {READY_SECONDS} s: {tail(log)}"
        time.sleep(0.1)


def answers(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as reply:
            return reply.status == 200
    except OSError:
        return False


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def tail(log):
    return pathlib.Path(log).read_text(errors="replace").strip()[-600:]
