"""A case: a model as TensorFlow wrote it, with inputs and TensorFlow's own answers to them.

    <case>/case.json      {"source", "freeze": [extra arguments], "variables": {node: [checkpoint key, slice]}, "rows", "tolerance"}
    <case>/source/...     what `floe freeze` reads; "source" names the file or folder in it
    <case>/inputs.npz     by signature key
    <case>/expected.npz   by signature key
    <case>/tensors.npz    graph tensors that are no outputs of the signature, by tensor name; optional
"""

import json
import pathlib

import numpy as np

# What the judge asks of Floe; TensorFlow has to agree with itself within half of it.
TOLERANCE = 1e-4


def write_case(
    folder, source, inputs, expected, *, freeze=(), variables=None, tensors=None, rows=True, tolerance=TOLERANCE
):
    """Writes everything but `source`, which is a path relative to `folder`. Arrays are numpy, keyed by name.

    `rows`: dimension 0 of all inputs and outputs is the batch, so a request may be written row by row.
    """
    folder = pathlib.Path(folder)
    if rows:
        assert_depends_on_input(expected)
    np.savez(folder / "inputs.npz", **inputs)
    np.savez(folder / "expected.npz", **expected)
    if tensors:
        np.savez(folder / "tensors.npz", **tensors)
    case = {"source": str(source), "freeze": list(freeze), "variables": variables or {}}
    (folder / "case.json").write_text(json.dumps({**case, "rows": rows, "tolerance": tolerance}, indent=2))


def write_saved_model_case(folder, inputs, *, signature="serving_default", rows=True, tolerance=TOLERANCE, variables=None):
    """The case of the SavedModel in `folder`/source. The name of an only input is the signature's, whatever `inputs` calls it."""
    import tensorflow as tf

    model = tf.saved_model.load(str(folder / "source"))  # signatures hold their variables weakly
    function = model.signatures[signature]
    keys = list(function.structured_input_signature[1])
    inputs = dict(zip(keys, inputs.values())) if len(keys) == 1 else inputs

    def answer(fed):
        return {key: value.numpy() for key, value in function(**{k: tf.constant(v) for k, v in fed.items()}).items()}

    expected = answer(inputs)
    if rows:
        assert_well_conditioned(answer, inputs, expected, tolerance / 2)
    freeze = [] if signature == "serving_default" else ["--signature", signature]
    write_case(folder, "source", inputs, expected, freeze=freeze, rows=rows, tolerance=tolerance, variables=variables)


def assert_depends_on_input(expected):
    """A judge that compares constants would pass anything: rows of the answer have to differ clearly."""
    for name, value in expected.items():
        spread = np.abs(value.astype(np.float64) - value[:1]).max()
        assert spread > 1e-2, f"{name} hardly depends on the input: {spread}"


def assert_well_conditioned(answer, inputs, expected, limit=TOLERANCE / 2):
    """TensorFlow has to agree with itself, row by row and all at once, better than the judge asks of Floe; integers exactly.

    InceptionV3 at 96 pixels does not: random weights amplify rounding until TensorFlow differs from itself by 2e-4.
    """
    count = len(next(iter(inputs.values())))
    alone = [answer({name: value[row : row + 1] for name, value in inputs.items()}) for row in range(count)]
    for name, wanted in expected.items():
        got = np.concatenate([each[name] for each in alone])
        difference = float(np.abs(got.astype(np.float64) - wanted).max())
        allowed = limit if wanted.dtype.kind == "f" else 0
        assert difference <= allowed, f"TensorFlow's {name} differs from itself by {difference:.1e}"


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


def normal(*shape, seed, scale=1.0):
    """Normally distributed float32."""
    return np.random.RandomState(seed).normal(0, scale, shape).astype(np.float32)


def tokens(count, length, vocabulary, seed, dtype=np.int32):
    """Token ids from 1, each row of a length of its own and filled up with zeros; the first row is full."""
    random = np.random.RandomState(seed)
    ids = random.randint(1, vocabulary, [count, length])
    lengths = np.array([length, *random.randint(length // 3, length, count - 1)])
    return np.where(np.arange(length) < lengths[:, None], ids, 0).astype(dtype)
