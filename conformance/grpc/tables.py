"""Checks our tables of messages, enumerations and services against the descriptors inside the official packages."""

import json
import pathlib
import subprocess

from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor as F
from grpc_health.v1 import health_pb2  # noqa: F401
from grpc_reflection.v1alpha import reflection_pb2  # noqa: F401
from report import check
from tensorflow_serving.apis import model_service_pb2, prediction_service_pb2  # noqa: F401
from tritonclient.grpc import service_pb2  # noqa: F401

HERE = pathlib.Path(__file__).resolve().parent
KINDS = {
    F.TYPE_INT32: "int32", F.TYPE_INT64: "int64", F.TYPE_UINT32: "uint32", F.TYPE_UINT64: "uint64", F.TYPE_BOOL: "bool",
    F.TYPE_FLOAT: "float", F.TYPE_DOUBLE: "double", F.TYPE_STRING: "string", F.TYPE_BYTES: "bytes",
}  # fmt: skip
# Ours that reads the same wire bytes in another form.
ALIASES = {("size", "int64")}
# The package of the reflection client knows only the older name of the same protocol.
OLDER = ("grpc.reflection.v1.", "grpc.reflection.v1alpha.")
# Its oneofs are of proto2's making or say nothing on the wire.
POOL = descriptor_pool.Default()


def official(name):
    return name.replace(*OLDER)


def label_of(field):
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return "map"
    return "many" if field.is_repeated else "one"


def kind_of(field):
    if label_of(field) == "map":
        field = field.message_type.fields_by_name["value"]
    if field.message_type is not None:
        return field.message_type.full_name
    return field.enum_type.full_name if field.enum_type is not None else KINDS[field.type]


def check_message(name, table):
    fields = {field.name: field for field in POOL.FindMessageTypeByName(official(name)).fields}
    for key, (number, label, kind, oneof) in table.items():
        field = fields.get(key)
        assert field is not None, f"there is no {key}"
        assert field.number == number, f"{key} is number {field.number}, not {number}"
        wanted, found = label_of(field), "one" if label == "optional" else label
        assert wanted == found, f"{key} is {wanted}, not {found}"
        assert kind_of(field) == official(kind) or (kind, kind_of(field)) in ALIASES, f"{key} is {kind_of(field)}, not {kind}"
        group = field.containing_oneof.name if field.containing_oneof else ""
        assert group == oneof, f"{key} is in the oneof {group!r}, not {oneof!r}"


def check_enum(name, values):
    known = {value.name: value.number for value in POOL.FindEnumTypeByName(name).values}
    for key, number in values.items():
        assert known.get(key) == number, f"{key} is {known.get(key)}, not {number}"


def check_service(name, methods):
    descriptor = POOL.FindServiceByName(official(name))
    # Some descriptors do not say which way streams go, but their file does.
    file = descriptor_pb2.FileDescriptorProto()
    descriptor.file.CopyToProto(file)
    service = next(one for one in file.service if one.name == descriptor.name)
    known = {
        one.name: [one.input_type[1:], one.output_type[1:], one.client_streaming, one.server_streaming] for one in service.method
    }
    # Older packages lack what the newest service has; ours has nothing of its own.
    for method, (request, response, *streams) in methods.items():
        assert known.get(method) == [official(request), official(response), *streams], f"{method}: {known.get(method)}"


def judge_tables():
    command = [HERE.parents[1] / "tools" / "run", "node", HERE / "dump_tables.mjs"]
    tables = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for name, table in tables["messages"].items():
        with check(f"the table of {name} is the official one"):
            check_message(name, table)
    for name, values in tables["enums"].items():
        with check(f"the numbers of {name} are the official ones"):
            check_enum(name, values)
    for name, methods in tables["services"].items():
        with check(f"the methods of {name} are the official ones"):
            check_service(name, methods)
