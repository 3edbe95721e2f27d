"""What deploy/kserve/check judges; see there. usage: check.py FOLDER-OF-CRDS"""

import copy
import json
import pathlib
import sys

import jsonschema
import yaml

HERE = pathlib.Path(__file__).resolve().parent
counts = {"passed": 0, "failed": 0}


def that(name, problem):
    """One line for each check; `problem` is what is wrong, or nothing."""
    counts["failed" if problem else "passed"] += 1
    print(f"not ok {name}: {problem}" if problem else f"ok {name}")


def schemas(folder):
    """JSON Schemas by kind and version, strict: the API server drops fields that it does not know in silence."""
    found = {}
    for kind in ("servingruntimes", "clusterservingruntimes", "inferenceservices"):
        crd = yaml.safe_load((folder / f"serving.kserve.io_{kind}.yaml").read_text())
        for version in crd["spec"]["versions"]:
            name = f"{crd['spec']['group']}/{version['name']}", crd["spec"]["names"]["kind"]
            found[name] = strict(version["schema"]["openAPIV3Schema"])
    return found


def strict(schema):
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    out = {key: strict(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        out.setdefault("additionalProperties", False)
    if schema.get("x-kubernetes-int-or-string") is True:
        out["type"] = ["integer", "string"]
    return out


def refusal(known, resource):
    schema = known.get((resource["apiVersion"], resource["kind"]))
    if schema is None:
        return f"there is no {resource['kind']} in {resource['apiVersion']}"
    errors = jsonschema.Draft202012Validator(schema).iter_errors(resource)
    return "; ".join(f"{error.json_path}: {error.message}" for error in errors)


def unsafe(container):
    context = container.get("securityContext", {})
    wrong = [name for name in ("runAsNonRoot", "readOnlyRootFilesystem") if context.get(name) is not True]
    wrong += ["allowPrivilegeEscalation"] if context.get("allowPrivilegeEscalation") is not False else []
    wrong += ["capabilities"] if context.get("capabilities") != {"drop": ["ALL"]} else []
    return ", ".join(wrong + [name for name in ("requests", "limits") if name not in container.get("resources", {})])


def changed(resource, **fields):
    other = copy.deepcopy(resource)
    other.update(fields)
    return other


def main(folder):
    known = schemas(folder)
    runtime = yaml.safe_load((HERE / "serving-runtime.yaml").read_text())
    service = yaml.safe_load((HERE / "inference-service.yaml").read_text())
    spec, model = runtime["spec"], service["spec"]["predictor"]["model"]
    [container] = spec["containers"]
    that("the runtime is a ServingRuntime, strictly", refusal(known, runtime))
    that("it may be a ClusterServingRuntime", refusal(known, changed(runtime, kind="ClusterServingRuntime")))
    that("the example is an InferenceService, strictly", refusal(known, service))
    misspelt = changed(runtime, spec={**spec, "supportedModelFormat": []})
    that("a field that KServe does not know is found", "" if "supportedModelFormat" in refusal(known, misspelt) else "it is not")
    that("its container is safe and says what it needs", unsafe(container))
    that("KServe finds it by its name", "" if container["name"] == "kserve-container" else container["name"])
    version = json.loads((HERE.parents[1] / "packages/server/package.json").read_text())["version"]
    that("its image is of the version of the server", "" if container["image"].endswith(f":{version}") else container["image"])
    that("the example names the runtime", "" if model["runtime"] == runtime["metadata"]["name"] else model["runtime"])
    formats = [{key: one.get(key) for key in ("name", "version")} for one in spec["supportedModelFormats"]]
    that("the runtime takes the example's format", "" if model["modelFormat"] in formats else formats)
    that("the runtime speaks the example's protocol", "" if model["protocolVersion"] in spec["protocolVersions"] else model)
    mounts, volumes = container["volumeMounts"], spec["volumes"]
    that("its volumes are there", "" if {one["name"] for one in mounts} == {one["name"] for one in volumes} else volumes)
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
