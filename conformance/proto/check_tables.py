"""Checks every row of our field tables against the descriptors inside the packages `tensorflow` and `onnx`.

usage: python conformance/proto/check_tables.py
"""

import json
import os
import subprocess
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import onnx  # noqa: E402
import tensorflow  # noqa: E402, F401  (registers the protos of TensorFlow)
from google.protobuf import descriptor_pool  # noqa: E402
from google.protobuf.descriptor import FieldDescriptor as F  # noqa: E402
from tensorflow.core.protobuf import saved_model_pb2, tensor_bundle_pb2, trackable_object_graph_pb2  # noqa: E402, F401

HERE = Path(__file__).resolve().parent
KINDS = {
    F.TYPE_INT32: "int32", F.TYPE_ENUM: "int32", F.TYPE_INT64: "int64", F.TYPE_UINT32: "uint32", F.TYPE_UINT64: "uint64",
    F.TYPE_BOOL: "bool", F.TYPE_FLOAT: "float", F.TYPE_DOUBLE: "double", F.TYPE_FIXED32: "fixed32", F.TYPE_FIXED64: "fixed64",
    F.TYPE_STRING: "string", F.TYPE_BYTES: "bytes",
}  # fmt: skip
# Kinds of ours that read the same wire bytes in another form.
ALIASES = {("size", "int64"), ("int64", "size"), ("bytes", "string"), ("string", "bytes")}


def descriptor(package, name):
    if package == "onnx":
        return getattr_path(onnx, name).DESCRIPTOR
    return descriptor_pool.Default().FindMessageTypeByName(f"tensorflow.{name}")


def getattr_path(root, name):
    for part in name.split("."):
        root = getattr(root, part)
    return root


def label_of(field):
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return "map"
    return "many" if field.is_repeated else "one"


def kind_of(field):
    if label_of(field) == "map":
        field = field.message_type.fields_by_name["value"]
    if field.message_type is None:
        return KINDS[field.type]
    return field.message_type.full_name.split(".", 1)[1]


def check(package, message, table):
    fields = {field.name: field for field in descriptor(package, message).fields}
    for name, (number, label, kind) in table.items():
        field = fields.get(name)
        if field is None:
            yield f"{package} {message}.{name} does not exist"
            continue
        if field.number != number:
            yield f"{package} {message}.{name} is number {field.number}, not {number}"
        wanted, found = label_of(field), "one" if label == "optional" else label
        if wanted != found:
            yield f"{package} {message}.{name} is {wanted}, not {found}"
        if kind_of(field) != kind and (kind, kind_of(field)) not in ALIASES:
            yield f"{package} {message}.{name} is {kind_of(field)}, not {kind}"


def outdated():
    """Files that are made from TensorFlow's registry and say something else than it."""
    for script, file in (("make_op_outputs.py", "op-outputs.ts"), ("make_op_rules.py", "op-rules.ts")):
        made = subprocess.run([sys.executable, HERE / script], check=True, capture_output=True, text=True).stdout
        if made != (HERE.parents[1] / "packages" / "graph" / "src" / "proto" / file).read_text():
            yield f"{file} is not what {script} writes"


def main():
    run = HERE.parent.parent / "tools" / "run"
    tables = json.loads(subprocess.run([run, "node", HERE / "dump_tables.mjs"], check=True, capture_output=True).stdout)
    problems, rows = [], 0
    for package, messages in tables.items():
        for message, table in messages.items():
            rows += len(table)
            problems += check(package, message, table)
    rows += 2
    problems += outdated()
    for problem in problems:
        print(problem)
    print(f"{rows - 2} fields of {sum(map(len, tables.values()))} messages")
    print(f"{rows - len(problems)} passed, {len(problems)} failed")
    return 1 if problems else 0


sys.exit(main())
