"""A case: a model as TensorFlow wrote it, with inputs and TensorFlow's own answers to them.

    <case>/case.json      {"source", "freeze": [extra arguments], "variables": {node: [checkpoint key, slice]}, "tensors": [...]}
    <case>/source/...     what `floe freeze` reads; "source" names the file or folder in it
    <case>/inputs.npz     by signature key
    <case>/expected.npz   by signature key
    <case>/tensors.npz    graph tensors that are no outputs of the signature, by tensor name; optional
"""

import json
import pathlib

import numpy as np


def write_case(folder, source, inputs, expected, *, freeze=(), variables=None, tensors=None):
    """Writes everything but `source`, which is a path relative to `folder`. Arrays are numpy, keyed by name."""
    folder = pathlib.Path(folder)
    assert_depends_on_input(expected)
    np.savez(folder / "inputs.npz", **inputs)
    np.savez(folder / "expected.npz", **expected)
    if tensors:
        np.savez(folder / "tensors.npz", **tensors)
    case = {"source": str(source), "freeze": list(freeze), "variables": variables or {}}
    (folder / "case.json").write_text(json.dumps(case, indent=2))


def assert_depends_on_input(expected):
    """A judge that compares constants would pass anything: rows of the answer have to differ clearly."""
    for name, value in expected.items():
        spread = np.abs(value - value[:1]).max()
        assert spread > 1e-2, f"{name} hardly depends on the input: {spread}"


def pictures(count, height, width, channels=3, seed=1):
    """Smooth random pictures, float32 0..255: blobs of colour over a gradient, each with its own contrast and tint."""
    random = np.random.RandomState(seed)
    result = np.empty([count, height, width, channels], np.float32)
    for index in range(count):
        coarse = random.uniform(0, 255, [random.randint(3, 9), random.randint(3, 9), channels])
        rows = np.linspace(0, coarse.shape[0] - 1, height).round().astype(int)
        columns = np.linspace(0, coarse.shape[1] - 1, width).round().astype(int)
        tint = random.uniform(0.2, 1, channels)
        noise = random.normal(0, random.uniform(2, 25), [height, width, channels])
        result[index] = np.clip(coarse[rows][:, columns] * tint + noise, 0, 255)
    return result
