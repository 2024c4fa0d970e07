"""``AbortController`` and ``AbortSignal`` (DOM 3)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Any, ClassVar
from weakref import WeakSet, ref

from .. import errors, model
from ..alarms import Alarm
from ..classes import MISSING, Class
from ..coercions import MAX_INDEX
from ..iterators import thrown
from ..ordinary import Ordinary
from ..promise import default_jobs
from .events import Event, EventTarget, arguments, attribute, this_is


class AbortSignal(EventTarget):
    """Tells what goes on that nobody wants it any more. Made by :class:`AbortController`, or by the static methods."""

    __slots__ = ("_alarm", "_algorithms", "_dependent", "_dependents", "_kept", "_reason", "_sources")
    _bp_class: ClassVar[str] = "AbortSignal"

    def __init__(self) -> None:
        super().__init__()
        self._reason: Any = MISSING
        self._algorithms: list[Callable[[], object]] = []
        self._dependent = False
        self._sources: list[AbortSignal] = []
        self._dependents: WeakSet[AbortSignal] = WeakSet()
        """Signals made of this one and others."""
        self._kept: list[AbortSignal] = []
        """Those of them that somebody waits for."""
        self._alarm: Alarm | None = None

    def __del__(self) -> None:
        alarm = getattr(self, "_alarm", None)
        if alarm is not None:
            alarm.cancel()

    def _keep(self) -> None:
        """Somebody waits for it: it lives until what it waits for itself has happened (3.2.2)."""
        if self._alarm is not None and self._alarm.job is not None:
            self._alarm.job = self._time_out
        for source in self._sources:
            if self not in source._kept:
                source._kept.append(self)
                source._keep()

    def _listen(self, listener: Any) -> None:
        super()._listen(listener)
        self._keep()

    def _time_out(self) -> None:
        self.signal_abort(errors.DOMException("The operation was aborted due to timeout", "TimeoutError"))

    def __hash__(self) -> int:
        return object.__hash__(self)

    def __repr__(self) -> str:
        return f"<js.AbortSignal{' aborted' if self.aborted else ''}>"

    @property
    def aborted(self) -> bool:
        """Whether it has told so."""
        return self._reason is not MISSING

    @property
    def reason(self) -> Any:
        """Why; ``None`` before."""
        return None if self._reason is MISSING else self._reason

    def throw_if_aborted(self) -> None:
        """Raise the reason, if it was aborted."""
        if self.aborted:
            raise thrown(self._reason)

    def when_aborted(self, call: Callable[[], object]) -> Callable[[], None]:
        """Have ``call()`` called when it is aborted, at once if it was; what is returned takes that back."""
        if self.aborted:
            call()
            return lambda: None
        self._algorithms.append(call)
        self._keep()

        def forget() -> None:
            if call in self._algorithms:
                self._algorithms.remove(call)

        return forget

    def signal_abort(self, reason: Any = None) -> None:
        """Signal abort (3.2): the signals that are made of this one first get the reason, then all of them tell."""
        if self.aborted:
            return
        self._reason = errors.DOMException("This operation was aborted", "AbortError") if reason is None else reason
        dependents = [signal for signal in self._dependents if not signal.aborted]
        for signal in dependents:
            signal._reason = self._reason
        self._kept.clear()
        for signal in (self, *dependents):
            algorithms, signal._algorithms = signal._algorithms, []
            for call in algorithms:
                call()
            event = Event("abort")
            event.trusted = True
            signal.tell(event)

    @staticmethod
    def abort(reason: Any = None) -> AbortSignal:
        """One that is aborted already."""
        signal = AbortSignal()
        signal._reason = errors.DOMException("This operation was aborted", "AbortError") if reason is None else reason
        return signal

    @staticmethod
    def timeout(milliseconds: float) -> AbortSignal:
        """One that is aborted after some time, as long as somebody has it or waits for it."""
        signal = AbortSignal()
        waiting = ref(signal)

        def ring() -> None:
            if (signal := waiting()) is not None:
                signal._time_out()

        signal._alarm = default_jobs().after(max(milliseconds, 1) / 1000, ring)
        return signal

    @staticmethod
    def any(signals: Iterable[AbortSignal]) -> AbortSignal:
        """One that is aborted as soon as one of these is (create a dependent abort signal)."""
        made = AbortSignal()
        given = list(signals)
        for signal in given:
            if signal.aborted:
                made._reason = signal._reason
                return made
        made._dependent = True
        for signal in given:
            for source in signal._sources if signal._dependent else [signal]:
                if source not in made._sources:
                    made._sources.append(source)
                    source._dependents.add(made)
        return made


class AbortController(Ordinary):
    """Who has it can abort what has its ``signal``."""

    __slots__ = ("signal",)
    _bp_class: ClassVar[str] = "AbortController"

    def __init__(self) -> None:
        self.signal = AbortSignal()

    def abort(self, reason: Any = None) -> None:
        """Tell whoever has the signal. Without a reason that is a :class:`DOMException` called ``AbortError``."""
        self.signal.signal_abort(reason)


_signal, _controller = this_is(AbortSignal), this_is(AbortController)


def _timeout(_this: object, *args: Any) -> AbortSignal:
    arguments(1, args, "AbortSignal.timeout")
    milliseconds = model.to_number(args[0])
    if not 0 <= milliseconds <= MAX_INDEX:  # [EnforceRange] unsigned long long
        raise errors.RangeError(f"{model.describe(milliseconds)} is no number of milliseconds")
    return AbortSignal.timeout(int(milliseconds))


def _any(_this: object, *args: Any) -> AbortSignal:
    arguments(1, args, "AbortSignal.any")
    signals = list(model.iterate(args[0]))
    for signal in signals:
        if not isinstance(signal, AbortSignal):
            raise errors.TypeError(f"{model.describe(signal)} is not an AbortSignal")
    return AbortSignal.any(signals)


def _refuse(*_args: object) -> Any:
    raise errors.TypeError("Illegal constructor")


CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "AbortController": Class(
            "AbortController",
            construct=AbortController,
            prototype={"abort": (lambda this, reason=None: _controller(this).abort(reason), 0)},
            getters={"signal": attribute(AbortController, "signal")},
            tag="AbortController",
        ),
        "AbortSignal": Class(
            "AbortSignal",
            construct=_refuse,
            statics={"abort": (lambda _this, reason=None: AbortSignal.abort(reason), 0), "any": (_any, 1), "timeout": (_timeout, 1)},
            prototype={"throwIfAborted": lambda this: _signal(this).throw_if_aborted()},
            getters={
                "aborted": attribute(AbortSignal, "aborted"),
                "onabort": lambda this: _signal(this).handler("abort"),
                "reason": attribute(AbortSignal, "reason"),
            },
            setters={"onabort": lambda this, value: _signal(this).set_handler("abort", value)},
            tag="AbortSignal",
            parent="EventTarget",
        ),
    }
)
