"""What can go wrong with a source. Errors that may pass by themselves and final ones differ in type.

Orchestrators retry `TransientError` and fail at once on the others.
"""


class SourceError(Exception):
    """A source could not be read; the message says what was expected, what came and where."""


class TransientError(SourceError):
    """May pass by itself: time-outs, resets, 429, 5xx, maintenance pages, a list that keeps moving."""


class RefusedError(SourceError):
    """The source said no (401, 403, 404 …). Asking again the same night would be rude and useless."""


class SchemaError(SourceError):
    """The answer arrived whole but is not what the spec declares. A person has to look."""


class SpecError(Exception):
    """A `source.yml` that cannot be used; names the file and the place in it."""


class ArchiveError(Exception):
    """The raw archive on disk is not what was written there; names the file."""


class DeliveryError(SourceError):
    """A delivered file is refused whole; the message says where, what was expected and what came."""
