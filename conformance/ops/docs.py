"""docs/ops.md, made from what compare.ts reported: docs.py REPORT OP-LISTS [--docs | --partial]. Ends in "N passed, N failed".

`--docs` writes the document; without it a document that says something else is a failure. `--partial` leaves it alone: the run was not
the usual one.
"""
import json
import pathlib
import re
import sys
from collections import defaultdict

DOCUMENT = pathlib.Path(__file__).parents[2] / "docs" / "ops.md"

HEAD = """# Ops

Made by `conformance/ops/run --docs`; do not edit. Every run of `conformance/ops/run` fails if this differs from what it finds.

The {count} TensorFlow ops that can be compiled. Each was run on cases of its own and on random variants (attributes, shapes with and
without elements, dimensions or ranks known or not, inputs fed or constant) in every dtype for which TensorFlow has a CPU kernel.

- **run as**: the ONNX ops that it becomes, _folded_ where its inputs are constant and _handed on_ where its outputs are its inputs.
- **equal**: the dtypes in which every variant that was compiled gave TensorFlow's answer: integers, shapes and NaN exactly, float32
  within 1e-5, float64 within 1e-9 and float16 within 2e-2 of the larger of 1 and the wanted element. Where TensorFlow reports an error
  (a division by 0, an index outside), so does the run.
- **refused**: what some variants were refused for, with a typed error that names the node, before anything is run.

`bfloat16` is computed in float32 between casts, complex numbers as pairs of real ones; as inputs and outputs of a signature both are refused.
Strings are only handed on.

Not compared, since TensorFlow itself answers differently from one size, thread or dtype to another: casts of floats to integers of 8 and
16 bits that cannot hold them, convolutions of an empty batch.

Not compared, and **known to differ at times**: NaN in maxima and minima (reductions, pools, scatters, searches, `TopK`), of which the engine
may drop it where TensorFlow keeps it; NaN and -0 among distinct elements; the mean of no elements (0, not NaN); products of unknown many
integers beyond 2^53; matrices that cannot be inverted, a `Range` of the wrong sign and shifts by more than the width, where TensorFlow
raises or answers otherwise. A variable that the graph assigns and reads again keeps its checkpoint's value.

"""

GROUPS = (("float16", "float32", "float64"), ("int8", "int16", "int32", "int64"), ("uint8", "uint16", "uint32", "uint64"), ("bool",))


def document(outcomes, compiled, folded):
    by_op = defaultdict(list)
    for outcome in outcomes:
        by_op[outcome.get("op")].append(outcome)
    rows = [row(op, by_op[op], op in folded) for op in sorted(compiled)]
    others = sorted(op for op in by_op if op is not None and op not in compiled)
    apart = f"\nTaken apart into these before they are compiled: {', '.join(f'`{op}`' for op in others)}, and the control flow of TensorFlow 1.\n"
    return HEAD.format(count=len(compiled)) + table(["op", "run as", "equal", "refused"], rows) + apart


def row(op, outcomes, is_folded):
    equal = [outcome for outcome in outcomes if outcome["result"] == "equal"]
    onnx = sorted({name for outcome in equal for name in outcome["ops"]})
    ways = [f"`{name}`" for name in onnx] or ["_handed on_"]
    how = ", ".join([*ways, *(["_folded_"] if is_folded and onnx else [])])
    dtypes = {outcome["dtype"] for outcome in equal if "dtype" in outcome}
    return [f"`{op}`", how, grouped(dtypes) or ("its own cases" if equal else "not tested"), refusals(outcomes)]


def refusals(outcomes):
    reasons = defaultdict(set)
    for outcome in outcomes:
        if outcome["result"] == "refused":
            reasons[plain(outcome["note"], outcome["dtype"])].add(outcome["dtype"])
    return "; ".join(f"{grouped(dtypes)}: {reason}" if of_dtype else reason for (reason, of_dtype), dtypes in sorted(reasons.items()))


def plain(reason, dtype):
    """Without what belongs to one variant; and whether it is about the dtype."""
    text = re.sub(r"diagonals -?\d+ to -?\d+", "several diagonals", re.sub(r" of input x\d+:0", " of an input", reason))
    return re.sub(rf" (for|of|no distinct) {dtype}$", r" \1 it", text), text.endswith(f" {dtype}")


def grouped(dtypes):
    names = []
    for group in GROUPS:
        found = [dtype for dtype in group if dtype in dtypes]
        whole = len(group) > 1 and len(found) == len(group)
        names += [f"{group[0]}-{group[-1].lstrip('abcdefghijklmnopqrstuvwxyz')}"] if whole else found
    return ", ".join(names)


def table(titles, rows):
    lines = [titles, ["---"] * len(titles), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def main(report, lists, mode=""):
    outcomes = json.loads(pathlib.Path(report).read_text())
    found = document(outcomes, **json.loads(pathlib.Path(lists).read_text()))
    failed = sum(outcome["result"] == "failed" for outcome in outcomes)
    passed = len(outcomes) - failed
    if mode == "--docs":
        DOCUMENT.write_text(found)
    if mode != "--partial":
        same = DOCUMENT.exists() and DOCUMENT.read_text() == found
        print(f"{'ok  ' if same else 'FAIL'} docs/ops.md says what this run found{'' if same else ': run conformance/ops/run --docs'}")
        passed, failed = passed + same, failed + (not same)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
