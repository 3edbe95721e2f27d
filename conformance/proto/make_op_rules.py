"""Writes packages/graph/src/proto/op-rules.ts: what TensorFlow's registry asks of the inputs and attributes of the ops that are compiled.

usage: python conformance/proto/make_op_rules.py > packages/graph/src/proto/op-rules.ts
"""

import pathlib
import subprocess
import textwrap
from collections import defaultdict

from make_op_outputs import kind, registry, tf

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMPILED = "for (const op of (await import('./packages/graph/src/compile/ops/index.ts')).LOWERINGS.keys()) console.log(op)"
WIDTH = 126

HEAD = '''/**
 * What TensorFlow asks of a node: the dtypes of its inputs, and the kinds and values of its attributes, for the ops that are compiled.
 * Facts of the op registry of TensorFlow {version}; `conformance/proto/make_op_rules.py` writes this file.
 *
 * A line is `inputs | ops`, with types as in `op-outputs.ts`.
 */
export const OP_INPUTS = `
'''
ATTRIBUTES = '''`;

/** A line is `attribute:kind | ops`; `{...}` holds the values that are allowed, `>=` the smallest number or the shortest list. */
export const OP_ATTRIBUTES = `
'''


def attribute(attr):
    text = f"{attr.name}:{attr.type.replace('list(', '[').replace(')', ']')}"
    if attr.HasField("allowed_values"):
        values = attr.allowed_values.list
        names = [str(number) for number in sorted(set(values.type))] + [name.decode() for name in values.s]
        text += "{" + ",".join(names) + "}"
    return text + (f">={attr.minimum}" if attr.has_minimum and attr.minimum > 0 else "")


def rows(groups):
    for key, names in sorted(groups.items()):
        for line in textwrap.wrap(" ".join(sorted(names)), max(40, WIDTH - len(key))):
            print(f"{key} | {line}")


def main():
    listed = subprocess.run([ROOT / "tools/run", "node", "-e", COMPILED], cwd=ROOT, check=True, capture_output=True, text=True)
    compiled = set(listed.stdout.split())
    inputs, attributes = defaultdict(list), defaultdict(list)
    for op in registry():
        if op.name in compiled:
            inputs[" ".join(kind(op, arg) for arg in op.input_arg)].append(op.name)
            for attr in op.attr:
                attributes[attribute(attr)].append(op.name)
    print(HEAD.replace("{version}", tf.__version__), end="")
    rows(inputs)
    print(ATTRIBUTES, end="")
    rows(attributes)
    print("`;")


main()
