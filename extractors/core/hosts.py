"""Hosts: where live ones answer this time, at what pace they are asked, and who gets the token."""

import threading
from urllib.parse import urlsplit

import requests
from pydantic import SecretStr

from extractors.core.clock import Clock
from extractors.core.errors import SchemaError


class Hosts:
    """The live hosts of a source and where they answer this time.

    `base`: the source's live address; `address`: where it answers. A box serves live hosts as path prefixes, so an
    address that ends with the host of `base` tells where all others are; any other address stands in for `base` alone.
    """

    def __init__(self, base: str, address: str) -> None:
        self.base, self.address = base, address.rstrip("/")
        host = urlsplit(base).netloc
        # Where live hosts are path prefixes; empty: they are asked themselves; None: only `base` answers.
        self._root: str | None = None
        if self.address == base.rstrip("/"):
            self._root = ""
        elif self.address.endswith(f"/{host}"):
            self._root = self.address.removesuffix(f"/{host}")

    def live(self, url: str) -> str:
        """An address found in an answer as the live one it stands for: https, host in lower case, no `/` at the end.

        A box may have put itself in front of it. Raises `SchemaError` for anything but the https address of a host
        with a public name: what a source says must not send us to a neighbour.
        """
        text = url.strip()
        if self._root and text.startswith(f"{self._root}/"):
            text = "https://" + text[len(self._root) + 1 :]
        try:
            parts = urlsplit(text)
            name, _ = parts.hostname or "", parts.port
        except ValueError:
            parts, name = urlsplit(""), ""
        labels = name.split(".")
        public = len(labels) > 1 and not labels[-1].isdecimal() and all(labels) and ":" not in name
        if parts.scheme != "https" or not public or "@" in parts.netloc:
            raise SchemaError(f"expected the https address of a public host, got {url!r:.200}: not followed")
        query = f"?{parts.query}" if parts.query else ""
        return f"https://{parts.netloc.lower()}{parts.path.rstrip('/')}{query}"

    def answering(self, live: str) -> str:
        """Where a live address answers this time; raise `SchemaError` where this installation has nothing for it."""
        parts = urlsplit(live)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        if parts.netloc == urlsplit(self.base).netloc:
            return self.address + path
        if self._root is None:
            raise SchemaError(
                f"no address for {live}: this installation has one for {self.base} only; let FSDB_UPSTREAM name a box "
                "that serves all live hosts"
            )
        return f"{self._root}/{parts.netloc}{path}" if self._root else live


class Pace:
    """The distance in seconds between two requests to one host, whoever makes them."""

    def __init__(self, clock: Clock, interval: float) -> None:
        self._clock, self._interval = clock, interval
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def wait(self, host: str) -> None:
        """Take the next turn at a host and wait for it."""
        with self._lock:
            now = self._clock.monotonic()
            turn = max(now, self._next.get(host, now))
            self._next[host] = turn + self._interval
        if turn > now:
            self._clock.sleep(turn - now)


class Bearer(requests.auth.AuthBase):
    """A token in the header of every request (RFC 6750 §2.1), and nowhere else."""

    def __init__(self, token: SecretStr) -> None:
        self._token = token
        self.accepted = 0

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["Authorization"] = f"Bearer {self._token.get_secret_value()}"
        return request

    def cut(self, body: bytes, count: int) -> tuple[bytes, int]:
        """A body in which a source that repeats our token finds no echo; and the count of what was cut out so far."""
        token = self._token.get_secret_value().encode()
        return body.replace(token, b"***"), count + body.count(token)

    def refused(self) -> str:
        """What a 401 means, in words."""
        if self.accepted:
            return f"; the token was good for {self.accepted} answers and expired while we read: give a new one"
        return "; the token is not valid (any more): give a new one"
