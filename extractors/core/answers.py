"""What an answer says: the document in it, or in words why there is none."""

import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import orjson
import requests
import urllib3

from extractors.core.errors import RefusedError, TransientError

if TYPE_CHECKING:
    from extractors.core.http import Payload


def checked(payload: "Payload", body: bytes, parse: Callable[[bytes], Any], has: tuple[str, ...]) -> Any:
    """The document in `body`; anything else with status 200 is an outage in disguise and may pass.

    `payload` is what is kept of it, and all that messages quote. A list of `errors` is the source's own refusal, which
    some send with status 200 (JSON:API, the Consumer Data Standards).
    """
    try:
        document = parse(body)
    except ValueError:
        raise TransientError(
            f"{payload.url}: answered {_kind(payload)} instead of JSON{said(payload.body)} "
            f"({len(payload.body)} bytes, payload {payload.sha256[:12]} kept)"
        ) from None
    if has and isinstance(document, list) and len(document) == 1:
        document = document[0]  # a list of one answer is that answer
    if isinstance(document, dict) and isinstance(errors := document.get("errors"), list) and errors:
        raise RefusedError(f"{payload.url}: answered {payload.status} and an error{said(payload.body)}")
    missing = [name for name in has if not isinstance(document, dict) or name not in document]
    if missing:
        raise TransientError(f"{payload.url}: no {' or '.join(missing)} in the answer{said(payload.body)}")
    return document


def as_json(body: bytes) -> Any:
    """A bare document."""
    return orjson.loads(body)


def as_jsonp(body: bytes) -> Any:
    """`name(document)` or the bare document."""
    match = re.match(rb"\s*[\w.$]+\(", body)
    if not match:
        return orjson.loads(body)
    end = body.rfind(b")")
    if end < match.end():
        raise ValueError("callback not closed")
    return orjson.loads(body[match.end() : end])


def _kind(payload: "Payload") -> str:
    if not payload.body.strip():
        return "nothing"
    return "HTML" if b"<html" in payload.body[:2000].lower() else f"unreadable {payload.content_type or 'bytes'}"


def said(body: bytes) -> str:
    """The first words of an unexpected answer, for the message."""
    text = " ".join(re.sub(r"<[^>]*>", " ", body[:2000].decode("utf-8", "replace")).split())
    return f': "{text[:120]}"' if text else ""


def plain(problem: requests.RequestException | urllib3.exceptions.HTTPError) -> str:
    """A transport failure in words, without addresses of objects in it."""
    if isinstance(problem, requests.ConnectTimeout):
        return "no connection within the time-out"
    if isinstance(problem, requests.Timeout | urllib3.exceptions.TimeoutError):
        return "no answer within the time-out"
    if isinstance(problem, urllib3.exceptions.DecodeError):
        return "only part of the body arrived"
    if isinstance(problem, requests.ConnectionError | urllib3.exceptions.ProtocolError):
        text = str(problem)
        if "IncompleteRead" in text:
            return "only part of the body arrived"
        if "timed out" in text:
            return "no answer within the time-out"
        return "connection refused" if "refused" in text else "connection broken"
    return type(problem).__name__


def retry_after(value: str, now: datetime) -> float | None:
    """Seconds a `Retry-After` header asks for (RFC 9110 §10.2.3: seconds or a date)."""
    if value.isdecimal():
        return float(value)
    try:
        return max((parsedate_to_datetime(value) - now).total_seconds(), 0.0) if value else None
    except (ValueError, TypeError):
        return None
