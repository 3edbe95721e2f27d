"""Triton's server, as nvidia-pytriton has it, with its Python backend (no other is in the package), two instances.

usage: python serve_triton.py MODEL.onnx NAME INPUT PORT FOLDER GRPC_PORT
"""

import os
import pathlib
import shutil
import sys
import sysconfig

import pytriton
from onnx_session import Session

path, name, key, port, folder, _grpc_port = sys.argv[1:]
here = pathlib.Path(__file__).resolve().parent
shipped = pathlib.Path(pytriton.__file__).parent / "tritonserver"
version = f"{sys.version_info.major}.{sys.version_info.minor}"

backend = pathlib.Path(folder) / "backends" / "python"
shutil.copytree(shipped / "backends" / "python", backend)
shutil.copy(shipped / "python_backend_stubs" / version / "triton_python_backend_stub", backend)

model = pathlib.Path(folder) / "models" / name
(model / "1").mkdir(parents=True)
shutil.copy(here / "triton_model.py", model / "1" / "model.py")
shutil.copy(here / "onnx_session.py", model / "1")
shape = ", ".join(str(dim) for dim in [-1, *Session(path).shape[1:]])
(model / "config.pbtxt").write_text(
    f"""
backend: "python"
input [{{ name: "{key}" data_type: TYPE_FP32 dims: [{shape}] }}]
output [{{ name: "y" data_type: TYPE_FP32 dims: [-1, -1] }}]
instance_group [{{ kind: KIND_CPU count: 2 }}]
"""
)

os.environ["FLOE_BENCH_ONNX"] = path
# The Python inside looks for its packages from the first `python3` of the path.
os.environ["PATH"] = os.pathsep.join([str(pathlib.Path(sys.executable).parent), os.environ["PATH"]])
libraries = pathlib.Path(pytriton.__file__).parents[1] / "nvidia_pytriton.libs"
os.environ["LD_LIBRARY_PATH"] = os.pathsep.join([sysconfig.get_config_var("LIBDIR"), str(libraries)])
server = str(shipped / "bin" / "tritonserver")
options = {
    "model-repository": model.parent,
    "backend-directory": backend.parent,
    "http-port": port,
    "http-address": "127.0.0.1",
    "allow-grpc": "false",
    "allow-metrics": "false",
    "log-info": "false",
}
os.execv(server, [server, *(f"--{option}={value}" for option, value in options.items())])
