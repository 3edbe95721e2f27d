"""The way from a SavedModel to ONNX in Python: TensorFlow loads and freezes it, tf2onnx's own command converts it.

Prints a line of JSON: CPU seconds of that, imports not counted.
usage: python tf2onnx_convert.py SAVED_MODEL SIGNATURE OUT.onnx
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow  # noqa: E402, F401
import tf2onnx.convert  # noqa: E402

source, signature, out = sys.argv[1:]
sys.argv = ["tf2onnx", "--saved-model", source, "--signature_def", signature, "--tag", "serve", "--opset", "18", "--output", out]
started = time.process_time()
tf2onnx.convert.main()
print(json.dumps({"cpu": time.process_time() - started}))
