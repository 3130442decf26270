"""The one way out: requests with timeouts, retries by kind of failure, pacing per host, and every answer kept."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

import orjson
import requests
import tenacity

from extractors.core.clock import Clock
from extractors.core.errors import RefusedError, SchemaError, SourceError, TransientError
from extractors.core.redact import Redactor

RETRY_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504})
TRIES = 4
LONGEST_WAIT = 60.0
LARGEST_BODY = 64 * 2**20

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Payload:
    """One answer as it came (less personal values), or the lack of one (`status` 0)."""

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

    @property
    def sha256(self) -> str:
        """Hash of the kept bytes."""
        return hashlib.sha256(self.body).hexdigest()


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


class Client:
    """A session with one source.

    `base` is the source's live address; `address` is where it answers this time (the same, or a box that
    serves live hosts as path prefixes). Every answer, good or bad, goes to `keep` before it is looked at.
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
    ) -> None:
        self.base, self.address = base, (address or base).rstrip("/")
        self.retries: list[Retry] = []
        self.last: Payload | None = None
        self._clock, self._keep, self._interval, self._timeout = clock, keep, interval, timeout
        self._redact = Redactor(personal or [])
        self._next_at = float("-inf")
        self._session = requests.Session()
        # A stand-in on this machine is never behind a proxy.
        self._session.trust_env = urlsplit(self.address).hostname not in ("127.0.0.1", "localhost", "::1")
        self._session.headers.update(
            {"User-Agent": user_agent.encode("latin-1", "replace").decode("latin-1"), **(headers or {})}
        )

    def close(self) -> None:
        """Let go of the connections."""
        self._session.close()

    def get_json(self, path: str, *, params: Params | None = None, has: tuple[str, ...] = ()) -> Any:
        """GET a JSON document that must hold the top-level fields `has`."""
        return self._ask("GET", path, params, None, _as_json, has)

    def get_jsonp(self, path: str, *, params: Params | None = None, has: tuple[str, ...] = ()) -> Any:
        """GET a JSON document wrapped in a callback."""
        return self._ask("GET", path, params, None, _as_jsonp, has)

    def post_form_jsonp(self, path: str, *, params: Params, form: Params, has: tuple[str, ...] = ()) -> Any:
        """POST a form and read a JSON document wrapped in a callback."""
        return self._ask("POST", path, params, form, _as_jsonp, has)

    def visit(self, path: str) -> None:
        """GET a page for its cookies; what it says is kept but not read."""
        self._ask("GET", path, None, None, lambda body: body, ())

    def _ask(
        self,
        method: str,
        path: str,
        params: Params | None,
        form: Params | None,
        parse: Callable[[bytes], Any],
        has: tuple[str, ...],
    ) -> Any:
        url = f"{self.base}{path}" + (f"?{urlencode(params)}" if params else "")

        def once() -> Any:
            payload = self._send(method, path, params, form, url)
            return _checked(payload, parse, has)

        def note(state: tenacity.RetryCallState) -> None:
            problem = state.outcome.exception() if state.outcome else None
            waited = state.next_action.sleep if state.next_action else 0.0
            self.retries.append(Retry(url, str(problem), waited))

        return tenacity.Retrying(
            stop=_enough,
            wait=_wait,
            retry=tenacity.retry_if_exception_type(TransientError),
            sleep=self._clock.sleep,
            before_sleep=note,
            reraise=True,
        )(once)

    def _send(self, method: str, path: str, params: Params | None, form: Params | None, url: str) -> Payload:
        pause = self._next_at - self._clock.monotonic()
        if pause > 0:
            self._clock.sleep(pause)
        self._next_at = self._clock.monotonic() + self._interval
        status, content_type, source_clock, retry_after, body = 0, "", "", "", b""
        problem: SourceError | None = None
        try:
            # Connect and read each get the time-out; redirects to other hosts are not followed.
            with self._session.request(
                method,
                self.address + path,
                params=params,
                data=form,
                timeout=self._timeout,
                stream=True,
                allow_redirects=False,
            ) as response:
                status = response.status_code
                content_type = response.headers.get("Content-Type", "")
                source_clock = response.headers.get("Date", "")
                retry_after = response.headers.get("Retry-After", "")
                body = _limited(response)
        except requests.RequestException as failure:
            problem = TransientError(_plain(failure))
        except SchemaError as failure:
            problem = failure
        received = hashlib.sha256(body).hexdigest()
        body, redacted = self._redact(body)
        now = self._clock.now()
        form_text = urlencode(form) if form else ""
        error = str(problem or "")
        self.last = Payload(url, form_text, status, content_type, now, source_clock, received, redacted, body, error)
        self._keep(self.last)
        if problem:
            raise type(problem)(f"{url}: {problem}")
        if status in RETRY_STATUS:
            message = f"{url}: answered {status}{_said(body)}"
            seconds = _retry_after(retry_after, now)
            if seconds is not None and seconds > LONGEST_WAIT:
                message += f" and asks to wait {seconds:.0f} s, longer than the {LONGEST_WAIT:.0f} s a night waits"
            raise Wait(message, seconds) if seconds is not None else TransientError(message)
        if status != 200:
            raise RefusedError(f"{url}: answered {status}{_said(body)}; not asked again tonight")
        return self.last


def _limited(response: requests.Response) -> bytes:
    """The body, at most `LARGEST_BODY` bytes after decompression; half a body raises in requests."""
    parts, size = [], 0
    for part in response.iter_content(2**20):
        size += len(part)
        if size > LARGEST_BODY:
            raise SchemaError(f"body larger than {LARGEST_BODY >> 20} MB; not read further")
        parts.append(part)
    return b"".join(parts)


def _checked(payload: Payload, parse: Callable[[bytes], Any], has: tuple[str, ...]) -> Any:
    """The parsed document; anything else with status 200 is an outage in disguise and may pass."""
    try:
        document = parse(payload.body)
    except ValueError:
        raise TransientError(
            f"{payload.url}: answered {_kind(payload)} instead of JSON{_said(payload.body)} "
            f"({len(payload.body)} bytes, payload {payload.sha256[:12]} kept)"
        ) from None
    if has and isinstance(document, list) and len(document) == 1:
        document = document[0]  # a list of one answer is that answer
    missing = [name for name in has if not isinstance(document, dict) or name not in document]
    if missing:
        raise TransientError(f"{payload.url}: no {' or '.join(missing)} in the answer{_said(payload.body)}")
    return document


def _as_json(body: bytes) -> Any:
    return orjson.loads(body)


def _as_jsonp(body: bytes) -> Any:
    """`name(document)` or the bare document."""
    match = re.match(rb"\s*[\w.$]+\(", body)
    if not match:
        return orjson.loads(body)
    end = body.rfind(b")")
    if end < match.end():
        raise ValueError("callback not closed")
    return orjson.loads(body[match.end() : end])


def _kind(payload: Payload) -> str:
    if not payload.body.strip():
        return "nothing"
    return "HTML" if b"<html" in payload.body[:2000].lower() else f"unreadable {payload.content_type or 'bytes'}"


def _said(body: bytes) -> str:
    """The first words of an unexpected answer, for the message."""
    text = " ".join(re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace")).split())
    return f': "{text[:120]}"' if text else ""


def _plain(problem: requests.RequestException) -> str:
    """A transport failure in words, without addresses of objects in it."""
    if isinstance(problem, requests.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(problem, requests.Timeout):
        return "no answer within the time-out"
    if isinstance(problem, requests.exceptions.ChunkedEncodingError | requests.exceptions.ContentDecodingError):
        return "only part of the body arrived"
    if isinstance(problem, requests.ConnectionError):
        text = str(problem)
        if "IncompleteRead" in text:
            return "only part of the body arrived"
        if "timed out" in text:
            return "no answer within the time-out"
        return "connection refused" if "refused" in text else "connection broken"
    return type(problem).__name__


def _retry_after(value: str, now: datetime) -> float | None:
    """Seconds a `Retry-After` header asks for (RFC 9110 §10.2.3: seconds or a date)."""
    if value.isdecimal():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0) if value else None
    except (ValueError, TypeError):
        return None


def _enough(state: tenacity.RetryCallState) -> bool:
    """Stop after some tries, or when the source asks for more patience than a night has."""
    problem = state.outcome.exception() if state.outcome else None
    return state.attempt_number >= TRIES or (isinstance(problem, Wait) and problem.seconds > LONGEST_WAIT)


def _wait(state: tenacity.RetryCallState) -> float:
    problem = state.outcome.exception() if state.outcome else None
    return problem.seconds if isinstance(problem, Wait) else float(2 ** (state.attempt_number - 1))
