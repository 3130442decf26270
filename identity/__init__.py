"""Who is who: which names in the sources speak of the same organization."""

from identity.resolve import Resolution, resolve

__all__ = ["Resolution", "resolve"]
