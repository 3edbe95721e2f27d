"""The models under judgement; made once by conformance/models, each in a process of its own, and kept under FLOE_CACHE."""

import dataclasses
import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np

CONFORMANCE = pathlib.Path(__file__).resolve().parents[1]
ROOT = CONFORMANCE.parent
BUILDERS = CONFORMANCE / "models"


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    folder: pathlib.Path
    source: pathlib.Path
    freeze: list
    variables: dict
    inputs: dict
    expected: dict
    tensors: dict

    @property
    def is_saved_model(self):
        return self.source.is_dir()


def case_names():
    return subprocess.run([sys.executable, BUILDERS], check=True, capture_output=True, text=True).stdout.split()


def load_case(name):
    """Makes the case first if there is none of these builders and this example."""
    folder = cache() / f"{name}-{digest(name)}"
    if not folder.exists():
        make_case(name, folder)
    case = json.loads((folder / "case.json").read_text())
    arrays = {part: load_arrays(folder / f"{part}.npz") for part in ["inputs", "expected", "tensors"]}
    return Case(name, folder, folder / case["source"], case["freeze"], case["variables"], **arrays)


def make_case(name, folder):
    """Under a name of its own first, so that a killed build leaves nothing that looks whole."""
    building = folder.with_name(f"{folder.name}.{os.getpid()}")
    try:
        made = subprocess.run([sys.executable, BUILDERS, name, building], capture_output=True, text=True)
        if made.returncode:
            raise RuntimeError(f"cannot make the model: {made.stderr.strip().splitlines()[-1]}")
        for old in folder.parent.glob(f"{name}-*"):
            if old != building:
                shutil.rmtree(old)
        building.rename(folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def cache():
    home = os.environ.get("FLOE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "floe")
    folder = pathlib.Path(home).expanduser() / "conformance"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(name):
    """Of everything that a case is made from."""
    files = [CONFORMANCE / "requirements.txt", *sorted(BUILDERS.glob("*.py"))]
    if name == "digits":
        files += sorted((ROOT / "examples" / "digits").glob("model.ckpt*"))
    total = hashlib.sha256()
    for file in files:
        total.update(file.read_bytes())
    return total.hexdigest()[:12]


def load_arrays(file):
    if not file.exists():
        return {}
    with np.load(file) as arrays:
        return {name: arrays[name] for name in arrays.files}
