"""docs/compatibility.md: made from conformance/compatibility.json, where a measured run has stored what it found."""

import datetime
import json
import os
import pathlib

from cases import CONFORMANCE, MODELS, ROOT
from report import CELLS
from speed import TURNS

STORED = CONFORMANCE / "compatibility.json"
DOCUMENT = ROOT / "docs" / "compatibility.md"
# What a later run has to find again; figures depend on the machine.
MARKS = (*CELLS, "rowIndependent")

# Begins what is made elsewhere.
MARK = "\n## Protocols, feature by feature\n"

HEAD = """# Compatibility

Made by `conformance/run --docs`; do not edit. Every run of `conformance/run` fails if a mark or a family differs from what it finds.
What of each protocol is supported, and which client has judged it: [below](#protocols-feature-by-feature).

- **freeze**: TensorFlow loads `frozen.pb` and answers as it did from the original model; all constants are the checkpoint's bits.
- **served**: the server answers as TensorFlow does, over V2 (binary) and REST.
- **difference**: the greatest of any float in any of these answers; the limit is 1e-4 (1e-2 for half precision). Integers are equal.
- **rows**: the compiler has proved that rows of a batch do not influence each other, so requests may be batched and split.
- **speed**: TensorFlow's time for one request (batch 1, its Python signature) over that of the compiled graph in our engine, one thread
  each, in turns, the median of {turns}: above 1 Floe is faster.

{passed} of {all} models pass. Measured on {date}: {machine}, TensorFlow {tensorflow}.

"""


def store(findings):
    """Adds what this run found to what is stored, and writes the document."""
    models = {**stored()["models"], **{name: rounded(found) for name, found in findings.items()}}
    about = {"date": datetime.date.today().isoformat(), "machine": machine(), "tensorflow": tensorflow_version()}
    ordered = {model.name: models[model.name] for model in MODELS if model.name in models}
    STORED.write_text(json.dumps({"measured": about, "models": ordered}, indent=2) + "\n")
    DOCUMENT.write_text(rendered(stored()))


def stored():
    return json.loads(STORED.read_text()) if STORED.exists() else {"measured": {}, "models": {}}


def problems(findings, whole):
    """Names of checks with what is wrong, or None; `whole`: every model was judged."""
    kept = stored()
    marks = {name: {mark: found.get(mark) for mark in MARKS} for name, found in findings.items()}
    before = {name: {mark: kept["models"].get(name, {}).get(mark) for mark in MARKS} for name in marks}
    changed = {name: marks[name] for name in marks if marks[name] != before[name]}
    yield "docs/compatibility.md says what this run found", f"differs in {changed}" if changed else None
    if whole:
        same = DOCUMENT.exists() and DOCUMENT.read_text() == rendered(kept)
        yield "docs/compatibility.md is made from conformance/compatibility.json", None if same else "run conformance/run --docs"


def rendered(kept):
    """The document. Models that are stored no more or not yet show as missing."""
    found = kept["models"]
    rows = [row(model, found.get(model.name, {})) for model in MODELS]
    passed = sum(all(found.get(model.name, {}).get(cell) for cell in CELLS) for model in MODELS)
    titles = ["family", "freeze", "served", "difference", "rows", "speed", "the model"]
    return HEAD.format(passed=passed, all=len(MODELS), turns=TURNS, **kept["measured"]) + table(titles, rows) + protocols()


def protocols():
    """The rest of the document, as it is: a test makes it from conformance/supported.yaml."""
    text = DOCUMENT.read_text() if DOCUMENT.exists() else ""
    return text[text.index(MARK) :] if MARK in text else ""


def row(model, found):
    marks = ["yes" if found.get(cell) else "**no**" for cell in CELLS]
    worst = f"{found['difference']:.0e}" if "difference" in found else ""
    rows = {True: "independent", False: "dependent"}.get(found.get("rowIndependent"), "")
    speed = f"{found['ratio']:.2f}" if "ratio" in found else ""
    return [model.family, *marks, worst, rows, speed, f"`{model.name}`: {model.note}"]


def table(titles, rows):
    widths = [max(len(row[i]) for row in [titles, *rows]) for i in range(len(titles))]
    lines = [titles, ["-" * width for width in widths], *rows]
    return "".join("| " + " | ".join(cell.ljust(width) for cell, width in zip(line, widths)) + " |\n" for line in lines)


def rounded(found):
    """Two digits are what a measurement is good for."""
    return {key: float(f"{value:.3g}") if isinstance(value, float) else value for key, value in found.items()}


def machine():
    names = [line.split(":")[1].strip() for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines() if "model name" in line]
    return f"{names[0] if names else 'unknown processor'}, {os.cpu_count()} CPUs"


def tensorflow_version():
    import tensorflow as tf

    return tf.__version__
