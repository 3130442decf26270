"""What publication raises. None of it is worth a blind retry: each message says what to do next."""


class PublicationError(Exception):
    """A candidate or release cannot be written, published, found or trusted; nothing was half-published."""


class GateNotPassed(PublicationError):
    """The gate has not judged the candidate, or has judged and stopped it."""
