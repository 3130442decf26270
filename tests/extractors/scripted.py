"""An HTTP server on the loopback that answers what a test tells it to, over real sockets."""

import json
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request as it arrived."""

    method: str
    path: str
    query: dict[str, str]
    form: dict[str, str]
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """What to send back. `cut` sends only so many bytes of the body, `reset` breaks the line, `hold` says nothing.

    `drip` is called before each single byte of the body.
    """

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: int | None = None
    reset: bool = False
    hold: bool = False
    drip: Callable[[], None] | None = None


def as_json(document: Any, **more: Any) -> Answer:
    """A JSON document."""
    return Answer(json.dumps(document, ensure_ascii=False).encode(), **more)


MAINTENANCE = Answer(
    "<!DOCTYPE html><html><title>系统维护中</title></html>".encode(), headers={"Content-Type": "text/html"}
)


class Server:
    """Answers with `answers` in turn (the last one again and again), or with what `answer_to` returns."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.answer_to: Callable[[Asked], Answer] | None = None
        self.asked: list[Asked] = []
        handler = type("Handler", (_Handler,), {"script": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()

    def say(self, *answers: Answer) -> None:
        """Answer with these in turn."""
        self.answers = list(answers)

    def next(self, asked: Asked) -> Answer:
        """The answer to a request."""
        self.asked.append(asked)
        if self.answer_to:
            return self.answer_to(asked)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def stop(self) -> None:
        """Stop listening; from now on connections are refused."""
        self._http.shutdown()
        self._http.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    script: Server

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        form = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        asked = Asked(
            self.command,
            parts.path,
            dict(parse_qsl(parts.query, keep_blank_values=True)),
            dict(parse_qsl(form, keep_blank_values=True)),
            dict(self.headers),
        )
        answer = self.script.next(asked)
        self.close_connection = answer.hold or answer.reset or answer.cut is not None
        if answer.hold:
            self.connection.recv(1)  # until the client hangs up
            return
        if answer.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            return
        self.send_response(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if answer.drip:
            for at in range(len(answer.body)):
                answer.drip()
                self.wfile.write(answer.body[at : at + 1])
                self.wfile.flush()
            return
        self.wfile.write(answer.body[: answer.cut])

    do_POST = do_GET  # noqa: N815

    def handle(self) -> None:
        with suppress(OSError):
            super().handle()

    def finish(self) -> None:
        with suppress(OSError):  # the line may have been broken on purpose
            super().finish()
