"""Lets official gRPC clients judge a Floe that is started here, and official descriptors its tables.

usage: python conformance/grpc
"""

import pathlib
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "judge")]

import services  # noqa: E402
import zoo  # noqa: E402
from model_server import judge_model_server  # noqa: E402
from report import check, finish  # noqa: E402
from server import serve  # noqa: E402
from tables import judge_tables  # noqa: E402
from tfs import judge_tfs, judge_tfs_reload  # noqa: E402
from triton import judge_triton  # noqa: E402


def main():
    judge_tables()
    with tempfile.TemporaryDirectory() as folder:
        work = pathlib.Path(folder)
        root = work / "models"
        zoo.make(root)
        with check("the server starts, and leaves with exit code 0 on SIGTERM"):
            with serve(root, work / "serve.log") as addresses:
                judge_tfs(addresses["grpc"])
                judge_triton(addresses["grpc"])
                services.judge_basics(addresses["grpc"])
                judge_tfs_reload(addresses["grpc"], root)
        services.judge_services(root, work)
        judge_model_server(zoo.save_scale, work)
    return finish()


if __name__ == "__main__":
    sys.exit(main())
