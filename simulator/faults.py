"""Faults that can be switched on: HOST:KIND[:N], N a count (3) or a probability (0.2, 20%), always without N."""

import hashlib
import threading
from collections import Counter

from simulator.messages import Institution, Request

ANSWER_KINDS = {
    "403": "refused by the firewall, HTML",
    "429": "too many requests, with Retry-After",
    "500": "error page",
    "503": "down for maintenance, with Retry-After",
    "timeout": "no answer, the line is held and then closed",
    "reset": "TCP reset instead of an answer",
    "truncate": "full Content-Length, half the body, connection closed",
    "html": "status 200 with an HTML maintenance page",
    "blank": "status 200 with no byte in the body",
    "error": "status 200 with the site's own error message",
    "expired": "401 as for a token that has expired, from the second page of a list on",
}
LIST_KINDS = {
    "empty": "a well-formed list without rows, total 0",
    "drift-add": "every record has an unknown column upstreamExtra",
    "drift-drop": "every record lacks its status column",
    "unknown-status": "the top record has a status code nobody knows",
    "reopened": "one finished project stands as accepted again, which the review rules do not allow",
    "shrink": "the last 30 % of the list are missing, the total agrees",
    "halve": "the second half of the list is missing, the total agrees",
    "bad-total": "the declared total is 7 too high",
    "shift": "after page 1 was read, a new record on top pushes every row down by one, and stays",
}
KINDS = ANSWER_KINDS | LIST_KINDS


class Fault:
    """One rule. Draws are deterministic: the n-th sight of the same request gets the same draw under the same seed."""

    def __init__(self, spec: str, seed: int) -> None:
        parts = spec.split(":")
        if len(parts) not in (2, 3) or parts[1] not in KINDS:
            raise ValueError(f"bad fault {spec!r}: want HOST:KIND[:N], KIND one of {', '.join(KINDS)}")
        self.spec, self.host, self.kind, self.seed = spec, parts[0], parts[1], seed
        self.share: float | None = None
        self.left: int | None = None
        if len(parts) == 3:
            try:
                if parts[2].endswith("%"):
                    self.share = float(parts[2][:-1]) / 100
                elif "." in parts[2]:
                    self.share = float(parts[2])
                else:
                    self.left = int(parts[2])
            except ValueError:
                raise ValueError(f"bad fault {spec!r}: N must be a count (3) or a probability (0.2, 20%)") from None
        self._seen: Counter[str] = Counter()

    def matches(self, host: str) -> bool:
        """The host itself, `*` for all, `*.suffix` for a family."""
        return self.host in ("*", host) or (self.host.startswith("*.") and host.endswith(self.host[1:]))

    def fires(self, key: str) -> bool:
        """Whether this request is hit; uses up one of a count."""
        if self.left is not None:
            self.left -= 1
            return self.left >= 0
        if self.share is None:
            return True
        self._seen[key] += 1
        digest = hashlib.sha256(f"{self.seed}|{self.spec}|{key}|{self._seen[key]}".encode()).digest()
        return int.from_bytes(digest[:8]) / 2**64 < self.share


class Faults:
    """The rules in force, and the lists that a `shift` has made longer."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self._rules: list[Fault] = []
        self._added: Counter[str] = Counter()
        self._first_page_read: set[str] = set()
        self._lock = threading.Lock()

    @property
    def specs(self) -> list[str]:
        """The rules in force as they were given."""
        return [rule.spec for rule in self._rules]

    def set(self, spec: str) -> None:
        """Put a rule in force; ValueError when it is not one."""
        rule = Fault(spec, self.seed)
        with self._lock:
            self._rules.append(rule)

    def clear(self, spec: str | None = None) -> None:
        """Lift one rule, or all of them; lists are as long as before."""
        with self._lock:
            self._rules = [rule for rule in self._rules if spec is not None and rule.spec != spec]
        self.forget_shifts()

    def forget_shifts(self) -> None:
        """Take back the records that `shift` has added."""
        with self._lock:
            self._added.clear()
            self._first_page_read.clear()

    def draw(self, request: Request, institution: Institution) -> str | None:
        """Decide what befalls a request: notes list faults in it, returns the kind of an answer fault or None."""
        page = institution.page(request)
        hit: str | None = None
        shapes: set[str] = set()
        with self._lock:
            for rule in self._rules:
                if not rule.matches(request.host):
                    continue
                if rule.kind == "expired" and not page:
                    continue
                if rule.kind == "shift":
                    self._shift(rule, request, page)
                elif rule.kind in LIST_KINDS:
                    if page is not None and rule.fires(request.key):
                        shapes.add(rule.kind)
                elif hit is None and rule.fires(request.key):
                    hit = rule.kind
            if page is not None:
                request.inserted = self._added[request.host]
        request.shapes = frozenset(shapes)
        request.fault = hit or ",".join(sorted(shapes)) or request.fault
        return hit

    def _shift(self, rule: Fault, request: Request, page: int | None) -> None:
        if page == 0:
            self._first_page_read.add(request.host)
        elif page is not None and request.host in self._first_page_read and rule.fires(request.key):
            self._first_page_read.discard(request.host)
            self._added[request.host] += 1
            request.fault = rule.kind
