"""Ray Serve with two replicas: JSON {"x": rows} at /json, raw floats at /raw.

usage: python serve_ray.py MODEL.onnx NAME INPUT PORT FOLDER GRPC_PORT
"""

import os
import signal
import sys

os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_AUTH_MODE="disabled")

import numpy as np
import ray
from onnx_session import Session
from ray import serve
from starlette.responses import JSONResponse, Response

path, _name, _key, port, folder, _grpc_port = sys.argv[1:]
QUIET = {"enable_access_log": False}


@serve.deployment(num_replicas=2, max_ongoing_requests=32, logging_config=QUIET)
class Predictor:
    def __init__(self, path):
        self.session = Session(path)

    async def __call__(self, request):
        if request.url.path == "/json":
            batch = np.asarray((await request.json())["x"], np.float32)
            return JSONResponse({"y": self.session.run(batch).tolist()})
        batch = np.frombuffer(await request.body(), np.float32).reshape(self.session.shape)
        return Response(self.session.run(batch).tobytes(), media_type="application/octet-stream")


ray.init(num_cpus=4, include_dashboard=False, object_store_memory=100_000_000, _temp_dir=folder, log_to_driver=False)
serve.start(http_options={"host": "127.0.0.1", "port": int(port)}, logging_config=QUIET)
serve.run(Predictor.bind(path))
signal.sigwait({signal.SIGTERM})
ray.shutdown()
