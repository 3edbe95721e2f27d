"""usage: python conformance/models MODULE FOLDER NAME...     makes cases of one module as FOLDER/NAME

Prints a line of JSON for each, {"name", "error"}: what went wrong, or null. The others are made all the same.
"""

import importlib
import json
import pathlib
import sys
import traceback


def main(module, folder, names):
    builders = importlib.import_module(module).BUILDERS
    for name in names:
        print(json.dumps({"name": name, "error": attempt(builders[name], folder / name)}), flush=True)


def attempt(build, folder):
    try:
        folder.mkdir(parents=True)
        build(folder)
    except Exception:
        return traceback.format_exc()


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:])
