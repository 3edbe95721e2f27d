"""One test of MLPerf's Server scenario: queries of one sample at the times of a Poisson process, over kept-alive connections to a port.

usage: python loadgen.py '{"port", "request", "answers", "rate", "seconds", "seed", "folder"}'
`request` is a file with what is sent for each query, `answers` is `http` or `byte` (one byte each). Prints {"p99", "failed"}: milliseconds from
when a query was due, and how many were answered otherwise.
"""

import json
import pathlib
import queue
import re
import socket
import sys
import threading

import mlperf_loadgen as loadgen

#: More are under way only where the rate is far too high; then they wait here, and their wait counts.
CONNECTIONS = 64
SAMPLES = 1


def http_answer(stream):
    """Reads one answer; true for a 200."""
    status = stream.readline()
    length = 0
    for line in iter(stream.readline, b"\r\n"):
        if not line:
            raise ConnectionError("the connection closed before its answer")
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    stream.read(length)
    return status.startswith(b"HTTP/1.1 200")


def byte_answer(stream):
    return len(stream.read(1)) == 1


READERS = {"http": http_answer, "byte": byte_answer}


class Client:
    def __init__(self, port, request, read):
        self.request = request
        self.read = read
        self.due = queue.SimpleQueue()
        self.failed = 0
        for _ in range(CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.work, args=[connection], daemon=True).start()

    def issue(self, samples):
        for sample in samples:
            self.due.put(sample.id)

    def work(self, connection):
        stream = connection.makefile("rb")
        while True:
            query = self.due.get()
            connection.sendall(self.request)
            if not self.read(stream):
                self.failed += 1
            loadgen.QuerySamplesComplete([loadgen.QuerySampleResponse(query, 0, 0)])


def settings_of(rate, seconds, seed):
    settings = loadgen.TestSettings()
    settings.scenario = loadgen.TestScenario.Server
    settings.mode = loadgen.TestMode.PerformanceOnly
    settings.server_target_qps = rate
    settings.min_duration_ms = round(1000 * seconds)
    settings.min_query_count = round(rate * seconds)
    settings.schedule_rng_seed = settings.sample_index_rng_seed = settings.qsl_rng_seed = seed
    return settings


def test(client, rate, seconds, seed, folder):
    output = loadgen.LogOutputSettings()
    output.outdir = folder
    logs = loadgen.LogSettings()
    logs.log_output = output
    logs.enable_trace = False
    system = loadgen.ConstructSUT(client.issue, lambda: None)
    library = loadgen.ConstructQSL(SAMPLES, SAMPLES, lambda samples: None, lambda samples: None)
    loadgen.StartTestWithLogSettings(system, library, settings_of(rate, seconds, seed), logs)
    summary = (pathlib.Path(folder) / "mlperf_log_summary.txt").read_text()
    p99 = int(re.search(r"^99\.00 percentile latency \(ns\)\s*: (\d+)", summary, re.MULTILINE)[1])
    return {"p99": p99 / 1e6, "failed": client.failed}


asked = json.loads(sys.argv[1])
client = Client(asked["port"], pathlib.Path(asked["request"]).read_bytes(), READERS[asked["answers"]])
print(json.dumps(test(client, asked["rate"], asked["seconds"], asked["seed"], asked["folder"])), flush=True)
