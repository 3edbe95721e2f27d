"""Lets KServe's own clients judge a Floe that is started here as its runtime. usage: python conformance/kserve FOLDER"""

import asyncio
import logging
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "judge")]

import clients  # noqa: E402
from report import check, finish  # noqa: E402
from server import serve  # noqa: E402


def main(work):
    models = work / "models"
    # Its clients log every refusal with a trace.
    logging.disable(logging.ERROR)
    with check("the runtime's command serves a SavedModel that lies straight in its folder, and leaves with exit code 0"):
        with serve("scale", models / "lone", work / "lone.log") as (http, grpc):
            asyncio.run(clients.judge(http, grpc, factor=3))
    with check("versions in numbered folders are served, the newest"):
        with serve("scale", models / "numbered", work / "numbered.log") as (http, grpc):
            asyncio.run(clients.judge_version(http, factor=2))
    with check("flags of KServe's servers without meaning here are passed over"):
        more = ["--workers=2", "--max_threads", "4", "--enable_docs_url=true", "--predictor_protocol=v2"]
        with serve("pairs", models / "pairs_string", work / "strings.log", *more) as (http, grpc):
            asyncio.run(clients.judge_strings(http, grpc))
    return finish()


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
