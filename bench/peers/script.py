"""A script that is started for each request: TensorFlow loads the model, answers once, ends.

Prints a line of JSON: the answer, and the CPU seconds of the whole process up to there.
usage: python script.py SAVED_MODEL SIGNATURE < V2 JSON request
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf  # noqa: E402

source, signature = sys.argv[1:]
model = tf.saved_model.load(source)
inputs = {one["name"]: tf.reshape(tf.constant(one["data"], tf.float32), one["shape"]) for one in json.load(sys.stdin)["inputs"]}
outputs = {name: value.numpy().tolist() for name, value in model.signatures[signature](**inputs).items()}
print(json.dumps({"outputs": outputs, "cpu": time.process_time()}))
