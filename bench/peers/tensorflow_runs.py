"""TensorFlow itself on one thread: a model of conformance/ as Python runs it.

Prints the inputs of one request as a line of JSON, by signature key; then answers each line {"runs": n} on standard input by a line
{"seconds", "cpu"}.
usage: python tensorflow_runs.py MODEL SIGNATURE
"""

import json
import os
import pathlib
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "conformance" / "judge"))

from cases import load_case  # noqa: E402
from speed import one_thread, packed, tensorflow_of  # noqa: E402

name, signature = sys.argv[1:]
one_thread()
case = load_case(name)
inputs = {key: value[:1] for key, value in case.inputs.items()} if case.rows else case.inputs
run = tensorflow_of(case, {"defaultSignature": signature}, inputs)
print(json.dumps({key: packed(value) for key, value in inputs.items()}), flush=True)
for line in sys.stdin:
    started, used = time.perf_counter(), time.process_time()
    for _ in range(json.loads(line)["runs"]):
        run()
    print(json.dumps({"seconds": time.perf_counter() - started, "cpu": time.process_time() - used}), flush=True)
