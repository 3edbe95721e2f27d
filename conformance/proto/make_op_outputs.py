"""Writes packages/graph/src/proto/op-outputs.ts: the outputs of every op in the op registry of the installed TensorFlow.

usage: python conformance/proto/make_op_outputs.py > packages/graph/src/proto/op-outputs.ts
"""

import os
import re
import textwrap
from collections import defaultdict

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import tensorflow as tf  # noqa: E402
from tensorflow.core.framework import op_def_pb2  # noqa: E402
from tensorflow.python.client import pywrap_tf_session  # noqa: E402

HEAD = '''/**
 * What each TensorFlow op gives: the dtype of its outputs, and their names where there are several.
 * Facts of the op registry of TensorFlow {version}; `conformance/proto/make_op_outputs.py` writes this file.
 *
 * A line is `outputs | ops`. An output is `name:type`, or only `type` where the op has one output argument. A type is a dtype
 * number, or the attribute that holds it (`T`, with `=number` for a default); `N*type` is a list as long as attribute `N` says,
 * `[attr]` a list of the types that `attr` holds.
 */
export const OP_OUTPUTS = `
'''

# Ops of input pipelines (but for those that hand a batch on) and accelerators, the graph optimiser's own rewrites: never in a model.
ELSEWHERE = re.compile("^_|Dataset|Iterator(?!GetNext)|TPU|^Xla|^BoostedTrees|^Experimental|^Sdca|^Risc")


def registry():
    ops = op_def_pb2.OpList()
    ops.ParseFromString(pywrap_tf_session.TF_GetBuffer(pywrap_tf_session.TF_GetAllOpList()))
    return [op for op in ops.op if not ELSEWHERE.search(op.name)]


def kind(op, arg):
    """The dtype of an argument, as the table says it."""
    if arg.type_list_attr:
        text = f"[{arg.type_list_attr}]"
    elif arg.type_attr:
        attr = next(attr for attr in op.attr if attr.name == arg.type_attr)
        text = arg.type_attr + (f"={attr.default_value.type}" if attr.HasField("default_value") else "")
    else:
        text = str(arg.type)
    return f"{arg.number_attr}*{text}" if arg.number_attr else text


def output(op, arg):
    return kind(op, arg) if len(op.output_arg) == 1 else f"{arg.name}:{kind(op, arg)}"


def main():
    groups = defaultdict(list)
    for op in registry():
        if op.output_arg:
            groups[" ".join(output(op, arg) for arg in op.output_arg)].append(op.name)
    print(HEAD.replace("{version}", tf.__version__), end="")
    for outputs, names in sorted(groups.items()):
        for line in textwrap.wrap(" ".join(sorted(names)), max(40, 126 - len(outputs))):
            print(f"{outputs} | {line}")
    print("`;")


if __name__ == "__main__":
    main()
