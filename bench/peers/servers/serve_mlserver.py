"""MLServer with two workers.

usage: python serve_mlserver.py MODEL.onnx NAME INPUT PORT FOLDER GRPC_PORT
"""

import json
import os
import pathlib
import sys

path, name, _key, port, folder, grpc_port = sys.argv[1:]
here = pathlib.Path(__file__).resolve().parent
server = {
    "host": "127.0.0.1",
    "http_port": int(port),
    "grpc_port": int(grpc_port),
    "metrics_port": 0,
    "parallel_workers": 2,
    "debug": False,
    "environments_dir": str(pathlib.Path(folder) / "environments"),
}
(pathlib.Path(folder) / "settings.json").write_text(json.dumps(server))
model = {"name": name, "implementation": "mlserver_model.OnnxModel", "parameters": {"uri": path}}
(pathlib.Path(folder) / "model-settings.json").write_text(json.dumps(model))
os.environ["PYTHONPATH"] = str(here)
os.execv(sys.executable, [sys.executable, "-c", "from mlserver.cli import main; main()", "start", folder])
