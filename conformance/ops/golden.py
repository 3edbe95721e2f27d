"""Packs the smallest case of each op and all corners from a folder that `generate.py --rounds 0` wrote into one JSON file for the unit tests: golden.py DIR FILE."""
import base64
import json
import pathlib
import sys

root, target = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
encode = lambda path: base64.b64encode(path.read_bytes()).decode()
smallest, corners = {}, []
for folder in sorted(root.iterdir()):
    op, _, _ = folder.name.rpartition("-")
    if "corner" in json.loads((folder / "case.json").read_text()):
        corners.append((op, folder))
        continue
    size = sum(path.stat().st_size for path in folder.iterdir())
    if op not in smallest or size < smallest[op][0]:
        smallest[op] = (size, folder)
cases = []
for op, folder in sorted([*((op, folder) for op, (_, folder) in smallest.items()), *corners], key=lambda case: case[1].name):
    case = json.loads((folder / "case.json").read_text())
    case.pop("corner", None)
    for kind, suffix in (("feeds", "in"), ("fetches", "out")):
        for i, tensor in enumerate(case[kind]):
            tensor["data"] = encode(folder / f"{i}.{suffix}")
    cases.append({"op": op, "graph": encode(folder / "graph.pb"), **case})
lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
target.write_text(f"[\n{lines}\n]\n")
