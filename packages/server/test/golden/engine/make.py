"""Writes the models of the engines' contract suite and what they answer. Needs PyPI's `onnx` and `numpy`.

    python make.py          # writes *.onnx and expected.json beside this file
"""

import json
import pathlib

import numpy as np
from onnx import TensorProto as T
from onnx import checker, helper, numpy_helper, save
from onnx.reference import ReferenceEvaluator

HERE = pathlib.Path(__file__).parent
OPSET = 17
rng = np.random.default_rng(7)


def info(name, dtype, shape):
    return helper.make_tensor_value_info(name, dtype, shape)


def write(name, nodes, inputs, outputs, weights=(), check=True):
    constants = [w if isinstance(w, T) else numpy_helper.from_array(w[1], w[0]) for w in weights]
    graph = helper.make_graph(nodes, name, inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
    if check:
        checker.check_model(model)
    save(model, HERE / f"{name}.onnx")
    return model


def mlp():
    """Two layers; the answers come from ONNX's reference evaluator."""
    first = rng.standard_normal((16, 32)).astype(np.float32)
    second = rng.standard_normal((32, 4)).astype(np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "first"], ["a"]),
        helper.make_node("Relu", ["a"], ["hidden"]),
        helper.make_node("MatMul", ["hidden", "second"], ["y"]),
    ]
    outputs = [info("y", T.FLOAT, ["n", 4]), info("hidden", T.FLOAT, ["n", 32])]
    model = write("mlp", nodes, [info("x", T.FLOAT, ["n", 16])], outputs, [("first", first), ("second", second)])
    x = rng.standard_normal((3, 16)).astype(np.float32)
    y, hidden = ReferenceEvaluator(model).run(None, {"x": x})
    return {"x": x.ravel().tolist(), "y": y.ravel().tolist(), "hidden": hidden.ravel().tolist()}


TYPES = {
    "float32": T.FLOAT, "float64": T.DOUBLE, "float16": T.FLOAT16, "int8": T.INT8, "int16": T.INT16, "int32": T.INT32,
    "int64": T.INT64, "uint8": T.UINT8, "uint16": T.UINT16, "uint32": T.UINT32, "uint64": T.UINT64, "bool": T.BOOL,
    "string": T.STRING,
}


def identity():
    """Every element type goes in and comes out: `in_int64` -> `out_int64`."""
    nodes = [helper.make_node("Identity", [f"in_{t}"], [f"out_{t}"]) for t in TYPES]
    inputs = [info(f"in_{t}", code, ["n", "m"]) for t, code in TYPES.items()]
    write("identity", nodes, inputs, [info(f"out_{t}", code, ["n", "m"]) for t, code in TYPES.items()])
    write("bfloat16", [helper.make_node("Identity", ["x"], ["y"])], [info("x", T.BFLOAT16, ["n"])], [info("y", T.BFLOAT16, ["n"])])
    write("any-rank", [helper.make_node("Abs", ["x"], ["y"])], [info("x", T.FLOAT, None)], [info("y", T.FLOAT, None)], check=False)


def expand():
    """One number, spread to any shape."""
    inputs = [info("x", T.FLOAT, []), info("shape", T.INT64, ["rank"])]
    write("expand", [helper.make_node("Expand", ["x", "shape"], ["y"])], inputs, [info("y", T.FLOAT, None)], check=False)


def gather():
    """Refuses an index that is out of range, at run time."""
    table = ("table", np.arange(4, dtype=np.float32) * 10)
    node = helper.make_node("Gather", ["table", "indices"], ["y"], name="tower/gather")
    write("gather", [node], [info("indices", T.INT64, ["n"])], [info("y", T.FLOAT, ["n"])], [table])


def slow():
    """x + times: so many rounds of a loop, each with a matrix product that adds nothing. As slow as one likes."""
    body = helper.make_graph(
        [
            helper.make_node("MatMul", ["big", "big"], ["product"]),
            helper.make_node("ReduceSum", ["product"], ["sum"], keepdims=0),
            helper.make_node("Add", ["before", "sum"], ["plus"]),
            helper.make_node("Add", ["plus", "one"], ["after"]),
            helper.make_node("Identity", ["go"], ["still"]),
        ],
        "body",
        [info("round", T.INT64, []), info("go", T.BOOL, []), info("before", T.FLOAT, ["n"])],
        [info("still", T.BOOL, []), info("after", T.FLOAT, ["n"])],
    )
    nodes = [
        helper.make_node("Sub", ["first", "first"], ["zero"]),
        helper.make_node("Expand", ["zero", "size"], ["big"]),
        helper.make_node("Loop", ["times", "true", "x"], ["y"], body=body),
    ]
    # The zero comes from an input, so that no optimiser computes the product beforehand.
    inputs = [info("x", T.FLOAT, ["n"]), info("first", T.FLOAT, [1]), info("times", T.INT64, [])]
    weights = [("size", np.array([128, 128])), ("true", np.array(True)), ("one", np.array(1, np.float32))]
    write("slow", nodes, inputs, [info("y", T.FLOAT, ["n"])], weights)


def nested():
    """x + 1 inside thirty `If`s: ONNX's own reader refuses a file nested much deeper."""

    def branch(depth):
        name = f"y{depth}"
        if depth == 30:
            node = helper.make_node("Add", ["x", "one"], [name])
        else:
            node = helper.make_node("If", ["go"], [name], then_branch=branch(depth + 1), else_branch=branch_end(depth))
        return helper.make_graph([node], f"then{depth}", [], [info(name, T.FLOAT, ["n"])])

    def branch_end(depth):
        name = f"z{depth}"
        return helper.make_graph([helper.make_node("Identity", ["x"], [name])], f"else{depth}", [], [info(name, T.FLOAT, ["n"])])

    node = helper.make_node("If", ["go"], ["y"], then_branch=branch(1), else_branch=branch_end(0))
    inputs = [info("x", T.FLOAT, ["n"]), info("go", T.BOOL, [])]
    write("nested", [node], inputs, [info("y", T.FLOAT, ["n"])], [("one", np.array(1, np.float32))])


def refused():
    """Models that no engine can run: an op nobody knows, and a result that is no tensor."""
    x = [info("x", T.FLOAT, [2])]
    write("unknown-op", [helper.make_node("Frobnicate", ["x"], ["y"])], x, [info("y", T.FLOAT, [2])], check=False)
    sequence = helper.make_tensor_sequence_value_info("y", T.FLOAT, [2])
    write("sequence", [helper.make_node("SequenceConstruct", ["x"], ["y"])], x, [sequence])


def external():
    """50 MB of weights in `weights.bin` beside the model; the suite writes that file itself."""
    rows, columns = 256, 51200
    weights = T()
    weights.name = "w"
    weights.data_type = T.FLOAT
    weights.dims.extend([rows, columns])
    weights.data_location = T.EXTERNAL
    for key, value in {"location": "weights.bin", "offset": "0", "length": str(rows * columns * 4)}.items():
        entry = weights.external_data.add()
        entry.key, entry.value = key, value
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    write("external", [node], [info("x", T.FLOAT, ["n", rows])], [info("y", T.FLOAT, ["n", columns])], [weights], check=False)


expected = {"mlp": mlp()}
for make in (identity, expand, gather, slow, nested, refused, external):
    make()
(HERE / "expected.json").write_text(json.dumps(expected, indent=1) + "\n")
