"""The simulated world as an HTTP server: live hosts as path prefixes, nights and faults switchable while it runs."""

import datetime as dt
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingTCPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

from simulator.exchanges import Beijing, Shanghai, Shenzhen
from simulator.faults import Faults
from simulator.lending.delivered import Delivered
from simulator.lending.drop import Written, drop
from simulator.lending.economy import Lending
from simulator.lending.feed import ProductFeed
from simulator.lending.regulator import Regulator
from simulator.lending.truth import Rows, tables
from simulator.messages import Institution, Reply, Request, as_json, as_page
from simulator.truth import Truth, tell
from simulator.world import World

_REQUESTS_KEPT = 20_000
_HOLDING = {"timeout", "reset"}


class Simulator:
    """A world and the server in front of it; a context manager that serves while it is open.

    `with Simulator(size=200, seed=1, night="2026-07-13") as sim:` then `sim.url` is the address to put before
    `/<live host>/<live path>`; `sim.night = "2026-07-14"` turns the night, `sim.fault("www.szse.cn:500")` switches a
    fault on, `sim.clear()` all of them off, `sim.truth()` tells what is really so.
    """

    def __init__(
        self,
        *,
        size: int = 3600,
        seed: int = 1,
        night: str | dt.date = "2026-07-13",
        change_share: float = 0.004,
        faults: Iterable[str] = (),
        port: int = 0,
        delay: float = 0.0,
        hold_seconds: float = 60.0,
        retry_after: int = 1,
    ) -> None:
        self.world = World(size, seed, change_share)
        self.faults = Faults(seed)
        for spec in faults:
            self.faults.set(spec)
        self.delay, self.hold_seconds, self.retry_after = delay, hold_seconds, retry_after
        self.night = _date(night)
        self.lending = Lending(self.world)
        institutions: tuple[Institution, ...] = (
            Shanghai(self.world),
            Shenzhen(self.world),
            Beijing(self.world),
            ProductFeed(self.lending.products),
            Regulator(self.lending.penalties),
        )
        self._by_host = {host: institution for institution in institutions for host in institution.hosts}
        self._requests: deque[dict[str, Any]] = deque(maxlen=_REQUESTS_KEPT)
        self._server = _Server(port, self)
        self.port = int(self._server.server_address[1])
        self.url = f"http://127.0.0.1:{self.port}"

    @property
    def night(self) -> dt.date:
        """The night on which all institutions are looked at."""
        return self._night

    @night.setter
    def night(self, night: str | dt.date) -> None:
        day = _date(night)
        self.world.projects(day)
        self._night = day
        self.faults.forget_shifts()

    def fault(self, spec: str) -> None:
        """Switch a fault on: HOST:KIND[:N], N a count or a probability."""
        self.faults.set(spec)

    def clear(self, spec: str | None = None) -> None:
        """Switch one fault off, or all."""
        self.faults.clear(spec)

    @property
    def requests(self) -> list[dict[str, Any]]:
        """The requests answered so far, oldest first (the last 20,000)."""
        return list(self._requests)

    def truth(self, night: str | dt.date | None = None, since: str | dt.date | None = None) -> Truth:
        """What is so on a night, and what has changed `since` an earlier one (default: tonight, the night before)."""
        return tell(self.world, _date(night or self.night), _date(since) if since else None)

    def drop(self, inbox: Path) -> list[Written]:
        """Write the files that institutions deliver on this night into `inbox/<source>/`; tell what was written."""
        return drop(self.lending, self.night, inbox)

    def lending_truth(self, night: str | dt.date | None = None) -> dict[str, Rows]:
        """The tables of the lending databases as they should be after a night (default: this one), and the dirt."""
        return tables(Delivered(self.lending, _date(night or self.night)))

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop serving and hang up on everybody."""
        self._server.shutdown()
        self._server.close()

    def serve(self) -> None:
        """Serve until interrupted."""
        try:
            self._server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            pass
        finally:
            self._server.close()

    def answer(self, request: Request) -> Reply | None:
        """The reply to a request for a live host; None when the line is to be dropped instead."""
        institution = self._by_host.get(request.host)
        if institution is None:
            return as_json({"error": f"host {request.host!r} is not simulated"}, 404, {"X-Simulator": "unknown-host"})
        hit = self.faults.draw(request, institution)
        if hit in _HOLDING:
            return None
        if hit == "error":
            return institution.error(request)
        if reply := self._disturbed(hit):
            return reply
        if self.delay:
            time.sleep(self.delay)
        try:
            return institution.answer(request)
        except Exception as error:  # a mistake of the simulator must not look like one of the institution
            return as_json({"error": f"{type(error).__name__}: {error}"}, 500, {"X-Simulator": "failed"})

    def _disturbed(self, kind: str | None) -> Reply | None:
        """The answer under a fault that does not depend on the institution."""
        wait = {"Retry-After": str(self.retry_after)}
        match kind:
            case "403":
                return as_page("403 Forbidden 您的访问行为存在异常", 403)
            case "429":
                return as_page("429 Too Many Requests", 429, wait)
            case "500":
                return as_page("500 Internal Server Error", 500)
            case "503":
                return as_page("503 Service Unavailable", 503, wait)
            case "html":
                return as_page("系统维护中 Service temporarily unavailable")
            case "expired":
                return as_json({"errors": [{"code": "token_expired", "title": "the access token has expired"}]}, 401)
            case "blank":
                return Reply(b"")
        return None

    def control(self, path: str, query: dict[str, list[str]]) -> Reply:
        """The simulator's own pages: /__health, /__night/DATE, /__requests[?host=&clear=1], /__fault[?set=&clear=]."""
        try:
            if path.startswith("/__night/"):
                self.night = _date(path.removeprefix("/__night/"))
            elif path == "/__fault":
                for spec in query.get("clear", []):
                    self.clear(None if spec in ("", "*", "all") else spec)
                for spec in query.get("set", []):
                    self.fault(spec)
            elif path == "/__requests":
                shown = [row for row in self.requests if row["host"] in query.get("host", [row["host"]])]
                if "clear" in query:
                    self._requests.clear()
                return as_json({"count": len(shown), "requests": shown})
            elif path != "/__health":
                return as_json({"error": "known: /__health /__night/DATE /__requests /__fault"}, 404)
        except ValueError as error:
            return as_json({"error": str(error)}, 400)
        projects = len(self.world.projects(self.night))
        return as_json({"status": "ok", "night": str(self.night), "projects": projects, "faults": self.faults.specs})

    def note(self, request: Request, status: int, size: int) -> None:
        """Remember a request; status 0 when the line was dropped."""
        self._requests.append(
            {
                "method": request.method,
                "host": request.host,
                "path": request.path,
                "query": {name: ",".join(values) for name, values in request.arguments.items()},
                "form": {name: ",".join(values) for name, values in request.form.items()},
                "status": status,
                "bytes": size,
                "fault": request.fault,
                "night": str(request.night),
                "user_agent": request.headers.get("User-Agent"),
                "referer": request.headers.get("Referer"),
            }
        )


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    request_queue_size = 512

    def __init__(self, port: int, simulator: Simulator) -> None:
        self.simulator = simulator
        self._open: set[socket.socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not worth a trace."""

    def close(self) -> None:
        """Stop listening and hang up on clients that keep their line open."""
        self.server_close()
        for line in list(self._open):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    """Reads one request, writes one reply; the line stays open."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def log_message(self, format: str, *args: object) -> None:
        """Requests are kept in memory instead."""

    def _handle(self) -> None:
        simulator = self.server.simulator
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        address = urlsplit(self.path)
        host, _, path = address.path.lstrip("/").partition("/")
        own = host.startswith("__")
        request = Request(
            method=self.command,
            host="" if own else host.lower(),
            path=address.path if own else "/" + path,
            query=address.query,
            headers=dict(self.headers.items()),
            body=body,
            night=simulator.night,
        )
        if own:
            self._send(simulator.control(request.path, request.arguments))
            return
        reply = simulator.answer(request)
        if reply is None:
            simulator.note(request, 0, 0)
            self._drop(hold=request.fault == "timeout")
        else:
            simulator.note(request, reply.status, len(reply.body))
            self._send(reply, half=request.fault == "truncate")

    do_GET = do_HEAD = do_POST = do_PUT = _handle  # noqa: N815 (names that http.server looks for)

    def _send(self, reply: Reply, half: bool = False) -> None:
        head = [
            f"HTTP/1.1 {reply.status} {self.responses.get(reply.status, ('Status',))[0]}",
            f"Content-Type: {reply.content_type}",
            f"Content-Length: {len(reply.body)}",
            f"Date: {formatdate(usegmt=True)}",
            *(f"{name}: {value}" for name, value in reply.headers.items()),
        ]
        body = b"" if self.command == "HEAD" else reply.body
        if half:
            body = body[: len(body) // 2]
            self.close_connection = True
        self.connection.sendall("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body)

    def _drop(self, hold: bool) -> None:
        """Answer nothing: hold the line until the client gives up, or reset it at once."""
        self.close_connection = True
        if hold:
            self.connection.settimeout(self.server.simulator.hold_seconds)
            try:
                self.connection.recv(1)
            except OSError:
                return
        else:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()


def _date(day: str | dt.date) -> dt.date:
    """A date given as such or as YYYY-MM-DD; ValueError when it is neither."""
    return day if isinstance(day, dt.date) else dt.date.fromisoformat(day)
