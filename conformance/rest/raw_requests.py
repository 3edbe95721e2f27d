"""What is said in bytes and headers: compressed bodies, raw tensors and where they begin, methods, types."""

import gzip
import json
import socket
import urllib.parse
import zlib

import numpy as np
from http_client import ask
from plain import PAIRS, SCALE, V2
from report import check

ROWS = json.dumps({"instances": [[1, 2, 3]] * 50}).encode()
LENGTH = "inference-header-content-length"
PACK = {"gzip": gzip.compress, "deflate": zlib.compress}
UNPACK = {"gzip": gzip.decompress, "deflate": zlib.decompress}
X = np.arange(6, dtype=np.float32).reshape(2, 3)


def judge_packing(url):
    plain = ask(url, "POST", f"{PAIRS}:predict", ROWS)
    for name, pack in PACK.items():
        with check(f"a {name} body is read, and so it is answered where that is wanted"):
            reply = ask(url, "POST", f"{PAIRS}:predict", pack(ROWS), {"Content-Encoding": name, "Accept-Encoding": name})
            assert reply.status == 200 and reply.headers["content-encoding"] == name and reply.headers["vary"] == "Accept-Encoding", reply
            assert UNPACK[name](reply.body) == plain.body
        with check(f"what is no {name} is 400"):
            assert ask(url, "POST", f"{PAIRS}:predict", ROWS, {"Content-Encoding": name}).status == 400
    with check("Classify is answered in gzip"):
        body = json.dumps({"examples": [{"x": [0.0, 0.0]}]}).encode()
        reply = ask(url, "POST", "/v1/models/examples:classify", body, {"Accept-Encoding": "gzip;q=0.8, identity;q=0.1"})
        assert json.loads(gzip.decompress(reply.body))["results"], reply
    for wish in ("gzip, deflate, br", "br", "identity", "gzip;q=0", "*"):
        with check(f"accept-encoding: {wish} is answered as it is"):
            reply = ask(url, "POST", f"{PAIRS}:predict", ROWS, {"Accept-Encoding": wish})
            assert "content-encoding" not in reply.headers and reply.body == plain.body, reply.headers
    with check("an unknown encoding is 415"):
        assert ask(url, "POST", f"{PAIRS}:predict", ROWS, {"Content-Encoding": "br"}).status == 415


def raw(url, model, body, **headers):
    reply = ask(url, "POST", f"/v2/models/{model}/infer", body, {"Content-Type": "application/octet-stream", **headers})
    end = int(reply.headers.get(LENGTH, len(reply.body)))
    return reply.status, json.loads(reply.body[:end]), reply.body[end:]


def judge_header_length(url):
    with check("header length 0: the body is the only input, and the answer raw"):
        status, about, bytes_ = raw(url, "pairs_float32", X.tobytes(), **{LENGTH: "0"})
        assert (status, about["outputs"][0]["shape"]) == (200, [2, 6]), about
        assert np.array_equal(np.frombuffer(bytes_, np.float32).reshape(2, 6), np.concatenate([X, X], 1))
    with check("header length 0, compressed"):
        status, about, bytes_ = raw(url, "pairs_float32", gzip.compress(X.tobytes()), **{LENGTH: "0", "Content-Encoding": "gzip"})
        assert status == 200 and len(bytes_) == 48, about
    with check("header length 0: one string"):
        status, about, bytes_ = raw(url, "strings", b"\x00abc", **{LENGTH: "0"})
        assert status == 200 and about["outputs"][0]["shape"] == [1] and b"\x04\x00\x00\x00\x00abc" in bytes_, about
    wrong = (
        ("bytes that are no whole row", "pairs_float32", X.tobytes()[:-1], "0", "input byte size mismatch for input 'x'"),
        ("several inputs", "scale", X.tobytes(), "0", "Raw request must only have 1 input (found 1) to be deduced but got 2 inputs in 'scale'"),
        ("two open dimensions", "open", X.tobytes(), "0", "The shape of the raw input 'x' can not be deduced"),
        ("no number", "pairs_float32", X.tobytes(), "x", "Unable to parse Inference-Header-Content-Length, got: x"),
        ("a negative number", "pairs_float32", X.tobytes(), "-1", "Unable to parse Inference-Header-Content-Length, got: -1"),
        ("more than there is", "pairs_float32", X.tobytes(), "99", "inference header size should be in range"),
    )
    for name, model, body, length, text in wrong:
        with check(f"header length {length}: {name} is 400"):
            status, about, _ = raw(url, model, body, **{LENGTH: length})
            assert status == 400 and text in about["error"], about
    judge_layout(url)


def mixed(size, data, **more):
    """A raw and a JSON input."""
    a = {"name": "a", "datatype": "FP32", "shape": [1, 2], "parameters": {"binary_data_size": size}}
    b = {"name": "b", "datatype": "FP32", "shape": [1, 2], "data": [10, 20]}
    head = json.dumps({"inputs": [a, b], **more}).encode()
    return head + data, {LENGTH: str(len(head))}


def judge_layout(url):
    a = np.array([[1, 2]], np.float32).tobytes()
    with check("a raw input beside one in JSON, a raw output beside one in JSON"):
        wishes = [{"name": "sum", "parameters": {"binary_data": True}}, {"name": "difference"}]
        body, headers = mixed(8, a, outputs=wishes)
        status, about, bytes_ = raw(url, "scale", body, **headers)
        assert status == 200 and np.frombuffer(bytes_, np.float32).tolist() == [22, 44], about
        assert about["outputs"][0]["parameters"] == {"binary_data_size": 8} and about["outputs"][1]["data"] == [-18, -36], about
    with check("binary_data_output holds where an output says nothing else"):
        wishes = [{"name": "sum"}, {"name": "difference", "parameters": {"binary_data": False}}]
        body, headers = mixed(8, a, outputs=wishes, parameters={"binary_data_output": True})
        status, about, bytes_ = raw(url, "scale", body, **headers)
        assert status == 200 and np.frombuffer(bytes_, np.float32).tolist() == [22, 44] and about["outputs"][1]["data"] == [-18, -36], about
    for name, size, data, text in (
        ("more bytes than are announced", 8, a + b"\0", "unexpected additional input data for model 'scale'"),
        ("less bytes than are announced", 8, a[:7], "unexpected size for input 'a', expecting 1 additional bytes for model 'scale'"),
        ("a size that is not that of the shape", 4, a[:4], "input byte size mismatch for input 'a'. Expected 8, got 4"),
        ("a size below zero", -1, a, "Unable to parse 'binary_data_size'"),
    ):
        with check(f"{name} are 400"):
            body, headers = mixed(size, data)
            status, about, _ = raw(url, "scale", body, **headers)
            assert status == 400 and text in about["error"], about


def judge_methods(url):
    for path, allowed in ((f"{V2}/infer", "POST"), (V2, "GET, HEAD"), ("/v2/repository/index", "POST"), ("/v2", "GET, HEAD")):
        with check(f"{path}: another method is 405, and says which there are"):
            reply = ask(url, "DELETE", path)
            assert (reply.status, reply.headers["allow"]) == (405, allowed), reply
    with check("PUT and GET for :predict are malformed, as in TensorFlow Serving"):
        for method in ("PUT", "GET"):
            reply = ask(url, method, f"{SCALE}:predict")
            assert reply.status == 400 and f"Malformed request: {method} {SCALE}:predict" in reply.text, reply
    with check("a type that holds no tensors is 415"):
        assert ask(url, "POST", f"{PAIRS}:predict", b"x", {"Content-Type": "image/gif"}).status == 415
    with check("what the type is called does not matter else"):
        assert ask(url, "POST", f"{PAIRS}:predict", ROWS, {"Content-Type": "text/plain"}).status == 200
    with check("the request's id comes back, and the version that answered"):
        reply = ask(url, "POST", f"{PAIRS}:predict", ROWS, {"X-Request-Id": "mine"})
        assert (reply.headers["x-request-id"], reply.headers["x-model-version"]) == ("mine", "1"), reply.headers


def judge_sending(url):
    with check("a body in pieces, of no stated length"):
        pieces = (ROWS[at : at + 7] for at in range(0, len(ROWS), 7))
        reply = ask(url, "POST", f"{PAIRS}:predict", pieces, {"Transfer-Encoding": "chunked"})
        assert reply.status == 200 and len(json.loads(reply.body)["predictions"]) == 50, reply
    with check("a client that waits before it sends its body, as curl does with large ones, is told to go on"):
        address = urllib.parse.urlsplit(url)
        with socket.create_connection((address.hostname, address.port), timeout=30) as connection, connection.makefile("rb") as answer:
            head = f"POST {PAIRS}:predict HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: {len(ROWS)}\r\n\r\n"
            connection.sendall(head.encode())
            assert answer.readline().startswith(b"HTTP/1.1 100 ") and answer.readline() == b"\r\n"
            connection.sendall(ROWS)
            assert answer.readline().startswith(b"HTTP/1.1 200 ")


def judge_raw(url):
    judge_sending(url)
    judge_packing(url)
    judge_header_length(url)
    judge_methods(url)
