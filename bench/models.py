"""Where the models to measure are: one JSON line {name, source, freeze} for each NAME, made first where missing.

They are those of conformance/, so that what is measured is also what TensorFlow has judged.
usage: python bench/models.py NAME...
"""

import json
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "conformance" / "judge"))

from cases import load_case  # noqa: E402

for name in sys.argv[1:]:
    case = load_case(name)
    print(json.dumps({"name": name, "source": str(case.source), "freeze": case.freeze}))
