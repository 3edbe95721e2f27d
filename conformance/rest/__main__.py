"""Lets official HTTP clients, a table of requests and answers and Schemathesis judge a Floe that is started here.

usage: python conformance/rest
"""

import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "grpc"), str(HERE.parent / "judge")]

import models  # noqa: E402
from clients import judge_clients  # noqa: E402
from described import judge_description  # noqa: E402
from pages import judge_keys, judge_pages  # noqa: E402
from plain import judge_table  # noqa: E402
from raw_requests import judge_raw  # noqa: E402
from report import check, finish  # noqa: E402
from server import serve  # noqa: E402


def main():
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        root = work / "models"
        models.make(root)
        with check("the server starts, and leaves with exit code 0 on SIGTERM"):
            with serve(root, work / "serve.log") as addresses:
                judge_table(addresses["http"])
                judge_raw(addresses["http"])
                judge_clients(addresses["http"])
        judge_pages(root, work)
        judge_keys(root, work)
        judge_description(root, work)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
