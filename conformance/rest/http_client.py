"""One request over plain HTTP, and what came back."""

import http.client
import urllib.parse
from dataclasses import dataclass

SECONDS = 30


@dataclass
class Reply:
    status: int
    headers: dict
    body: bytes

    @property
    def text(self):
        return self.body.decode()


def ask(url, method, path, body=None, headers=None):
    """`path` goes out as it is; names of headers come back in small letters."""
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers or {}, encode_chunked="Transfer-Encoding" in (headers or {}))
        reply = connection.getresponse()
        return Reply(reply.status, {name.lower(): value for name, value in reply.getheaders()}, reply.read())
    finally:
        connection.close()
