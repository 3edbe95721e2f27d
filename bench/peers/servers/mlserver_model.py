"""What MLServer runs; `serve_mlserver.py` writes its settings."""

from mlserver import MLModel
from mlserver.codecs import NumpyCodec
from mlserver.types import InferenceResponse
from onnx_session import Session


class OnnxModel(MLModel):
    async def load(self):
        self.session = Session(self.settings.parameters.uri)
        return True

    async def predict(self, payload):
        batch = NumpyCodec.decode_input(payload.inputs[0])
        output = NumpyCodec.encode_output("y", self.session.run(batch.astype("float32", copy=False)))
        return InferenceResponse(model_name=self.name, outputs=[output])
