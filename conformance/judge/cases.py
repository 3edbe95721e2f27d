"""The models under judgement; made once by conformance/models, a process for each module, and kept under FLOE_CACHE."""

import concurrent.futures
import dataclasses
import hashlib
import itertools
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
sys.path.append(str(BUILDERS))

from catalogue import MODELS  # noqa: E402

# What every module of builders uses.
SHARED = ["__main__.py", "case.py", "calibrate.py", "keras_case.py"]


@dataclasses.dataclass(frozen=True)
class Case:
    name: str
    folder: pathlib.Path
    source: pathlib.Path
    freeze: list
    variables: dict
    # Dimension 0 of every input and output is the batch.
    rows: bool
    # How far floats may be off.
    tolerance: float
    inputs: dict
    expected: dict
    tensors: dict

    @property
    def is_saved_model(self):
        return self.source.is_dir()


def models_of(names):
    """In the order of the catalogue; all without names. Throws KeyError for a name that it has not."""
    known = {model.name: model for model in MODELS}
    wanted = {known[name].name for name in names} or set(known)
    return [model for model in MODELS if model.name in wanted]


def load_case(name):
    """Makes the case first if there is none of these builders and this example. Throws RuntimeError where that fails."""
    [model] = models_of([name])
    errors = make_cases([model])
    if name in errors:
        raise RuntimeError(f"cannot make the model: {errors[name].strip()}")
    folder = folder_of(model)
    case = json.loads((folder / "case.json").read_text())
    arrays = {part: load_arrays(folder / f"{part}.npz") for part in ["inputs", "expected", "tensors"]}
    plain = {key: case[key] for key in ["freeze", "variables", "rows", "tolerance"]}
    return Case(name, folder, folder / case["source"], **plain, **arrays)


def make_cases(models):
    """Those that are missing, two modules at a time; returns what went wrong by name."""
    missing = sorted((model for model in models if not folder_of(model).exists()), key=lambda model: model.module)
    groups = [list(group) for _, group in itertools.groupby(missing, lambda model: model.module)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return {name: error for errors in pool.map(make_group, groups) for name, error in errors.items()}


def make_group(models):
    """Under a name of its own first, so that a killed build leaves nothing that looks whole."""
    building = cache() / f"building-{os.getpid()}-{models[0].module}"
    names = [model.name for model in models]
    command = [sys.executable, BUILDERS, models[0].module, building, *names]
    try:
        made = subprocess.run(command, capture_output=True, text=True)
        reports = [json.loads(line) for line in made.stdout.splitlines() if line.startswith("{")]
        errors = {report["name"]: report["error"] for report in reports}
        for model in models:
            errors.setdefault(model.name, f"exit code {made.returncode}: {made.stderr[-600:]}")
            if errors[model.name] is None:
                keep(building / model.name, model)
        return {name: error for name, error in errors.items() if error is not None}
    finally:
        shutil.rmtree(building, ignore_errors=True)


def keep(building, model):
    """Another process may have made it meanwhile: then that one stays."""
    folder = folder_of(model)
    for old in folder.parent.glob(f"{model.name}-????????????"):
        if old != folder:
            shutil.rmtree(old, ignore_errors=True)
    if not folder.exists():
        building.rename(folder)


def folder_of(model):
    return cache() / f"{model.name}-{digest(model)}"


def cache():
    home = os.environ.get("FLOE_CACHE") or os.path.join(os.environ.get("XDG_CACHE_HOME") or "~/.cache", "floe")
    folder = pathlib.Path(home).expanduser() / "conformance"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def digest(model):
    """Of everything that a case is made from."""
    files = [CONFORMANCE / "requirements.txt", *(BUILDERS / name for name in SHARED), BUILDERS / f"{model.module}.py"]
    if "digits" in model.name:
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
