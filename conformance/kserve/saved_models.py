"""Makes the models that are served. usage: saved_models.py FOLDER"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "grpc"))

import zoo  # noqa: E402

root = pathlib.Path(sys.argv[1])
# One straight in its folder, and one in numbered folders.
zoo.save_scale(root / "lone", 3.0)
for version in (1, 2):
    zoo.save_scale(root / "numbered" / str(version), float(version))
zoo.save_pairs(root / "pairs_string" / "1", "string")
