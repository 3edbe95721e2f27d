"""`floe check` on models of every source: what it says of them, its exit code, and that an altered answer does not go unseen."""

import json
import os
import pathlib
import stat
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "judge"))

import floe  # noqa: E402
from cases import load_case, make_cases, models_of  # noqa: E402
from report import check, finish  # noqa: E402

ROOT = HERE.parents[1]
GRAPH = """
node {{ name: "x" op: "Placeholder" attr {{ key: "dtype" value {{ type: DT_FLOAT }} }} attr {{ key: "shape" value {{ shape {{ dim {{ size: -1 }} dim {{ size: 3 }} }} }} }} }}
node {{ name: "y" op: "{op}" input: "x" attr {{ key: "T" value {{ type: DT_FLOAT }} }} }}
"""
# Runs the program, then adds 1 to the first number of the first answer.
ALTERING = """#!{python}
import pathlib, subprocess, sys
code = subprocess.call([{python!r}, *sys.argv[1:]])
for file in pathlib.Path(sys.argv[-1]).glob("answer-0-*") if sys.argv[1] != "-c" else []:
    import numpy as np
    values = np.frombuffer(file.read_bytes(), np.float32).copy()
    values[:1] += 1
    file.write_bytes(values.tobytes())
sys.exit(code)
"""


def checked(source, *options, python=sys.executable):
    """Exit code and report."""
    command = [ROOT / "tools" / "run", "node", ROOT / "packages/server/dist/cli/main.js", "check", source, "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "FLOE_PYTHON": str(python)})
    return done.returncode, json.loads(done.stdout or done.stderr)


def agrees(source, *options):
    code, report = checked(source, *options)
    assert code == 0 and report["verdict"] == "runs", (code, report)
    answers = [answer for signature in report["signatures"] for answer in signature["answers"].values()]
    assert answers and all(answer["agrees"] for answer in answers), report
    assert report["tensorflow"]["version"], report


def main():
    make_cases(models_of(["digits", "mlp"]))
    digits, mlp = load_case("digits"), load_case("mlp")
    with tempfile.TemporaryDirectory() as work:
        judge(digits, mlp, pathlib.Path(work))
    return finish()


def judge(digits, mlp, work):
    with check("a SavedModel answers as TensorFlow does"):
        agrees(mlp.source)
    with check("a checkpoint of TensorFlow 1, by the names of its outputs"):
        agrees(digits.source, *digits.freeze)
    with check("a frozen version"):
        floe.freeze(mlp, work)
        agrees(work / "mlp" / "1")
    with check("a graph as text, which TensorFlow is given frozen"):
        file = work / "graph.pbtxt"
        file.write_text(GRAPH.format(op="Softplus"))
        agrees(file, "--outputs", "y")
    with check("an op that nobody has is named with its node, exit code 65"):
        file = work / "custom.pbtxt"
        file.write_text(GRAPH.format(op="MyOwnOp"))
        code, report = checked(file, "--outputs", "y")
        [problem] = report["signatures"][0]["problems"]
        assert code == 65 and problem["op"] == "MyOwnOp" and problem["nodes"] == ["y"], (code, report)
        assert "custom" in problem["reason"], problem
    with check("another answer is found, with where it is, exit code 1"):
        altering = work / "altering-python"
        altering.write_text(ALTERING.format(python=sys.executable))
        altering.chmod(altering.stat().st_mode | stat.S_IXUSR)
        code, report = checked(digits.source, *[*digits.freeze[:-4], "--outputs", "probs", "--set", "keep_prob=1"], python=altering)
        answer = report["signatures"][0]["answers"]["probs"]
        assert code == 1 and report["verdict"] == "differs", (code, report)
        assert answer["worst"] == [0, 0] and abs(answer["greatest"] - 1) < 1e-3, answer
    with check("without TensorFlow it runs and says that nothing was compared"):
        code, report = checked(mlp.source, python="/nowhere/python")
        assert code == 0 and report["tensorflow"] is None and report["signatures"][0]["trial"]["error"] is None, report
    with check("nothing is left in the temporary folder"):
        left = list(pathlib.Path(tempfile.gettempdir()).glob("floe-check-*"))
        assert not left, left


if __name__ == "__main__":
    sys.exit(main())
