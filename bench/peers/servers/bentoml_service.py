"""What BentoML runs: its own JSON at /predict, raw floats at /raw."""

import functools

import bentoml
import numpy as np
from bentoml.validators import DType
from onnx_session import from_environment
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route
from typing_extensions import Annotated

Floats = Annotated[np.ndarray, DType("float32")]


async def raw(request):
    batch = np.frombuffer(await request.body(), np.float32).reshape(session().shape)
    return Response((await run_in_threadpool(session().run, batch)).tobytes(), media_type="application/octet-stream")


@functools.cache
def session():
    return from_environment()


@bentoml.service(workers=2, logging={"access": {"enabled": False}})
@bentoml.asgi_app(Starlette(routes=[Route("/", raw, methods=["POST"])]), path="/raw")
class Predictor:
    def __init__(self):
        session()

    @bentoml.api
    def predict(self, x: Floats) -> Floats:
        return session().run(x)
