"""What Triton's Python backend runs; `serve_triton.py` puts it into a model repository."""

import triton_python_backend_utils as triton
from onnx_session import from_environment


class TritonPythonModel:
    def initialize(self, args):
        self.session = from_environment()

    def execute(self, requests):
        return [self.answer(request) for request in requests]

    def answer(self, request):
        output = self.session.run(request.inputs()[0].as_numpy())
        return triton.InferenceResponse([triton.Tensor("y", output)])
