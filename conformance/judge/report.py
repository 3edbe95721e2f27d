"""Checks by name, a line each, and their count at the end."""

import contextlib
import traceback

TOLERANCE = 1e-4
_counts = {"passed": 0, "failed": 0}


@contextlib.contextmanager
def check(name):
    """Prints `ok name` if the block ends well, else `not ok name` and why; the run goes on. The block may add to `notes`."""
    notes = []
    try:
        yield notes
    except Exception as error:
        _counts["failed"] += 1
        frame = traceback.extract_tb(error.__traceback__)[-1]
        print(f"not ok {name}: {type(error).__name__}: {error} ({frame.filename}:{frame.lineno})", flush=True)
    else:
        _counts["passed"] += 1
        print(f"ok {name}{''.join(f', {note}' for note in notes)}", flush=True)


def finish():
    """Prints the count and returns the exit code."""
    print(f"{_counts['passed']} passed, {_counts['failed']} failed", flush=True)
    return 1 if _counts["failed"] or not _counts["passed"] else 0
