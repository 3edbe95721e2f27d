"""Writes one small TensorFlow graph per case with random inputs and TensorFlow's own outputs: generate.py OUT [--only OP].

Each case is a folder with graph.pb (a frozen GraphDef), case.json (feeds and fetches with dtype, declared shape and shape) and the
raw little-endian elements of every tensor in <index>.in and <index>.out. compare.ts runs the same graphs through the compiler.
"""
import argparse
import pathlib

from cases import CASES
from written import write_case

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", default="")
    arguments = parser.parse_args()
    total = 0
    for op, variants in CASES.items():
        if arguments.only not in op:
            continue
        for i, build in enumerate(variants):
            write_case(arguments.out, f"{op}-{i}", build)
            total += 1
    print(f"{total} cases of {len(CASES)} ops")


main()
