"""What web pages of other origins may ask, and what needs an API key."""

import hashlib

import tritonclient.http as sync
from clients import refuses, same, scale_inputs, A, B
from http_client import ask
from plain import PAIRS
from raw_requests import ROWS
from report import check
from server import serve

PAGE = "https://app.example.com"
PREDICT = f"{PAIRS}:predict"
QUESTION = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type, authorization"}


def judge_pages(root, work):
    with check("CORS: without origins nothing is allowed"):
        with serve(root, work / "cors-off.log") as addresses:
            reply = ask(addresses["http"], "POST", PREDICT, ROWS, {"Origin": PAGE})
            assert reply.status == 200 and not [name for name in reply.headers if name.startswith("access-control")], reply.headers
            assert ask(addresses["http"], "OPTIONS", PREDICT, headers={"Origin": PAGE, **QUESTION}).status == 405
    with serve(root, work / "cors.log", "--cors-origins", PAGE) as addresses:
        judge_one_origin(addresses["http"])
    with check("CORS: * stands for all"), serve(root, work / "cors-all.log", "--cors-origins", "*") as addresses:
        reply = ask(addresses["http"], "POST", PREDICT, ROWS, {"Origin": "http://anywhere"})
        assert reply.headers["access-control-allow-origin"] == "*", reply.headers


def judge_one_origin(url):
    for path in (PREDICT, "/v2/models/scale/infer", "/v2", "/metrics"):
        with check(f"CORS: a browser's question about {path}"):
            reply = ask(url, "OPTIONS", path, headers={"Origin": PAGE, **QUESTION})
            assert (reply.status, reply.headers["access-control-allow-origin"]) == (200, PAGE), reply
            assert "POST" in reply.headers["access-control-allow-methods"]
            assert reply.headers["access-control-allow-headers"] == QUESTION["Access-Control-Request-Headers"]
    with check("CORS: an answer and an error may be read, and the headers that matter"):
        for body, status in ((ROWS, 200), (b"", 400)):
            reply = ask(url, "POST", PREDICT, body, {"Origin": PAGE})
            assert (reply.status, reply.headers["access-control-allow-origin"], reply.headers["vary"]) == (status, PAGE, "Origin"), reply
            assert "X-Request-Id" in reply.headers["access-control-expose-headers"]
    with check("CORS: a page may be read"):
        assert ask(url, "GET", "/healthz/live", headers={"Origin": PAGE}).headers["access-control-allow-origin"] == PAGE
    with check("CORS: another origin is told nothing"):
        for method in ("POST", "OPTIONS"):
            reply = ask(url, method, PREDICT, ROWS, {"Origin": "https://evil.example", **QUESTION})
            assert "access-control-allow-origin" not in reply.headers, reply.headers
    with check("CORS: who is no page is answered as before"):
        assert "access-control-allow-origin" not in ask(url, "POST", PREDICT, ROWS).headers


def judge_keys(root, work):
    keys = work / "keys.yaml"
    lines = [f"  - {{caller: {name}, sha256: {hashlib.sha256(name.encode()).hexdigest()}, scopes: [{scopes}]}}" for name, scopes in (("asks", "infer"), ("manages", "infer, manage"))]
    keys.write_text("keys:\n" + "\n".join(lines) + "\n")
    with serve(root, work / "keys.log", "--keys", keys) as addresses:
        client = sync.InferenceServerClient(addresses["http"].removeprefix("http://"))
        with check("keys: without one nothing is told but health"):
            assert client.is_server_ready()
            for asked in (lambda: client.infer("scale", scale_inputs()), client.get_model_repository_index, lambda: client.unload_model("scale")):
                with refuses(401, "API key"):
                    asked()
        with check("keys: one that may ask may not manage"):
            bearer = {"Authorization": "Bearer asks"}
            same(client.infer("scale", scale_inputs(), headers=bearer).as_numpy("sum"), 2 * (A + B))
            with refuses(403, "manage"):
                client.unload_model("scale", headers=bearer)
        with check("keys: one that may manage unloads and loads"):
            bearer = {"Authorization": "Bearer manages"}
            client.unload_model("pairs_int8", headers=bearer)
            client.load_model("pairs_int8", headers=bearer)
        client.close()
