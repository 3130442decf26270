"""What travels between the server and an institution: one request, one reply."""

import datetime as dt
import html
import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qs

VOLATILE = {"_", "rand", "random", "callback", "jsonCallBack", "jsonCallback"}
"""Parameters against caching: they do not make a request another request."""


@dataclass
class Request:
    """A request to a live host. `shapes` and `inserted` are the list faults drawn for it."""

    method: str
    host: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    night: dt.date
    shapes: frozenset[str] = frozenset()
    inserted: int = 0
    fault: str | None = None
    arguments: dict[str, list[str]] = field(init=False)
    form: dict[str, list[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.arguments = parse_qs(self.query, keep_blank_values=True)
        self.form = parse_qs(self.body.decode("utf-8", "replace"), keep_blank_values=True) if self.body else {}

    def all(self, name: str) -> set[str]:
        """All non-empty values of a parameter, comma lists taken apart."""
        values = self.arguments.get(name, []) + self.form.get(name, [])
        return {part for value in values for part in value.split(",") if part}

    def one(self, name: str, default: str = "") -> str:
        """First value in the query, else in the form."""
        return (self.arguments.get(name) or self.form.get(name) or [default])[0]

    def number(self, name: str, default: int) -> int:
        """An integer parameter; the default when it is missing or not a number."""
        try:
            return int(self.one(name))
        except ValueError:
            return default

    @property
    def key(self) -> str:
        """Identity of the request, without parameters against caching."""
        pairs = sorted((k, v) for k, v in (self.arguments | self.form).items() if k not in VOLATILE)
        return f"{self.method} {self.host}{self.path} {pairs}"


@dataclass(frozen=True)
class Reply:
    """Status, body and headers of an answer."""

    body: bytes
    status: int = 200
    content_type: str = "application/json;charset=UTF-8"
    headers: Mapping[str, str] = field(default_factory=dict)


def as_json(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A JSON answer, written as the exchanges write it: UTF-8, without blanks."""
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    return Reply(body, status, headers=headers or {})


def as_page(title: str, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """A small HTML page."""
    text = html.escape(title)
    head = f'<head><meta charset="utf-8"><title>{text}</title></head>'
    body = f"<!DOCTYPE html><html>{head}<body><h1>{text}</h1></body></html>"
    return Reply(body.encode(), status, "text/html; charset=utf-8", headers or {})


class Institution(ABC):
    """Somebody in the simulated economy who answers under one or more live hosts."""

    hosts: tuple[str, ...]

    @abstractmethod
    def answer(self, request: Request) -> Reply:
        """The answer to a request as the live site gives it."""

    @abstractmethod
    def error(self, request: Request) -> Reply:
        """The site's own error message under status 200."""

    @abstractmethod
    def page(self, request: Request) -> int | None:
        """Which page of the public list is asked for, counted from 0; None for anything else."""
