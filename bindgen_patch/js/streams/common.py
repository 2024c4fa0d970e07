"""What all streams have in common (WHATWG Streams 7 and 8): promises of one queue, queues with sizes, strategies, arguments.

Reasons and chunks are values as guests see them: an error is the Python exception itself. Promises of a stream go through the
queue of microtasks of the guest that made it (:func:`.jobs_of`), so that its order is JavaScript's.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, Final, NamedTuple, TypeVar
from weakref import WeakMethod

from .. import model, quota
from ..classes import Class, Function
from ..errors import RangeError, TypeError
from ..iterators import caught
from ..jobs import Jobs
from ..ordinary import Ordinary
from ..primitives import null
from ..promise import Promise, promised, realm_of, rejected

S = TypeVar("S")

Algorithm = Callable[..., Any]
"""What a stream calls; it gives a promise, unless it is said that it does not."""

# ------------------------------------------------------------------------------------------- promises


def nothing(*_args: object) -> None:
    """An algorithm, or a reaction, that does nothing."""


def upon(promise: Promise[Any], fulfilled: Callable[[Any], object] | None, refused: Callable[[Any], object] | None = None) -> None:
    """Upon fulfillment or rejection of a promise (Web IDL 3.2.24.1) do something; it counts as seen to."""
    promise._then(fulfilled, refused)._handled = True


def refused(reason: Any, jobs: Jobs) -> Promise[Any]:
    """A promise rejected with a reason, and nobody needs to look at it."""
    promise = rejected(reason, jobs)
    promise._handled = True
    return promise


def begin(function: Callable[..., Any], *args: Any, jobs: Jobs) -> Promise[Any]:
    """Call something that gives a promise: what it raises is a rejection."""
    try:
        return promised(function(*args), jobs)
    except Exception as error:
        return rejected(caught(error), jobs)


def tie(fail: Callable[[Any], None], *owners: Any) -> Promise[Any] | None:
    """A promise that is rejected when the guest ends which has one of ``owners``: then ``fail`` is called. The stream keeps it."""
    realm = next(filter(None, map(realm_of, owners)), None)
    if realm is None:
        return None
    tied = Promise._make(realm.jobs)
    realm.keep(tied)
    method = WeakMethod(fail)
    upon(tied, None, lambda reason: fail(reason) if (fail := method()) is not None else None)
    return tied


# ------------------------------------------------------------------------------------------- arguments (Web IDL)


def member(dictionary: Any, name: str) -> Any:
    """A member of a dictionary, ``None`` where it is not there. Raises ``TypeError`` for what is no dictionary."""
    if dictionary is None or dictionary is null:
        return None
    if model.is_primitive(dictionary):
        raise TypeError(f"{model.describe(dictionary)} is not an object")
    return model.get(dictionary, name)


class Method:
    """A method that an underlying source, sink or transformer has, to be called on it."""

    __slots__ = ("_bp_realm", "_call", "_source")

    def __init__(self, source: Any, function: Any) -> None:
        self._source = source
        self._call = model.callback(function)
        self._bp_realm = realm_of(function)

    def __call__(self, *args: Any) -> Any:
        return self._call(self._source, *args)


def method_of(source: Any, name: str) -> Method | None:
    """A method that a dictionary may have. Raises ``TypeError`` when it is no function."""
    function = member(source, name)
    if function is None:
        return None
    if not callable(function):
        raise TypeError(f"{name} is {model.describe(function)}, which is not a function")
    return Method(source, function)


def demand_object(value: Any, what: str) -> None:
    """Raise ``TypeError`` when an optional argument of type ``object`` is none."""
    if value is not None and model.is_primitive(value):
        raise TypeError(f"the {what} is {model.describe(value)}, which is not an object")


def branded(kind: type[S], this: object, name: str) -> S:
    """``this`` of a method. Raises ``TypeError`` for anything but such an object."""
    if not isinstance(this, kind):
        raise TypeError(f"{kind._bp_class}.{name} called on {model.describe(this)}")  # type: ignore[attr-defined]
    return this


# ------------------------------------------------------------------------------------------- strategies (7)


class Strategy(NamedTuple):
    """A queuing strategy: how much may wait, and how much a chunk is."""

    high_water_mark: float
    size: Callable[[Any], Any]


def strategy_of(strategy: Any, default: float) -> Strategy:
    """ExtractHighWaterMark and ExtractSizeAlgorithm (7.4). Raises :class:`RangeError` for a mark that is negative or no number."""
    mark, size = member(strategy, "highWaterMark"), member(strategy, "size")
    if size is not None and not callable(size):
        raise TypeError(f"size is {model.describe(size)}, which is not a function")
    number = default if mark is None else model.to_number(mark)
    if math.isnan(number) or number < 0:
        raise RangeError(f"{model.describe(mark)} is no high water mark")
    if size is None:
        return Strategy(number, _one)
    call = model.callback(size)
    return Strategy(number, lambda chunk: model.to_number(call(None, chunk)))


def _one(_chunk: object) -> int:
    return 1


class CountQueuingStrategy(Ordinary):
    """So many chunks may wait."""

    __slots__ = ("high_water_mark",)
    _bp_class: ClassVar[str] = "CountQueuingStrategy"

    def __init__(self, init: Any) -> None:
        """``init`` has ``highWaterMark``. Raises ``TypeError`` without."""
        mark = member(init, "highWaterMark")
        if mark is None:
            raise TypeError(f"{type(self)._bp_class}: highWaterMark is required")
        self.high_water_mark = model.to_number(mark)


class ByteLengthQueuingStrategy(CountQueuingStrategy):
    """Chunks that have so many bytes together may wait."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "ByteLengthQueuingStrategy"


def _strategy_class(kind: type[CountQueuingStrategy], size: Callable[[Any], Any]) -> Class:
    function = Function("size", lambda _this, *chunk: size(*chunk), 0 if kind is CountQueuingStrategy else 1)

    def get_size(this: object) -> Any:
        branded(kind, this, "size")
        return function

    def get_mark(this: object) -> float:
        return branded(kind, this, "highWaterMark").high_water_mark

    name = kind._bp_class
    return Class(name, construct=kind, length=1, getters={"highWaterMark": get_mark, "size": get_size}, tag=name)


def _byte_length(chunk: Any = None) -> Any:
    return model.get(chunk, "byteLength")


STRATEGIES: Final[Mapping[str, Class]] = MappingProxyType(
    {
        "CountQueuingStrategy": _strategy_class(CountQueuingStrategy, lambda *_chunk: 1),
        "ByteLengthQueuingStrategy": _strategy_class(ByteLengthQueuingStrategy, _byte_length),
    }
)


# ------------------------------------------------------------------------------------------- queues with sizes (8.1)


class SizedQueue:
    """[[queue]] and [[queueTotalSize]]."""

    __slots__ = ("items", "total")

    def __init__(self) -> None:
        self.items: deque[tuple[Any, float]] = deque()
        self.total: float = 0

    def __len__(self) -> int:
        return len(self.items)

    def enqueue(self, value: Any, size: Any) -> None:
        """EnqueueValueWithSize. Raises :class:`RangeError` for a size that is negative, infinite or no number."""
        if not isinstance(size, int | float) or not 0 <= size < math.inf:
            raise RangeError(f"{model.describe(size)} is not the size of a chunk")
        self.items.append((value, size))
        quota.grown(len(self.items))
        self.total += size

    def dequeue(self) -> Any:
        """DequeueValue."""
        value, size = self.items.popleft()
        self.total = max(self.total - size, 0)
        return value

    def peek(self) -> Any:
        """PeekQueueValue."""
        return self.items[0][0]

    def reset(self) -> None:
        """ResetQueue."""
        self.items.clear()
        self.total = 0
