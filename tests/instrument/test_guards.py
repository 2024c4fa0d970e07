"""The pass, by example: before and after."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Callable
from typing import Any

import pytest

from bindgen_patch.instrument import check_guards, insert_guards

from .sample import GUARDED, PLAIN

UNCHANGED = {
    "nothing": "",
    "no guest": "def f(a: int) -> int:\n    return a  # as it was\n",
    "a class without ways in": "class A:\n    x = 1\n\n    def f(self) -> int:\n        '''Doc.'''\n        return self.x\n",
    "the name in a text": "def f(self) -> str:\n    '''It says _bp_guest.'''\n    return '_bp_guest'  # and _bp_guest\n",
    "no receiver": "def f() -> int:\n    return _bp_guest.call_f()\n",
    "a body on the same line": "def f(self): return _bp_guest.call_f()\n",
    "a body on the line of its docstring": "def f(self):\n    'Doc.'; return _bp_guest.call_f()\n",
    "the name in a default": "def f(self, a=_bp_guest):\n    'Doc.'\n",
}

EXAMPLES: dict[str, tuple[str, str]] = {
    "a method": (
        """
        class Instance:
            def add(self, a: int) -> int:
                return _bp_guest.call_add(a)
        """,
        """
        class Instance:
            def add(self, a: int) -> int:
                _bp_door = self._bp_door
                _bp_nested = _bp_door.held()
                with _bp_door.lock:
                    _bp_guest = _bp_door.enter(_bp_nested)
                    try:
                        return _bp_guest.call_add(a)
                    except BaseException as _bp_failure:
                        raise _bp_door.failed(_bp_guest, _bp_failure)
                    finally:
                        _bp_door.leave(_bp_guest, _bp_nested)
        """,
    ),
    "a docstring stays first, comments stay where they are": (
        '''
        def f(self) -> None:  # on the line
            # before the docstring
            """Doc.

            More.
            """

            # before the first statement
            _bp_x = 1  # beside it

            _bp_guest.call_f(_bp_x)
            # after the last
        ''',
        '''
        def f(self) -> None:  # on the line
            # before the docstring
            """Doc.

            More.
            """
            _bp_door = self._bp_door
            _bp_nested = _bp_door.held()
            with _bp_door.lock:
                _bp_guest = _bp_door.enter(_bp_nested)
                try:

                    # before the first statement
                    _bp_x = 1  # beside it

                    _bp_guest.call_f(_bp_x)
                except BaseException as _bp_failure:
                    raise _bp_door.failed(_bp_guest, _bp_failure)
                finally:
                    _bp_door.leave(_bp_guest, _bp_nested)
            # after the last
        ''',
    ),
    "a class method guards its class": (
        """
        @classmethod
        def zero(cls) -> Counter:
            return _bp_guest.wrap(Counter, _bp_guest.call_zero())
        """,
        """
        @classmethod
        def zero(cls) -> Counter:
            _bp_door = cls._bp_door
            _bp_nested = _bp_door.held()
            with _bp_door.lock:
                _bp_guest = _bp_door.enter(_bp_nested)
                try:
                    return _bp_guest.wrap(Counter, _bp_guest.call_zero())
                except BaseException as _bp_failure:
                    raise _bp_door.failed(_bp_guest, _bp_failure)
                finally:
                    _bp_door.leave(_bp_guest, _bp_nested)
        """,
    ),
    "a property and its setter, whatever the receiver is called": (
        """
        class A:
            @property
            def x(this, /) -> int:
                return _bp_guest.call_x(_bp_guest.pointer(this))

            @x.setter
            def x(this, value: int) -> None:
                _bp_guest.call_set_x(_bp_guest.pointer(this), value)
        """,
        """
        class A:
            @property
            def x(this, /) -> int:
                _bp_door = this._bp_door
                _bp_nested = _bp_door.held()
                with _bp_door.lock:
                    _bp_guest = _bp_door.enter(_bp_nested)
                    try:
                        return _bp_guest.call_x(_bp_guest.pointer(this))
                    except BaseException as _bp_failure:
                        raise _bp_door.failed(_bp_guest, _bp_failure)
                    finally:
                        _bp_door.leave(_bp_guest, _bp_nested)

            @x.setter
            def x(this, value: int) -> None:
                _bp_door = this._bp_door
                _bp_nested = _bp_door.held()
                with _bp_door.lock:
                    _bp_guest = _bp_door.enter(_bp_nested)
                    try:
                        _bp_guest.call_set_x(_bp_guest.pointer(this), value)
                    except BaseException as _bp_failure:
                        raise _bp_door.failed(_bp_guest, _bp_failure)
                    finally:
                        _bp_door.leave(_bp_guest, _bp_nested)
        """,
    ),
    "what stands inside a string stays where it is": (
        """
        def f(self, a: int) -> None:
            _bp_guest.call_f('''one
          two
            ''', f'''
        {a}
        ''',
                a)
            return None
        """,
        """
        def f(self, a: int) -> None:
            _bp_door = self._bp_door
            _bp_nested = _bp_door.held()
            with _bp_door.lock:
                _bp_guest = _bp_door.enter(_bp_nested)
                try:
                    _bp_guest.call_f('''one
          two
            ''', f'''
        {a}
        ''',
                        a)
                    return None
                except BaseException as _bp_failure:
                    raise _bp_door.failed(_bp_guest, _bp_failure)
                finally:
                    _bp_door.leave(_bp_guest, _bp_nested)
        """,
    ),
    "lines end where the parser says, and nowhere else": (
        """
        def f(self) -> None:
            'Doc:\u2028more.'
            _bp_guest.call_f("\u2028\x85")
        """,
        """
        def f(self) -> None:
            'Doc:\u2028more.'
            _bp_door = self._bp_door
            _bp_nested = _bp_door.held()
            with _bp_door.lock:
                _bp_guest = _bp_door.enter(_bp_nested)
                try:
                    _bp_guest.call_f("\u2028\x85")
                except BaseException as _bp_failure:
                    raise _bp_door.failed(_bp_guest, _bp_failure)
                finally:
                    _bp_door.leave(_bp_guest, _bp_nested)
        """,
    ),
    "nothing else is touched": (
        """
        x = 1  # a comment


        def other(self): return self

        def f(self):
            'Doc.'
            if self: pass
            return (_bp_guest
                    .call_f())

        def host(guest):
            return guest.value(1)
        """,
        """
        x = 1  # a comment


        def other(self): return self

        def f(self):
            'Doc.'
            _bp_door = self._bp_door
            _bp_nested = _bp_door.held()
            with _bp_door.lock:
                _bp_guest = _bp_door.enter(_bp_nested)
                try:
                    if self: pass
                    return (_bp_guest
                            .call_f())
                except BaseException as _bp_failure:
                    raise _bp_door.failed(_bp_guest, _bp_failure)
                finally:
                    _bp_door.leave(_bp_guest, _bp_nested)

        def host(guest):
            return guest.value(1)
        """,
    ),
}


@pytest.mark.parametrize("case", UNCHANGED)
def test_text_without_ways_in_stays_as_it_is(case: str) -> None:
    assert insert_guards(UNCHANGED[case]) == UNCHANGED[case]


@pytest.mark.parametrize("case", EXAMPLES)
def test_before_and_after(case: str) -> None:
    before, after = (textwrap.dedent(text).lstrip() for text in EXAMPLES[case])
    assert insert_guards(before) == after


def test_a_way_in_that_was_missed_fails_closed() -> None:
    """Nothing in the plain text defines the guest."""
    namespace: dict[str, Any] = {}
    exec("class A:\n    def f(self): return _bp_guest.call_f()\n", namespace)
    with pytest.raises(NameError, match="_bp_guest"):
        namespace["A"]().f()


def test_what_the_guard_does_not_hold_is_not_changed() -> None:
    """Taken out of their guards, the bodies are what they were."""

    class Unwrap(ast.NodeTransformer):
        def visit_With(self, node: ast.With) -> Any:
            return node.body[1].body  # type: ignore[attr-defined]

        def visit_Assign(self, node: ast.Assign) -> Any:
            return None if ast.unparse(node.targets[0]) in ("_bp_door", "_bp_nested") else node

    assert ast.unparse(Unwrap().visit(ast.parse(GUARDED))) == ast.unparse(ast.parse(PLAIN))


def test_every_way_in_of_the_sample_is_guarded_once() -> None:
    ways_in = sum("_bp_guest" in ast.unparse(node) for node in ast.walk(ast.parse(PLAIN)) if isinstance(node, ast.FunctionDef))
    for part in (".held()", ".enter(_bp_nested)", ".failed(_bp_guest, ", ".leave(_bp_guest, _bp_nested)"):
        assert ways_in == GUARDED.count(part) == 11


@pytest.mark.parametrize("case", ["classes", "closures", "imports"])
def test_generated_modules(case: str, generated: Callable[..., Any]) -> None:
    made = generated(case, "unwind")
    assert insert_guards(made.plain) == made.guarded
    check_guards(made.guarded)
