"""Many hosts at once: each is read by itself in a thread, what came is taken up in the order of the list."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from extractors.core.errors import SchemaError, SourceError
from extractors.core.http import Client

T = TypeVar("T")
WORKERS = 8


def read_apart(client: Client, addresses: Sequence[str], read: Callable[[int, Client], T]) -> Iterator[T | SourceError]:
    """Read every address with a client of its own, some at a time; yield what `read(index, client)` gives, in order.

    An address that cannot be read gives its error. The archive is written by the caller's thread alone, one address
    after the other, so the same answers make the same files; no more than twice `WORKERS` addresses wait for that.
    """
    waiting: deque[tuple[Client | None, Future[T]]] = deque()

    def taken() -> T | SourceError:
        other, future = waiting.popleft()
        try:
            return future.result()
        except SchemaError as error:
            return other.placed(error) if other is not None else error
        except SourceError as error:
            return error
        except Exception as error:  # what one says that nobody thought of must not lose all the others
            return SourceError(f"a fault of ours, not of the source: {type(error).__name__}: {error}")
        finally:
            if other is not None:
                client.take(other)

    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            for index, address in enumerate(addresses):
                try:
                    other = client.at(address, apart=True)
                except SourceError as error:
                    failed: Future[T] = Future()
                    failed.set_exception(error)
                    waiting.append((None, failed))
                else:
                    waiting.append((other, pool.submit(read, index, other)))
                if len(waiting) >= 2 * WORKERS:
                    yield taken()
            while waiting:
                yield taken()
        finally:
            # Only where the caller has stopped early: what has begun ends by itself, the rest does not begin.
            for _, future in waiting:
                future.cancel()
