"""Writes one small TensorFlow graph per case with inputs and TensorFlow's own outputs: generate.py OUT [--only OP] [--seed N] [--rounds N].

The cases are those of cases/, which stand there one by one, and random variants of the families in variants/, decided by the seed.
`--rounds` multiplies the variants; `--rounds 0` leaves them out. Each case is a folder with graph.pb (a frozen GraphDef), case.json
(what it is, feeds and fetches with dtype, declared shape and shape) and the raw little-endian elements of every tensor in <index>.in
and <index>.out. compare.ts runs the same graphs through the compiler. Two processes share the work; what ends one of them is named.
"""
import argparse
import pathlib
import subprocess
import sys

PROCESSES = 2


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--share", type=int, help="only this share of the cases: a process of its own")
    parser.add_argument("--behind", default="", help="only the cases behind this one")
    arguments = parser.parse_args()
    if arguments.share is not None:
        write_share(arguments)
        return 0
    arguments.out.mkdir(parents=True, exist_ok=True)
    shares = {i: started(i) for i in range(PROCESSES)}
    while shares:
        for i, share in list(shares.items()):
            if share.wait() == 0:
                del shares[i]
                continue
            last = arguments.out / f"share-{i}"
            if not last.exists() or "." not in last.read_text():
                return 1
            print(f"{last.read_text()} ended TensorFlow's process", flush=True)
            shares[i] = started(i, behind=last.read_text())
    return 0


def started(share, behind=""):
    return subprocess.Popen([sys.executable, __file__, *sys.argv[1:], "--share", str(share), "--behind", behind])


def write_share(arguments):
    import tensorflow as tf
    from written import Unfit, write_case

    tf.config.threading.set_intra_op_parallelism_threads(1)
    written, unfit = 0, 0
    cases = [case for i, case in enumerate(every_case(arguments)) if i % PROCESSES == arguments.share]
    names = [name for name, _, _ in cases]
    for name, about, build in cases[names.index(arguments.behind) + 1 if arguments.behind else 0 :]:
        (arguments.out / f"share-{arguments.share}").write_text(name)
        try:
            write_case(arguments.out, name, build, about)
            written += 1
        except Unfit:
            unfit += 1
    (arguments.out / f"share-{arguments.share}").unlink(missing_ok=True)
    print(f"{written} cases written, {unfit} variants that TensorFlow refuses", flush=True)


def every_case(arguments):
    from cases import CASES
    from variants import FAMILIES
    from variants.draw import Draw

    for op, builds in CASES.items():
        if arguments.only in op:
            for i, build in enumerate(builds):
                yield f"{op}-{i}", {"op": op, **({"corner": True} if hasattr(build, "is_corner") else {})}, build
    for op, family in sorted(FAMILIES.items()):
        if arguments.only not in op:
            continue
        for dtype in family.dtypes:
            for turn in range(family.rounds * arguments.rounds):
                build = lambda p, rng, f=family, o=op, t=dtype: f.draw(Draw(p, rng, o, t))
                yield f"{op}-{dtype}-{arguments.seed}.{turn}", {"op": op, "dtype": dtype}, build


if __name__ == "__main__":
    sys.exit(main())
