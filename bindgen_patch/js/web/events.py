"""``EventTarget``, ``Event`` and ``CustomEvent`` (DOM 2). There is no tree here: an event goes to its target and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar

from ...recovery.log import log
from .. import errors, model
from ..classes import Class, apply
from ..ordinary import Array, Ordinary
from ..primitives import null
from ..promise import realm_of
from .platform import now

if TYPE_CHECKING:
    from .aborting import AbortSignal

# ------------------------------------------------------------------------------------------- events


class Event(Ordinary):
    """Something that happened. ``Event("name", cancelable=True)``; :meth:`EventTarget.dispatch_event` tells those who listen."""

    __slots__ = (
        "bubbles",
        "cancelable",
        "composed",
        "current_target",
        "default_prevented",
        "dispatched",
        "passive",
        "phase",
        "stopped",
        "stopped_at_once",
        "target",
        "time_stamp",
        "trusted",
        "type",
    )
    _bp_class: ClassVar[str] = "Event"

    def __init__(self, type: str, *, bubbles: bool = False, cancelable: bool = False, composed: bool = False) -> None:
        self.type = type
        self.bubbles = bubbles
        self.cancelable = cancelable
        self.composed = composed
        self.target: Any = null
        self.current_target: Any = null
        self.phase = 0
        self.default_prevented = self.stopped = self.stopped_at_once = self.dispatched = self.passive = self.trusted = False
        self.time_stamp = now()

    def __repr__(self) -> str:
        return f"<js.{self._bp_class} {self.type!r}>"

    def prevent_default(self) -> None:
        """Ask whoever dispatched it not to do what usually follows."""
        self.default_prevented = self.default_prevented or (self.cancelable and not self.passive)

    def stop_propagation(self) -> None:
        """Let it go no further than where it is."""
        self.stopped = True

    def stop_immediate_propagation(self) -> None:
        """Nor to another listener."""
        self.stopped = self.stopped_at_once = True


class CustomEvent(Event):
    """An event with anything in it: ``detail``."""

    __slots__ = ("detail",)
    _bp_class: ClassVar[str] = "CustomEvent"

    def __init__(self, type: str, *, detail: Any = null, bubbles: bool = False, cancelable: bool = False, composed: bool = False) -> None:
        super().__init__(type, bubbles=bubbles, cancelable=cancelable, composed=composed)
        self.detail = detail


# ------------------------------------------------------------------------------------------- those who listen


class _Listener:
    __slots__ = ("callback", "capture", "once", "passive", "removed", "type")

    def __init__(self, type: str, callback: Any, capture: bool, once: bool, passive: bool) -> None:
        self.type = type
        self.callback = callback
        self.capture = capture
        self.once = once
        self.passive = passive
        self.removed = False

    def call(self, event: Event) -> None:
        """Inner invoke, 10: a function, or an object with ``handleEvent``. A guest that has ended is not called."""
        callback = self.callback
        if not callable(callback):
            function = model.get(callback, "handleEvent")
            if not callable(function):
                raise errors.TypeError("the listener has no function handleEvent")
            apply(function, callback, [event])
        elif (realm := realm_of(callback)) is None or not realm.ended:
            apply(callback, event.current_target, [event])


class EventTarget(Ordinary):
    """Whom events can be dispatched to."""

    __slots__ = ("_handlers", "_listeners")
    _bp_class: ClassVar[str] = "EventTarget"

    def __init__(self) -> None:
        self._listeners: list[_Listener] = []
        self._handlers: dict[str, _Listener] = {}
        """``onabort`` and the like, by the type of the event."""

    def add_event_listener(
        self,
        type: str,
        callback: Callable[[Any], object] | Any,
        *,
        capture: bool = False,
        once: bool = False,
        passive: bool = False,
        signal: AbortSignal | None = None,
    ) -> None:
        """Have ``callback`` called with each event of this type, until it is removed or ``signal`` is aborted."""
        if signal is not None and signal.aborted:
            return
        for known in self._listeners:
            if known.type == type and known.capture == capture and model.strict_equal(known.callback, callback):
                return
        listener = _Listener(type, callback, capture, once, passive)
        self._listen(listener)
        if signal is not None:
            signal.when_aborted(lambda: self._remove(listener))

    def _listen(self, listener: _Listener) -> None:
        self._listeners.append(listener)

    def remove_event_listener(self, type: str, callback: object, *, capture: bool = False) -> None:
        """Have it called no more."""
        for known in self._listeners:
            if known.type == type and known.capture == capture and model.strict_equal(known.callback, callback):
                self._remove(known)
                return

    def _remove(self, listener: _Listener) -> None:
        listener.removed = True
        if listener in self._listeners:
            self._listeners.remove(listener)

    def handler(self, type: str) -> Any:
        """What is in the attribute ``on…`` of this type (HTML 8.1.8.1)."""
        found = self._handlers.get(type)
        return null if found is None else found.callback

    def set_handler(self, type: str, callback: object) -> None:
        """Put something there; what is no object takes it away. The first one has its place among the listeners, others take that."""
        found = self._handlers.get(type)
        if model.is_primitive(callback):
            if found is not None:
                self._remove(self._handlers.pop(type))
        elif found is not None:
            found.callback = callback
        else:
            made = self._handlers[type] = _Handler(type, callback, False, False, False)
            self._listen(made)

    def dispatch_event(self, event: Event) -> bool:
        """Call those who listen, one after the other; false when one of them has prevented the default.

        What one of them raises is logged, and the others are called all the same. Raises :class:`DOMException` for an event that is just
        being dispatched.
        """
        if event.dispatched:
            raise errors.DOMException("The event is already being dispatched", "InvalidStateError")
        event.trusted = False
        return self.tell(event)

    def tell(self, event: Event) -> bool:
        """The same for an event of the platform's own."""
        event.dispatched, event.target, event.current_target, event.phase = True, self, self, 2
        try:
            present = list(self._listeners)
            for listener in [*(one for one in present if one.capture), *(one for one in present if not one.capture)]:
                if event.stopped_at_once or (event.stopped and not listener.capture and any(one.capture for one in present)):
                    break
                if listener.removed or listener.type != event.type:
                    continue
                if listener.once:
                    self._remove(listener)
                event.passive = listener.passive
                try:
                    listener.call(event)
                except Exception:
                    if (realm := realm_of(listener.callback)) is None or not realm.ended:
                        log.exception("uncaught in a listener for %r", event.type)
                finally:
                    event.passive = False
        finally:
            event.dispatched = event.stopped = event.stopped_at_once = False
            event.current_target, event.phase = null, 0
        return not event.default_prevented


class _Handler(_Listener):
    """What an ``on…`` attribute holds: objects with ``handleEvent`` are none, and false prevents the default (HTML 8.1.8.1)."""

    __slots__ = ()

    def call(self, event: Event) -> None:
        realm = realm_of(self.callback)
        if callable(self.callback) and (realm is None or not realm.ended) and apply(self.callback, event.current_target, [event]) is False:
            event.prevent_default()


# ------------------------------------------------------------------------------------------- as guests see them


def this_is(cls: type) -> Callable[[Any], Any]:
    """A check of ``this`` for methods and getters of one class."""

    def check(this: Any) -> Any:
        if isinstance(this, cls):
            return this
        raise errors.TypeError(f'Value of "this" must be of type {cls.__name__}')

    return check


def attribute(cls: type, name: str) -> Callable[[Any], Any]:
    """A getter of what Python calls ``name``."""
    check = this_is(cls)
    return lambda this: getattr(check(this), name)


def dictionary(value: object, what: str) -> Any:
    """A dictionary type (Web IDL 3.2.17): undefined, null, or an object. Gives a function that reads its members."""
    if value is None or value is null:
        return lambda _name: None
    if model.is_primitive(value):
        raise errors.TypeError(f"{what} must be an object")
    return lambda name: model.get(value, name)


def arguments(count: int, args: tuple[Any, ...], method: str) -> None:
    """Raise ``TypeError`` where there are fewer than a method cannot do without."""
    if len(args) < count:
        raise errors.TypeError(f"{method}: {count} argument{'s' if count > 1 else ''} required, but only {len(args)} present")


def _new_event(*args: Any) -> Event:
    arguments(1, args, "Event constructor")
    type = model.to_string(args[0])
    init = dictionary(args[1] if len(args) > 1 else None, "eventInitDict")
    return Event(type, **{name: model.truthy(init(name)) for name in ("bubbles", "cancelable", "composed")})


def _new_custom_event(*args: Any) -> CustomEvent:
    arguments(1, args, "CustomEvent constructor")
    type = model.to_string(args[0])
    init = dictionary(args[1] if len(args) > 1 else None, "eventInitDict")
    flags = {name: model.truthy(init(name)) for name in ("bubbles", "cancelable", "composed")}
    detail = init("detail")
    return CustomEvent(type, detail=null if detail is None else detail, **flags)


_event, _target = this_is(Event), this_is(EventTarget)


def _set_cancel_bubble(this: object, value: object) -> None:
    if model.truthy(value):
        _event(this).stop_propagation()


def _set_return_value(this: object, value: object) -> None:
    if not model.truthy(value):
        _event(this).prevent_default()


def _init_event(this: object, *args: Any) -> None:
    arguments(1, args, "initEvent")
    event, type = _event(this), model.to_string(args[0])
    flags = [model.truthy(arg) for arg in args[1:3]]
    if not event.dispatched:
        event.type, event.default_prevented, event.stopped, event.stopped_at_once = type, False, False, False
        event.bubbles, event.cancelable = [*flags, False, False][:2]


def _callback(value: object) -> Any:
    if not model.is_nullish(value) and model.is_primitive(value):
        raise errors.TypeError(f"{model.describe(value)} is no listener")
    return value


def _flatten(options: object) -> bool:
    """Flatten (DOM 2.7): a boolean is ``capture``."""
    return model.truthy(options if model.is_primitive(options) else model.get(options, "capture"))


def _add(this: object, *args: Any) -> None:
    target = _target(this)
    arguments(2, args, "addEventListener")
    type, callback = model.to_string(args[0]), _callback(args[1])
    options = args[2] if len(args) > 2 else None
    capture = _flatten(options)
    more: dict[str, Any] = {}
    if not model.is_primitive(options):
        from .aborting import AbortSignal

        more = {"once": model.truthy(model.get(options, "once")), "passive": model.truthy(model.get(options, "passive"))}
        signal = model.get(options, "signal")
        if signal is not None and not isinstance(signal, AbortSignal):
            raise errors.TypeError("signal is not an AbortSignal")
        more["signal"] = signal
    if not model.is_nullish(callback):
        target.add_event_listener(type, callback, capture=capture, **more)


def _remove(this: object, *args: Any) -> None:
    target = _target(this)
    arguments(2, args, "removeEventListener")
    type, callback = model.to_string(args[0]), _callback(args[1])
    target.remove_event_listener(type, callback, capture=_flatten(args[2] if len(args) > 2 else None))


def _dispatch(this: object, *args: Any) -> bool:
    target = _target(this)
    arguments(1, args, "dispatchEvent")
    if not isinstance(args[0], Event):
        raise errors.TypeError('The "event" argument must be an instance of Event')
    done: bool = target.dispatch_event(args[0])
    return done


_PHASES: Mapping[str, int] = MappingProxyType({"NONE": 0, "CAPTURING_PHASE": 1, "AT_TARGET": 2, "BUBBLING_PHASE": 3})

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Event": Class(
            "Event",
            construct=_new_event,
            length=1,
            constants=_PHASES,
            values=_PHASES,
            prototype={
                "composedPath": lambda this: Array([event.current_target] if (event := _event(this)).dispatched else []),
                "initEvent": (_init_event, 1),
                "preventDefault": lambda this: _event(this).prevent_default(),
                "stopImmediatePropagation": lambda this: _event(this).stop_immediate_propagation(),
                "stopPropagation": lambda this: _event(this).stop_propagation(),
            },
            getters={
                "bubbles": attribute(Event, "bubbles"),
                "cancelBubble": attribute(Event, "stopped"),
                "cancelable": attribute(Event, "cancelable"),
                "composed": attribute(Event, "composed"),
                "currentTarget": attribute(Event, "current_target"),
                "defaultPrevented": attribute(Event, "default_prevented"),
                "eventPhase": attribute(Event, "phase"),
                "isTrusted": attribute(Event, "trusted"),
                "returnValue": lambda this: not _event(this).default_prevented,
                "srcElement": attribute(Event, "target"),
                "target": attribute(Event, "target"),
                "timeStamp": attribute(Event, "time_stamp"),
                "type": attribute(Event, "type"),
            },
            setters={"cancelBubble": _set_cancel_bubble, "returnValue": _set_return_value},
            tag="Event",
        ),
        "CustomEvent": Class(
            "CustomEvent",
            construct=_new_custom_event,
            length=1,
            getters={"detail": attribute(CustomEvent, "detail")},
            tag="CustomEvent",
            parent="Event",
        ),
        "EventTarget": Class(
            "EventTarget",
            construct=EventTarget,
            prototype={"addEventListener": (_add, 2), "dispatchEvent": (_dispatch, 1), "removeEventListener": (_remove, 2)},
            tag="EventTarget",
        ),
    }
)
