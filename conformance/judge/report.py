"""Checks by name, a line each, their count at the end, and what they found of each model."""

import contextlib
import traceback

_counts = {"passed": 0, "failed": 0}
# What every model has to pass to be called compatible; see docs.py.
CELLS = ("freeze", "served")


class Findings(dict):
    """By model: {"freeze": bool, "served": bool, and what was noted}. A cell holds while no check of it fails; one that nothing has
    checked does not hold."""

    def of(self, model):
        return self.setdefault(model, {})

    def record(self, model, cell, passed):
        self.of(model)[cell] = passed and self.of(model).get(cell, True)


findings = Findings()


@contextlib.contextmanager
def check(name, model=None, cell=None):
    """Prints `ok name` if the block ends well, else `not ok name` and why; the run goes on. The block may add to `notes`. Whether it
    passed goes into the `cell` of the `model`."""
    notes = []
    label = name if model is None else f"{model}: {name}"
    try:
        yield notes
    except Exception as error:
        _counts["failed"] += 1
        frame = traceback.extract_tb(error.__traceback__)[-1]
        print(f"not ok {label}: {type(error).__name__}: {error} ({frame.filename}:{frame.lineno})", flush=True)
    else:
        _counts["passed"] += 1
        print(f"ok {label}{''.join(f', {note}' for note in notes)}", flush=True)
        if cell:
            findings.record(model, cell, True)
        return
    if cell:
        findings.record(model, cell, False)


def finish():
    """Prints the count and returns the exit code."""
    print(f"{_counts['passed']} passed, {_counts['failed']} failed", flush=True)
    return 1 if _counts["failed"] or not _counts["passed"] else 0
