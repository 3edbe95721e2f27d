"""BentoML with two workers.

usage: python serve_bentoml.py MODEL.onnx NAME INPUT PORT FOLDER GRPC_PORT
"""

import os
import pathlib
import sys

path, _name, _key, port, folder, _grpc_port = sys.argv[1:]
os.environ.update(FLOE_BENCH_ONNX=path, BENTOML_HOME=folder, BENTOML_DO_NOT_TRACK="true")
here = str(pathlib.Path(__file__).resolve().parent)
where = ["--working-dir", here, "--host", "127.0.0.1", "--port", port]
os.execv(sys.executable, [sys.executable, "-m", "bentoml", "serve", "bentoml_service:Predictor", *where])
