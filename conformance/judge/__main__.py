"""Judges every model, or those named: TensorFlow loads what Floe froze, and official clients ask what Floe serves."""

import pathlib
import sys
import tempfile

import floe
import frozen_graph
import tfs_rest
import v2
from cases import case_names, load_case
from report import check, finish


def judge(names, work):
    frozen_root, plain_root = work / "frozen", work / "plain"
    cases, manifests = [], {}
    for name in names:
        with check(f"{name}: TensorFlow's own answers depend on the input"):
            cases.append(load_case(name))
    for case in cases:
        with check(f"{case.name}: floe freeze") as notes:
            manifests[case.name], seconds = floe.freeze(case, frozen_root)
            notes.append(f"{seconds:.1f} s")
    for case in cases:
        if case.name in manifests:
            judge_graph(case, manifests[case.name], frozen_root)
    with check("floe serve on frozen models starts, and leaves with exit code 0 on SIGTERM"):
        with floe.serve(frozen_root, work / "frozen.log") as address:
            for case in cases:
                if case.name in manifests:
                    judge_server(case, manifests[case.name], address, "frozen")
    plain = [case for case in cases if case.is_saved_model]
    if plain:
        judge_plain(plain, manifests, plain_root, work)


def judge_plain(cases, manifests, root, work):
    """SavedModels in TensorFlow Serving's layout, which nobody froze beforehand."""
    for case in cases:
        (root / case.name).mkdir(parents=True)
        (root / case.name / "1").symlink_to(case.source, target_is_directory=True)
    with check("floe serve on plain SavedModels starts, and leaves with exit code 0 on SIGTERM"):
        with floe.serve(root, work / "plain.log") as address:
            for case in cases:
                if case.name in manifests:
                    judge_server(case, manifests[case.name], address, "plain")


def judge_graph(case, manifest, root):
    graph = None
    with check(f"{case.name}: TensorFlow loads frozen.pb and gives its own answers") as notes:
        graph = frozen_graph.read_graph(root / case.name / "1" / "frozen.pb")
        frozen_graph.answers_as_before(graph, signature_of(manifest), case, notes)
    if graph is None:
        return
    with check(f"{case.name}: the checkpoint's metadata is inside frozen.pb"):
        frozen_graph.carries_metadata(graph, manifest)
    with check(f"{case.name}: constants of frozen.pb are the checkpoint's, bit by bit") as notes:
        frozen_graph.is_pure(graph)
        if case.is_saved_model:
            frozen_graph.contents_equal_checkpoint(graph, manifest["defaultSignature"], case, notes)
        else:
            frozen_graph.nodes_equal_checkpoint(graph, case, notes)


def judge_server(case, manifest, address, kind):
    name, key = f"{case.name} ({kind})", manifest["defaultSignature"]
    with check(f"{name}: REST predict in columns"):
        tfs_rest.predicts_in_columns(address, case, key)
    with check(f"{name}: REST predict in rows"):
        tfs_rest.predicts_in_rows(address, case, key)
    with check(f"{name}: REST status"):
        tfs_rest.reports_status(address, case, 1)
    with check(f"{name}: REST metadata"):
        tfs_rest.reports_metadata(address, case, key)
    with v2.client_of(address) as client:
        with check(f"{name}: V2 health"):
            v2.reports_health(client, case, 1)
        with check(f"{name}: V2 metadata"):
            v2.reports_metadata(client, case)
        with check(f"{name}: V2 infer, binary") as notes:
            v2.infers(client, case, notes, binary=True)
        with check(f"{name}: V2 infer, JSON") as notes:
            v2.infers(client, case, notes, binary=False)
        if case.tensors:
            with check(f"{name}: V2 infer of tensors inside the graph") as notes:
                v2.infers_by_tensor_name(client, case, signature_of(manifest), notes)


def signature_of(manifest):
    return manifest["signatures"][manifest["defaultSignature"]]


def main():
    with check("floe builds"):
        floe.build()
    with tempfile.TemporaryDirectory() as work:
        judge(sys.argv[1:] or case_names(), pathlib.Path(work))
    return finish()


if __name__ == "__main__":
    sys.exit(main())
