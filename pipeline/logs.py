"""Logs: one line an event on stderr, coloured on a terminal, plain elsewhere; no secrets."""

import logging
import os
import sys

import structlog

SECRET = ("token", "password", "secret", "authorization", "api_key")


def _redacted(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    return {key: "•••" if any(word in key.lower() for word in SECRET) else value for key, value in event.items()}


def configure() -> None:
    """Set up structlog for a command; `FSDB_LOG_FORMAT=json` gives a JSON object a line."""
    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    last: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if os.environ.get("FSDB_LOG_FORMAT") == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), pad_event_to=0)
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S", utc=False),
            _redacted,
            last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Asked anew each time: a test or a server may have put another stream in its place.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
    )
