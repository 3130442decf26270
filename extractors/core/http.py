"""The one way out: requests with timeouts, retries by kind of failure, pacing per host, and every answer kept."""

import copy
import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlencode, urlsplit
from uuid import uuid4

import requests
import tenacity
import urllib3
from pydantic import SecretStr

from extractors.core.answers import as_json, as_jsonp, checked, plain, retry_after, said
from extractors.core.clock import Clock
from extractors.core.errors import RefusedError, SchemaError, SourceError, TransientError
from extractors.core.files import sha256_of
from extractors.core.hosts import Bearer, Hosts, Pace
from extractors.core.redact import Redactor

RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
TRIES = 4
LONGEST_WAIT = 60.0
LARGEST_BODY = 64 * 2**20
# A body may take so many time-outs in all, however steadily it drips.
PATIENCE = 10

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Payload:
    """One answer as it came (less personal values), or the lack of one (`status` 0).

    `file`: the name of the file beside the payloads that holds the body, where it is too large to stand among them.
    """

    url: str
    form: str
    status: int
    content_type: str
    fetched_at: datetime
    source_clock: str
    received_sha256: str
    redacted: int
    body: bytes
    error: str
    file: str = ""
    file_sha256: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the kept bytes."""
        return self.file_sha256 or hashlib.sha256(self.body).hexdigest()


@dataclass(frozen=True, slots=True)
class Retry:
    """A request that was asked again."""

    url: str
    problem: str
    waited_seconds: float


class Wait(TransientError):
    """A failure after which the source told us how long to wait."""

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class _Request:
    """What is asked: `url` is the live address it is known by."""

    method: str
    path: str
    url: str
    params: Params | None = None
    form: Params | None = None
    headers: Mapping[str, str] | None = None


class Client:
    """A session with one source.

    `base` is the source's live address; `address` is where it answers this time (the same, or a box that
    serves live hosts as path prefixes). Every answer, good or bad, goes to `keep` before it is looked at.
    `token` goes to the host of `base` only. `folder` is where large files are put while they are read.
    """

    def __init__(
        self,
        base: str,
        *,
        clock: Clock,
        keep: Callable[[Payload], None],
        address: str | None = None,
        user_agent: str = "fsdb",
        headers: Mapping[str, str] | None = None,
        interval: float = 0.0,
        timeout: float = 30.0,
        personal: list[str] | None = None,
        token: SecretStr | None = None,
        folder: Path | None = None,
        largest: int | None = None,
    ) -> None:
        self.hosts = Hosts(base, address or base)
        self.base, self.address = base, self.hosts.address
        self.retries: list[Retry] = []
        self.last: Payload | None = None
        self.folder = folder
        self._clock, self._keep, self._pace, self._timeout = clock, keep, Pace(clock, interval), timeout
        self._redact = Redactor(personal or [])
        self._bearer = Bearer(token) if token else None
        self._largest = largest or LARGEST_BODY
        self._user_agent = user_agent.encode("latin-1", "replace").decode("latin-1")
        self._headers = dict(headers or {})
        self._apart: list[Payload] | None = None
        self._session = self._new_session()

    @property
    def has_token(self) -> bool:
        """Whether requests carry a token."""
        return self._bearer is not None

    def _new_session(self) -> requests.Session:
        session = requests.Session()
        # A stand-in on this machine is never behind a proxy.
        session.trust_env = urlsplit(self.address).hostname not in ("127.0.0.1", "localhost", "::1")
        session.headers.update({"User-Agent": self._user_agent, **self._headers})
        return session

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def at(self, url: str, *, apart: bool = False) -> "Client":
        """A client for another address of this source, one that the source itself has named.

        It keeps the same pace (per host), the same archive and the same redaction; the token stays behind.
        `apart`: it holds back what it is told until `take` is called with it, so that it can work in another thread.
        Raises `SchemaError` for an address that is no public https address.
        """
        other = copy.copy(self)
        other.base = self.hosts.live(url)
        other.address = self.hosts.answering(other.base)
        other._bearer = self._bearer if urlsplit(other.base).netloc == urlsplit(self.base).netloc else None
        other.last, other._session = None, other._new_session()
        if apart:
            other.retries, other._apart = [], []
            other._keep = other._apart.append
        return other

    def take(self, other: "Client") -> None:
        """Archive what a client that worked apart was told."""
        for payload in other._apart or []:
            self._keep(payload)
        self.retries += other.retries
        other.close()

    def placed(self, error: SchemaError) -> SchemaError:
        """The error with the address of the answer that was read last, which is the one it is about."""
        if self.last is None or self.last.url in str(error):
            return error
        return SchemaError(f"{self.last.url}: {error}")

    def path_of(self, url: str) -> str:
        """The path under `base` of an address found in an answer; raise `SchemaError` where it leads elsewhere."""
        live = self.hosts.live(url)
        if not live.startswith((self.base + "/", self.base + "?")):
            raise SchemaError(f"expected an address under {self.base}, got {url!r:.200}: not followed")
        return live[len(self.base) :]

    def get_json(
        self,
        path: str,
        *,
        params: Params | None = None,
        has: tuple[str, ...] = (),
        headers: Mapping[str, str] | None = None,
        whole: bool = False,
    ) -> Any:
        """GET a JSON document that must hold the top-level fields `has`.

        `whole`: with the personal values in it, which are kept nowhere; the caller must not pass them on.
        """
        return self._ask(self._request("GET", path, params, None, headers), as_json, has, whole)

    def get_jsonp(self, path: str, *, params: Params | None = None, has: tuple[str, ...] = ()) -> Any:
        """GET a JSON document wrapped in a callback."""
        return self._ask(self._request("GET", path, params), as_jsonp, has)

    def post_form_jsonp(self, path: str, *, params: Params, form: Params, has: tuple[str, ...] = ()) -> Any:
        """POST a form and read a JSON document wrapped in a callback."""
        return self._ask(self._request("POST", path, params, form), as_jsonp, has)

    def visit(self, path: str) -> None:
        """GET a page for its cookies; what it says is kept but not read."""
        self._ask(self._request("GET", path), lambda body: body, ())

    @contextmanager
    def download(self, path: str) -> Iterator["Download"]:
        """GET a large file to the disk, where it stays while the block runs; `Download.keep` says what is archived."""
        if self.folder is None:
            raise ValueError("this client has no folder to put a file in")
        target = self.folder / f"{uuid4().hex[:8]}.download.tmp"
        asked = self._request("GET", path)
        try:
            self._retrying(asked, lambda: self._send(asked, target))
            assert self.last is not None
            yield Download(target, self.last, self._keep)
        finally:
            target.unlink(missing_ok=True)

    def _request(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        form: Params | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> _Request:
        url = f"{self.base}{path}" + (f"?{urlencode(params)}" if params else "")
        return _Request(method, path, url, params, form, headers)

    def _ask(self, asked: _Request, parse: Callable[[bytes], Any], has: tuple[str, ...], whole: bool = False) -> Any:
        def once() -> Any:
            payload, received = self._send(asked)
            return checked(payload, received if whole else payload.body, parse, has)

        return self._retrying(asked, once)

    def _retrying(self, asked: _Request, once: Callable[[], Any]) -> Any:
        def note(state: tenacity.RetryCallState) -> None:
            problem = state.outcome.exception() if state.outcome else None
            waited = state.next_action.sleep if state.next_action else 0.0
            self.retries.append(Retry(asked.url, str(problem), waited))

        return tenacity.Retrying(
            stop=_enough,
            wait=_wait,
            retry=tenacity.retry_if_exception_type(TransientError),
            sleep=self._clock.sleep,
            before_sleep=note,
            reraise=True,
        )(once)

    def _send(self, asked: _Request, target: Path | None = None) -> tuple[Payload, bytes]:
        """Ask once; return what is kept of the answer and the body as received (to `target`: none).

        A good answer that goes to a file is not yet handed to `keep`: what is kept of it is for the reader to say.
        """
        self._pace.wait(urlsplit(self.base).netloc)
        payload, received, problem, wanted = self._exchange(asked, target)
        self.last = payload
        if target is None or problem or payload.status != 200:
            self._keep(payload)
        if problem:
            raise type(problem)(f"{asked.url}: {problem}")
        if payload.status in RETRY_STATUS:
            message = f"{asked.url}: answered {payload.status}{said(payload.body)}"
            seconds = retry_after(wanted, payload.fetched_at)
            if seconds is not None and seconds > LONGEST_WAIT:
                message += f" and asks to wait {seconds:.0f} s, longer than the {LONGEST_WAIT:.0f} s a night waits"
            raise Wait(message, seconds) if seconds is not None else TransientError(message)
        if payload.status != 200:
            why = self._bearer.refused() if self._bearer and payload.status == 401 else ""
            message = f"{asked.url}: answered {payload.status}{said(payload.body)}{why}; not asked again tonight"
            raise RefusedError(message)
        if self._bearer:
            self._bearer.accepted += 1
        return payload, received

    def _exchange(self, asked: _Request, target: Path | None) -> tuple[Payload, bytes, SourceError | None, str]:
        """The answer as it is kept, the body as it came, what went wrong on the way, and `Retry-After`."""
        status, content_type, source_clock, wanted, body = 0, "", "", "", b""
        digest, until = hashlib.sha256(), self._clock.monotonic() + PATIENCE * self._timeout
        problem: SourceError | None = None
        try:
            # Connect and read each get the time-out; redirects to other hosts are not followed.
            with self._session.request(
                asked.method,
                self.address + asked.path,
                params=asked.params,
                data=asked.form,
                headers=asked.headers,
                auth=self._bearer,
                timeout=self._timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                status = response.status_code
                content_type = response.headers.get("Content-Type", "")
                source_clock = response.headers.get("Date", "")
                wanted = response.headers.get("Retry-After", "")
                parts = self._parts(response, digest, until, self._largest if target else LARGEST_BODY)
                if target and status == 200:
                    with target.open("wb") as file:
                        _write(file, parts)
                else:
                    body = b"".join(parts)
        except (requests.RequestException, urllib3.exceptions.HTTPError) as failure:
            problem = TransientError(plain(failure))
        except SourceError as failure:
            problem = failure
        kept, redacted = self._redact(body)
        if self._bearer:
            kept, redacted = self._bearer.cut(kept, redacted)
        form = urlencode(asked.form) if asked.form else ""
        now, error = self._clock.now(), str(problem or "")
        received = digest.hexdigest() if body or target else hashlib.sha256(b"").hexdigest()
        payload = Payload(asked.url, form, status, content_type, now, source_clock, received, redacted, kept, error)
        return payload, body, problem, wanted

    def _parts(self, response: requests.Response, digest: Any, until: float, largest: int) -> Iterator[bytes]:
        """The body as it comes in, decompressed; raises when it is too large or takes too long."""
        size = 0
        # `read1` gives what is there: whole chunks of a body that drips would never come.
        while part := response.raw.read1(2**20, decode_content=True):
            size += len(part)
            if size > largest:
                raise SchemaError(f"body larger than {largest >> 20} MB; not read further")
            if self._clock.monotonic() > until:
                raise TransientError(f"body not complete after {PATIENCE} time-outs ({size} bytes came)")
            digest.update(part)
            yield part


@dataclass(frozen=True, slots=True)
class Download:
    """A large file that came: `path` is what was received, and goes away; what `keep` is given stays."""

    path: Path
    received: Payload
    _archive: Callable[[Payload], None]

    def keep(self, kept: Path, redacted: int) -> str:
        """Archive the answer as the file `kept` beside the payloads, which `redacted` values were cut out of.

        Returns the hash of the file: what the records give as their payload.
        """
        payload = replace(self.received, redacted=redacted, file=kept.name, file_sha256=sha256_of(kept))
        self._archive(payload)
        return payload.sha256


def _write(file: BinaryIO, parts: Iterator[bytes]) -> None:
    for part in parts:
        file.write(part)


def _enough(state: tenacity.RetryCallState) -> bool:
    """Stop after some tries, or when the source asks for more patience than a night has."""
    problem = state.outcome.exception() if state.outcome else None
    return state.attempt_number >= TRIES or (isinstance(problem, Wait) and problem.seconds > LONGEST_WAIT)


def _wait(state: tenacity.RetryCallState) -> float:
    problem = state.outcome.exception() if state.outcome else None
    return problem.seconds if isinstance(problem, Wait) else float(2 ** (state.attempt_number - 1))
