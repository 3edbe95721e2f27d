"""Schemathesis holds the server against its own description, `/openapi.json`: with names that mean nothing, and with those of real models."""

import contextlib
import json
import os
import re
import subprocess

import floe
from http_client import ask
from report import check
from server import serve

SEED = 20
EXAMPLES = 25
SECONDS = 600
MODELS = ["scale", "pairs_float32", "pairs_string", "pairs_int64", "examples", "open"]
VERSIONS = [1, 2]
LABELS = ["older", "newer"]


def configuration(path):
    """What Schemathesis has to know that no description can tell."""
    path.write_text(
        """
# A request may be of the right form and still not be for this model: its inputs, its shapes, its labels.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "400", "401", "403", "404", "409", "429", "501", "504"]

# A deadline of no time at all has always passed.
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "501", "504"]

# As in TensorFlow Serving, whose word for the wrong one of its methods is 400.
[[operations]]
include-path-regex = "^/v1/"
checks.unsupported_method.enabled = false
"""
    )


def narrowed(document):
    """The same with real models, versions and labels to choose from."""
    choices = {"model": MODELS, "version": VERSIONS, "label": LABELS}
    # TensorFlow Serving passes over the label where states are asked for.
    document["paths"].pop("/v1/models/{model}/labels/{label}")
    for operations in document["paths"].values():
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                if parameter["in"] == "path":
                    parameter["schema"]["enum"] = choices[parameter["name"]]
    # What unloads the models would leave nothing to ask.
    document["paths"] = {path: item for path, item in document["paths"].items() if not path.endswith("/unload")}
    return document


def judge_description(root, work):
    config = work / "schemathesis.toml"
    configuration(config)
    with serve(root, work / "described.log") as addresses:
        url = addresses["http"]
        with check("Schemathesis finds nothing, whatever models are called") as notes:
            notes.append(run(config, work, f"{url}/openapi.json"))
        with check("Schemathesis finds nothing, with models that are there") as notes:
            notes.append(run(config, work, described_by(url, work), "--url", url))
        with check("the server has gone through all that, and is ready"):
            assert ask(url, "GET", "/v2/health/ready").status == 200
            assert ask(url, "GET", "/v1/models/scale").status == 200
    with check("Schemathesis finds nothing, where feedback is kept") as notes, with_feedback(work) as url:
        notes.append(run(config, work, described_by(url, work), "--url", url, "--include-path-regex", "/feedback$"))


def described_by(url, work):
    document = work / "openapi.json"
    document.write_text(json.dumps(narrowed(json.loads(ask(url, "GET", "/openapi.json").body))))
    return document


@contextlib.contextmanager
def with_feedback(work):
    """The address of a server of the models in `work` that has a database of its own."""
    command = [floe.FLOE.parent / "tools" / "run", "node", floe.FLOE.parent / "conformance" / "training" / "embedded-server.ts", work]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(server.stdout.readline())["http"]
    finally:
        code = floe.stop(server)
        server.stdout.close()
    assert code == 0, f"the server left with exit code {code}"


def run(config, work, schema, *more):
    """How many cases there were; fails with what was found."""
    command = [os.environ["SCHEMATHESIS"], "-m", "schemathesis.cli", "--no-color", "--config-file", config, "run", schema, *more]
    command += ["--seed", str(SEED), "--max-examples", str(EXAMPLES), "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--generation-database", "none"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, cwd=work)
    cases = [line.strip() for line in done.stdout.splitlines() if re.match(r" +[0-9]+ generated", line)]
    if done.returncode != 0:
        print(done.stdout[-60_000:], done.stderr[-2_000:], flush=True)
    assert done.returncode == 0, f"exit code {done.returncode}: {cases}"
    return cases[0] if cases else ""
