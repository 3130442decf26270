"""What sqlfluff sees in place of dbt's adapter: a portable macro reads as a function of its own name."""

from collections.abc import Callable


def dispatch(name: str) -> Callable[..., str]:
    """Return a macro that writes the call of a function; the SQL of one engine is not what is linted."""
    return lambda *arguments: f"{name}({arguments[0] if isinstance(arguments[0], str) else 1})"
