"""Judges every model, or those named: TensorFlow loads what Floe froze, and official clients ask what Floe serves.

usage: python conformance/judge [--docs] [MODEL...]     --docs also measures speed, and writes docs/compatibility.md
"""

import pathlib
import sys
import tempfile

import docs
import floe
import frozen_graph
import speed
import tfs_rest
import v2
from cases import load_case, make_cases, models_of
from report import check, findings, finish


def judge(models, work, measuring):
    frozen_root, plain_root = work / "frozen", work / "plain"
    cases = load_cases(models)
    manifests = freeze_all(cases, frozen_root)
    cases = [case for case in cases if case.name in manifests]
    for case in cases:
        judge_graph(case, manifests[case.name], frozen_root)
    thorough = {model.name for model in models if model.thoroughly}
    with check("floe serve on frozen models starts, and leaves with exit code 0 on SIGTERM"):
        with floe.serve(frozen_root, work / "frozen.log") as address:
            for case in cases:
                ask = judge_server if case.name in thorough else ask_server
                ask(case, manifests[case.name], address, "frozen")
    plain = [case for case in cases if case.is_saved_model and case.name in thorough]
    if plain:
        judge_plain(plain, manifests, plain_root, work)
    if measuring:
        measure(cases, manifests, frozen_root)


def load_cases(models):
    errors, cases = make_cases(models), []
    for model in models:
        with check("TensorFlow's own answers depend on the input", model.name):
            assert model.name not in errors, f"cannot make the model: {errors[model.name]}"
            cases.append(load_case(model.name))
    return cases


def freeze_all(cases, root):
    """Manifests by name, of those that could be frozen."""
    manifests = {}
    for case in cases:
        with check("floe freeze", case.name, "freeze") as notes:
            manifests[case.name], seconds = floe.freeze(case, root)
            notes.append(f"{seconds:.1f} s")
            findings.of(case.name)["rowIndependent"] = rows_are_proved(manifests[case.name])
    return manifests


def judge_plain(cases, manifests, root, work):
    """SavedModels in TensorFlow Serving's layout, which nobody froze beforehand."""
    for case in cases:
        (root / case.name).mkdir(parents=True)
        (root / case.name / "1").symlink_to(case.source, target_is_directory=True)
    with check("floe serve on plain SavedModels starts, and leaves with exit code 0 on SIGTERM"):
        with floe.serve(root, work / "plain.log") as address:
            for case in cases:
                judge_server(case, manifests[case.name], address, "plain")


def judge_graph(case, manifest, root):
    graph = None
    with check("TensorFlow loads frozen.pb and gives its own answers", case.name, "freeze") as notes:
        graph = frozen_graph.read_graph(root / case.name / "1" / "frozen.pb")
        frozen_graph.answers_as_before(graph, signature_of(manifest), case, notes)
    if graph is None:
        return
    with check("the checkpoint's metadata is inside frozen.pb", case.name, "freeze"):
        frozen_graph.carries_metadata(graph, manifest)
    with check("constants of frozen.pb are the checkpoint's, bit by bit", case.name, "freeze") as notes:
        frozen_graph.is_pure(graph)
        if case.variables:
            frozen_graph.nodes_equal_checkpoint(graph, case, notes)
        else:
            frozen_graph.contents_equal_checkpoint(graph, manifest["defaultSignature"], case, notes)


def rows_are_proved(manifest):
    return manifest["rowIndependent"][manifest["defaultSignature"]]["proved"]


def ask_server(case, manifest, address, kind):
    """Each protocol once."""
    with check(f"REST predict in columns ({kind})", case.name, "served"):
        tfs_rest.predicts_in_columns(address, case, manifest["defaultSignature"])
    with v2.client_of(address) as client:
        with check(f"V2 infer, binary ({kind})", case.name, "served") as notes:
            v2.infers(client, case, notes, binary=True)
        if rows_are_proved(manifest):
            with check(f"V2 infer, row by row ({kind})", case.name, "served") as notes:
                v2.infers_row_by_row(client, case, notes)


def judge_server(case, manifest, address, kind):
    """Everything that the protocols have."""
    ask_server(case, manifest, address, kind)
    key = manifest["defaultSignature"]
    with check(f"REST predict in rows ({kind})", case.name, "served"):
        tfs_rest.predicts_in_rows(address, case, key)
    with check(f"REST status ({kind})", case.name, "served"):
        tfs_rest.reports_status(address, case, 1)
    with check(f"REST metadata ({kind})", case.name, "served"):
        tfs_rest.reports_metadata(address, case, key)
    with v2.client_of(address) as client:
        with check(f"V2 health ({kind})", case.name, "served"):
            v2.reports_health(client, case, 1)
        with check(f"V2 metadata ({kind})", case.name, "served"):
            v2.reports_metadata(client, case)
        with check(f"V2 infer, JSON ({kind})", case.name, "served") as notes:
            v2.infers(client, case, notes, binary=False)
        if case.tensors:
            with check(f"V2 infer of tensors inside the graph ({kind})", case.name, "served") as notes:
                v2.infers_by_tensor_name(client, case, signature_of(manifest), notes)


def measure(cases, manifests, root):
    with speed.Engine() as engine:
        for case in cases:
            with check("speed", case.name) as notes:
                measured = speed.compare(engine, case, manifests[case.name], root / case.name / "1")
                findings.of(case.name).update(measured)
                notes.append("{ratio:.2f} times TensorFlow's".format(**measured))


def signature_of(manifest):
    return manifest["signatures"][manifest["defaultSignature"]]


def main(arguments):
    measuring = "--docs" in arguments
    names = [name for name in arguments if name != "--docs"]
    if measuring:
        speed.one_thread()
    with check("floe builds"):
        floe.build()
    with tempfile.TemporaryDirectory() as work:
        judge(models_of(names), pathlib.Path(work), measuring)
    if measuring:
        docs.store(findings)
    for name, problem in docs.problems(findings, whole=not names):
        with check(name):
            assert problem is None, problem
    return finish()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
