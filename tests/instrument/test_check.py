"""The checker accepts what ``gen`` writes and refuses every way that we know of breaking it."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch import GenerationError, recovery
from bindgen_patch.emit import names
from bindgen_patch.instrument import check, check_guards, insert_guards

from .sample import GUARDED, PLAIN

ADD = """\
    def add(self, a: int, b: int) -> int:
        \"\"\"Adds.\"\"\"
        _bp_door = self._bp_door
        _bp_nested = _bp_door.held()
        with _bp_door.lock:
            _bp_guest = _bp_door.enter(_bp_nested)
            try:
                return _bp_guest.call_add(_bp.i32(a, 'a'), _bp.i32(b, 'b'))
            except BaseException as _bp_failure:
                raise _bp_door.failed(_bp_guest, _bp_failure)
            finally:
                _bp_door.leave(_bp_guest, _bp_nested)
"""
CALL = "                return _bp_guest.call_add(_bp.i32(a, 'a'), _bp.i32(b, 'b'))\n"
EXCEPT = "            except BaseException as _bp_failure:\n                raise _bp_door.failed(_bp_guest, _bp_failure)\n"
FINALLY = "            finally:\n                _bp_door.leave(_bp_guest, _bp_nested)\n"
ENTER = "            _bp_guest = _bp_door.enter(_bp_nested)\n"
WITH = "        with _bp_door.lock:\n"
DOOR = "        _bp_door = self._bp_door\n"
NESTED = "        _bp_nested = _bp_door.held()\n"


def replace(old: str, new: str) -> str:
    """``add`` with one thing changed."""
    assert ADD.count(old) == 1, old
    return ADD.replace(old, new)


def body(text: str) -> str:
    """``add`` with these statements in its guard."""
    return ADD.replace(CALL, "".join(f"                {line}\n" for line in text.splitlines()))


BROKEN_GUARDS = {
    "no guard": "    def add(self):\n        return _bp_guest.call_add(1, 2)\n",
    "no lock": replace(WITH, "        if True:\n"),
    "another lock": replace("with _bp_door.lock", "with _bp_lock"),
    "another thing besides the lock": replace("with _bp_door.lock", "with _bp_door.lock, self"),
    "the lock has a name": replace("with _bp_door.lock", "with _bp_door.lock as a"),
    "async with": replace(WITH, "        async with _bp_door.lock:\n").replace("def add", "async def add"),
    "async def": replace("def add", "async def add"),
    "enter before with": replace(ENTER, "").replace(WITH, "        _bp_guest = _bp_door.enter(_bp_nested)\n" + WITH),
    "enter in the try": replace(ENTER, "").replace("            try:\n", "            try:\n    " + ENTER),
    "enter in an expression": replace(ENTER, "            (_bp_guest := _bp_door.enter(_bp_nested))\n"),
    "enter twice": replace(ENTER, ENTER + ENTER),
    "no enter": replace(ENTER, "            _bp_guest = self\n"),
    "another entrance": replace("_bp_door.enter(_bp_nested)", "_bp_door._admit(_bp_nested)"),
    "except dropped": replace(EXCEPT, ""),
    "except narrowed": replace("except BaseException", "except Exception"),
    "except bare": replace("except BaseException as _bp_failure", "except"),
    "except swallows": replace("raise _bp_door.failed(_bp_guest, _bp_failure)", "_bp_door.failed(_bp_guest, _bp_failure)"),
    "except returns": replace("raise _bp_door.failed(_bp_guest, _bp_failure)", "return _bp_door.failed(_bp_guest, _bp_failure)"),
    "except passes": replace("raise _bp_door.failed(_bp_guest, _bp_failure)", "raise"),
    "except with a cause": replace("_bp_failure)", "_bp_failure) from None"),
    "another except first": replace(EXCEPT, "            except ValueError:\n                pass\n" + EXCEPT),
    "except star": replace("except BaseException", "except* BaseException"),
    "finally dropped": replace(FINALLY, ""),
    "finally without leave": replace("_bp_door.leave(_bp_guest, _bp_nested)", "pass"),
    "finally returns": replace("_bp_door.leave(_bp_guest, _bp_nested)", "return _bp_door.leave(_bp_guest, _bp_nested)"),
    "leave another": replace("_bp_door.leave(_bp_guest, _bp_nested)", "_bp_door.leave(self, _bp_nested)"),
    "leave twice": replace(FINALLY, FINALLY + "                _bp_door.leave(_bp_guest, _bp_nested)\n"),
    "an else": replace(FINALLY, "            else:\n                pass\n" + FINALLY),
    "not asked whether it is nested": replace(NESTED, "        _bp_nested = False\n"),
    "asked inside the lock": replace(NESTED, "").replace(WITH, WITH + "    " + NESTED),
    "nested taken for outermost": replace("enter(_bp_nested)", "enter(False)"),
    "leaves as the outermost": replace("leave(_bp_guest, _bp_nested)", "leave(_bp_guest, False)"),
    "nested set anew": body("_bp_nested = False\nreturn _bp_guest.call_add(a, b)"),
    "the door set anew": body("_bp_door = self\nreturn _bp_guest.call_add(a, b)"),
    "another door": replace(DOOR, "        _bp_door = instance._bp_door\n"),
    "no door": replace(DOOR, ""),
    "a statement between door and lock": replace(NESTED, NESTED + "        a = b\n"),
    "a statement before the guard": replace(DOOR, "        a = b\n" + DOOR),
    "a statement before enter": replace(ENTER, "            a = b\n" + ENTER),
    "a statement after enter": replace(ENTER, ENTER + "            a = b\n"),
    "a statement after the try": ADD + "            pass\n",
    "a statement after the guard": ADD + "        return 1\n",
    "a second guard after it": ADD + "".join(ADD.splitlines(keepends=True)[2:]),
    "two docstrings": replace('        """Adds."""\n', '        """Adds."""\n        """Adds."""\n'),
    "another receiver": ADD.replace("self._bp_door", "a._bp_door"),
    "a receiver that is no parameter": ADD.replace("self._bp_door", "instance._bp_door"),
    "a receiver further on": replace("def add(self, a: int, b: int)", "def add(a, self, b)"),
    "a receiver by keyword only": replace("def add(self, a: int, b: int)", "def add(*, self, a, b)"),
    "a receiver out of a star": replace("def add(self, a: int, b: int)", "def add(*self)"),
    "no receiver": replace("def add(self, a: int, b: int)", "def add()"),
    "a static method": "    @staticmethod\n" + ADD,
    "a decorator that wraps": "    @_bp.js.expose\n" + ADD,
    "a decorator with arguments": "    @_bp.intrinsic('x')\n" + ADD,
    "another property's setter": "    @len.setter\n" + ADD,
    "a module's function": ADD.replace("    def add", "    pass\n\ndef add").replace("\n    ", "\n"),
    "in an if": "    if True:\n" + re.sub("^", "    ", ADD, flags=re.M),
    "in a function": "    def outer(self):\n" + re.sub("^", "    ", ADD, flags=re.M),
    "in a class in the class": "    class Inner:\n" + re.sub("^", "    ", ADD, flags=re.M),
    "the guest as a parameter": replace("b: int)", "b: int, _bp_guest: object = None)"),
    "the guest as a default": replace("b: int)", "b: int = _bp_guest)"),
    "a default that is computed": replace("b: int)", "b: int = _bp.i32(1, 'b'))"),
    "a class's name as a parameter": ADD.replace("a: int, b", "Color: object, b").replace(CALL, "                return Color(1)\n"),
    "a closure's name as a parameter": ADD.replace("a: int", "_Closure0: object").replace(
        CALL, "                return _Closure0(_bp_guest, 1, 2, owned=True)\n"
    ),
    "a built-in's name as a parameter": ADD.replace("a: int", "int: object").replace(CALL, "                return int(1)\n"),
    "a target's name as a parameter": ADD.replace("a: int", "_host_add_target: object").replace(
        CALL, "                return _host_add_target.find(_bp_guest)\n"
    ),
    "a local as a parameter": replace("b: int)", "_bp_text: int)"),
}

ESCAPES = {
    "returned": "return _bp_guest",
    "in a local": "_bp_x = _bp_guest\n_bp_x.call_add(1, 2)",
    "in a local of several": "_bp_x, _bp_y = _bp_guest, 1",
    "in a local by a walrus": "return (_bp_x := _bp_guest).result",
    "in a parameter": "a = _bp_guest",
    "on the receiver": "self.kept = _bp_guest",
    "in a global": "global kept\nkept = _bp_guest",
    "in a class": "Counter.kept = _bp_guest",
    "in an item": "a[0] = _bp_guest",
    "in a list": "return [_bp_guest]",
    "in a tuple": "return (1, _bp_guest)",
    "in a dict": "return {'guest': _bp_guest}",
    "in a set": "return {_bp_guest}",
    "in a text": "return f'{_bp_guest}'",
    "in a condition": "return _bp_guest if a else b",
    "in an or": "return a or _bp_guest",
    "in a comparison": "return _bp_guest is a",
    "by a star": "return _bp.i32(*_bp_guest)",
    "as an argument": "return _bp.js.call(a, 'keep', [_bp_guest])",
    "as an argument of the runtime": "return _bp.function(_bp_guest, 'x')",
    "as an argument of a class": "return Color(_bp_guest)",
    "as an argument of a parameter": "return a(_bp_guest)",
    "as a keyword": "return _bp.i32(a, name=_bp_guest)",
    "as a second argument": "return self._bp_own(a, _bp_guest)",
    "as a keyword of what may keep it": "return self._bp_own(guest=_bp_guest)",
    "into an exception": "raise _bp_guest",
    "into a lambda": "return lambda: _bp_guest.call_add(1, 2)",
    "into a default of a lambda": "return lambda g=_bp_guest: g.call_add(1, 2)",
    "into a nested function": "def later():\n    return _bp_guest.call_add(1, 2)\nreturn later",
    "into a default of a nested function": "def later(g=_bp_guest):\n    pass\nreturn later",
    "into a class body": "class Later:\n    guest = _bp_guest",
    "into a generator": "return (_bp_guest.call_add(x, 2) for x in a)",
    "into a dict comprehension": "return {x: _bp_guest.call_add(x, 2) for x in a}",
    "by a yield": "yield _bp_guest.call_add(1, 2)",
    "by a yield from": "yield from a\n_bp_guest.call_add(1, 2)",
    "as a loop variable": "for _bp_guest in a:\n    pass",
    "as a comprehension's variable": "return [_bp_guest.call_add(1, 2) for _bp_guest in a]",
    "by an import": "import os as _bp_guest",
    "by a with": "with a as _bp_guest:\n    pass",
    "by a match": "match a:\n    case _bp_guest:\n        pass",
    "with the receiver bound again": "self = a\nself._bp_own(_bp_guest, 1)",
    "to another method of the receiver": "return self.keep(_bp_guest)",
    "to a private method of the receiver": "return self._bp_wrap(_bp_guest, 1)",
    "to another method of a target": "return _host_add_target.keep(_bp_guest)",
    "bound again": "_bp_guest = a\n_bp_guest.call_add(1, 2)",
    "bound again by an augmented assignment": "_bp_guest += a",
    "deleted": "del _bp_guest",
    "a bound method": "return _bp_guest.call_add",
    "a bound method in a local": "_bp_add = _bp_guest.call_add\nreturn _bp_add(1, 2)",
    "a bound method as an argument": "return _bp.function(_bp_guest.call_add, 'x')",
    "a bound helper": "return _bp_guest.put",
    "an attribute": "return _bp_guest.door",
    "an attribute of an attribute": "return _bp_guest.host.globals",
    "a function of the table": "return _bp_guest.table_call(3, ':')",
    "a private method": "return _bp_guest.__getattr__('call_add')",
    "what the guard does": "_bp_guest.discard()\nreturn 1",
    "what start does": "_bp_guest.start()\nreturn 1",
    "a call of a call": "return _bp_guest.take(1)(2)",
    "by name": "return getattr(_bp_guest, 'call_add')(1, 2)",
    "all locals": "return locals()",
    "all variables": "return vars()",
    "evaluated": "return eval('_bp_guest')",
    "executed": "exec('kept = _bp_guest')",
    "a caught failure": "try:\n    return _bp_guest.call_add(1, 2)\nexcept BaseException:\n    return 0",
    "a failure overruled by finally": "try:\n    return _bp_guest.call_add(1, 2)\nfinally:\n    return 0",
    "a failure suppressed by with": "with a:\n    return _bp_guest.call_add(1, 2)",
    "a cause hidden": "raise _bp_guest.error(1) from None",
    "endless": "while a:\n    _bp_guest.call_add(1, 2)",
    "the door inside the guard": "return self._bp_door.leave(_bp_guest)",
    "a method on another object": "return a.call_add(1, 2)",
    "a method on the receiver": "return self.call_add(1, 2)",
    "the guest of the receiver": "return self._bp_guest.call_add(1, 2)",
    "the guest of an argument": "return a._bp_guest.call_add(1, 2)",
    "nothing but text": "...",
}

WAYS_ROUND = {
    "the default instance's door": "return instance._bp_door.enter().call_add(1, 2)",
    "the default instance's door in a local": "_bp_door = instance._bp_door\nreturn _bp_door.enter()",
    "its own door": "return self._bp_door.enter()",
    "a class's door": "return Counter._bp_door.enter()",
    "a door by name": "return getattr(self, '_bp_' + 'door')",
    "a door by vars": "return vars(self)['_bp_door']",
    "a door by dict": "return self.__dict__['_bp_door']",
    "a door by class": "return type(self).__dict__['_bp_door']",
    "the default instance": "return instance",
    "the default instance's method": "return instance.add(1, 2)",
    "another Instance": "return Instance()",
    "the class Instance": "return Instance",
    "a local's door": "_bp_x = _bp.i32(a, 'a')\nreturn _bp_x._bp_door",
    "a local's method": "_bp_x = _bp.i32(a, 'a')\nreturn _bp_x.enter()",
    "a parameter's method": "return a.release()",
    "a class by another name": "Counter = a\nreturn Counter",
    "the program": "return _bp_program",
    "the program's guests": "return _bp_program.guests",
    "a guest of its own": "return _bp.Guest(a, b, 1)",
    "a guest of its own from the module": "return _bp.guest.Guest(a, b, 1)",
    "a program of its own": "return _bp.Program(None)",
    "an adapter": "return _bp.intrinsic('reinit')(a)",
    "the runtime itself": "return _bp",
    "a module of the runtime": "return _bp.program",
    "a private name of the runtime": "return _bp._x()",
    "a name of the model": "return _bp.js",
    "a host function": "return _host_add(a, 1)",
    "a host function as a value": "return _host_add",
    "a target": "return _host_add_target.find(a)",
    "a target's own": "return _host_add_target._look_up(a)",
    "what a call returns": "return _bp.i32(1, 'x').call_add(1, 2)",
    "what an item returns": "return a[0].call_add(1, 2)",
    "an import": "import bindgen_patch.runtime.guest as g\nreturn g.Guest",
    "an import by name": "return __import__('bindgen_patch')",
    "builtins": "return _builtins.getattr(self, '_bp_door')",
    "all of builtins": "return _builtins",
    "globals": "return globals()['_host_add']",
    "the name of a built-in that an export has": "return len(a)",
    "an unknown name": "return whatever",
}

APPENDED = {
    "the door as a module's variable": "door = instance._bp_door\n",
    "a guest as a module's variable": "guest = instance._bp_door.enter()\n",
    "a call of the module": "instance._bp_door.enter().call_add(1, 2)\n",
    "an alias of a host function": "alias = _host_add\n",
    "a host function in a list": "all_of_them = [_host_add]\n",
    "a host function called": "_host_add(instance, 1)\n",
    "an alias of nothing that the instance defines": "close = instance._bp_host\n",
    "an alias of the constructor": "again = instance.__init__\n",
    "an alias of the class": "Also = Instance\n",
    "an alias of the runtime": "rt = _bp\n",
    "an attribute of the instance": "instance.add = 1\n",
    "two at once": "one = two = instance.add\n",
    "annotated": "one: int = instance.add\n",
    "a second program": "other = _bp.Program(__name__)\n",
    "a second instance": "other = Instance()\n",
    "the instance a second time": "instance = Instance()\n",
    "a class under another's name": "Counter = instance.add\n",
    "the runtime's name": "_bp = instance.add\n",
    "a loop": "for x in []:\n    pass\n",
    "a condition": "if instance:\n    pass\n",
    "a deletion": "del instance\n",
    "an expression": "instance\n",
    "a computed constant": "x = 1 + len\n",
    "a lambda": "x = lambda: instance._bp_door\n",
    "a function without a guest": "def helper(a):\n    return a\n",
    "a module's __getattr__": "def __getattr__(guest):\n    return 1\n",
    "a constant": "x = 5\n",
}
"""Lines at the end of the module."""

REPLACED = {
    "the runtime under another name": (
        "import bindgen_patch.runtime as _bp\n",
        "import bindgen_patch.runtime as _bp\nimport bindgen_patch.runtime as rt\n",
    ),
    "another module": ("import enum as _enum", "import enum as _enum\nimport sys"),
    "another module under a known name": ("import enum as _enum", "import os as _enum"),
    "a name from the runtime": ("import enum as _enum", "import enum as _enum\nfrom bindgen_patch.runtime import Guest"),
    "everything from somewhere": ("import enum as _enum", "import enum as _enum\nfrom os import *"),
    "annotations that are evaluated": ("from __future__ import annotations\n", ""),
    "an async host function": ("def _host_add(", "async def _host_add("),
    "a decorated host function": ("def _host_add(", "@_bp.js.expose\ndef _host_add("),
    "a host function that lets the guest out": (
        "    return _host_add_target.has_instance",
        "    return guest\n    return _host_add_target.has_instance",
    ),
    "a host function that takes the door": ("guest.value(a0), 'lend'", "guest.door.enter(), 'lend'"),
    "a host function with the guest of a way in": ("guest.lend_slice(", "_bp_guest.lend_slice("),
    "a host function that passes the guest on": ("[_bp_0, _bp_1]", "[_bp_0, guest]"),
    "a host function that calls a closure": ("_bp_1.release()", "_bp_1()"),
    "a host function that catches": ("    finally:\n        _bp_1.release()", "    except BaseException:\n        _bp_1.release()"),
    "a host function that returns in finally": ("        _bp_0._bp_expire()", "        return 1"),
    "a host function in an adapter's place": ('_bp.intrinsic("typeof")', "print"),
    "a lambda in an adapter's place": ('_bp.intrinsic("typeof")', "lambda guest: 1"),
    "something called in the program": ("__package__ or __name__", "_host_add(1, 2)"),
    "something told to the program": ("    table=True,", "    table=True,\n    trusted=True,"),
    "a target that calls": ("module='./host.js'", "module=instance._bp_door"),
    "a class of another kind": ("class Counter(_bp.Object)", "class Counter(_bp.Guest)"),
    "a class of two kinds": ("class Counter(_bp.Object)", "class Counter(_bp.Object, _bp.Guest)"),
    "a class without a kind": ("class Counter(_bp.Object)", "class Counter"),
    "a metaclass": ("class Counter(_bp.Object)", "class Counter(_bp.Object, metaclass=type)"),
    "a decorated class": ("class Counter(", "@_bp.js.expose\nclass Counter("),
    "a class with a door of its own": ("    __slots__ = ()\n    _bp_free", "    _bp_door = None\n    _bp_free"),
    "a class with a guest of its own": ("    __slots__ = ()\n    _bp_free", "    _bp_guest = None\n    _bp_free"),
    "a class with a computed constant": ("    __slots__ = ()\n    _bp_free", "    x = instance._bp_door\n    _bp_free"),
    "a class that runs something": ("    __slots__ = ()\n    _bp_free", "    print(1)\n    _bp_free"),
    "a method by the name of the door": ("def finish(self)", "def _bp_door(self)"),
    "a method by a name of the run time's": ("def finish(self)", "def _bp_own(self)"),
    "an Instance that binds the door": ("self.Counter = self._bp_bind(Counter)", "self._bp_door = self._bp_bind(Counter)"),
    "an Instance that keeps the program": ("self.Counter = self._bp_bind(Counter)", "self.program = _bp_program"),
    "an Instance that enters": ("self.Counter = self._bp_bind(Counter)", "self._bp_door.enter().call_add(1, 2)"),
    "an Instance that gives the program away": ("super().__init__(_bp_program,", "imports.keep(_bp_program,"),
    "an Instance that binds what is no class of objects": ("self.Counter = self._bp_bind(Counter)", "self.Color = self._bp_bind(Color)"),
    "an Instance of another program": ("super().__init__(_bp_program,", "super().__init__(_bp.Program(__name__),"),
}
"""One thing of the module, and what stands in its place."""


def with_add(text: str) -> str:
    assert GUARDED.count(ADD) == 1
    return GUARDED.replace(ADD, text)


def refuse(text: str) -> str:
    """The first hole in a text, which must be Python all the same."""
    ast.parse(text)
    assert text != GUARDED
    with pytest.raises(GenerationError, match="unguarded") as caught:
        check_guards(text)
    assert caught.value.hint is not None
    return str(caught.value)


def test_the_sample_is_accepted() -> None:
    check_guards(GUARDED)


PIECES = {
    "the sample": GUARDED,
    "nothing": "",
    "a text with lines like a class": "X = '''\nclass A:\ndef f():\n@g\n'''\nclass B:\n    pass\n",
    "a text that looks ended": "X = '''\nclass A:\n    '''\ndef f(): '''\nclass C:\n'''\n",
    "a line that goes on": "x = 1 + \\\n2\ndef f(): pass\n",
    "a line that goes on into what looks like a function": "x = (\ndef_ := 1)\n@y\n@z\ndef f(): pass\nx = 3\n",
    "branches": "if x:\n    pass\nelse:\n    pass\nclass A: pass\nfor y in z:\n    def f(): pass\n@f\nclass B: pass",
    "other ends of lines": "class A: 'a\u2028b'\r\ndef f(): pass\rclass B: '\x0c'\n",
}


@pytest.mark.parametrize("text", PIECES)
def test_what_is_read_in_pieces_is_the_whole(text: str) -> None:
    found = list(check._statements(PIECES[text]))
    whole = ast.parse(PIECES[text]).body
    assert [ast.dump(node) for _, node in found] == [ast.dump(node) for node in whole]
    assert [above + node.lineno for above, node in found] == [node.lineno for node in whole]


def test_a_piece_that_goes_on_is_not_cut() -> None:
    """Whatever the next line is: a continued line takes it in, and that is an error as in the whole."""
    with pytest.raises(SyntaxError):
        list(check._statements("x = 1 \\\ndef f(): pass\n"))


def test_plain_text_is_refused() -> None:
    """Nothing that the pass missed gets through."""
    assert len([hole for _, hole in check.find_holes(PLAIN) if "is not exactly one guard" in hole]) == 11
    refuse(PLAIN)


@pytest.mark.parametrize("case", BROKEN_GUARDS)
def test_broken_guards(case: str) -> None:
    refuse(with_add(BROKEN_GUARDS[case]))


@pytest.mark.parametrize("case", ESCAPES)
def test_the_guest_stays_inside(case: str) -> None:
    refuse(with_add(body(ESCAPES[case])))


@pytest.mark.parametrize("case", WAYS_ROUND)
def test_there_is_no_way_round(case: str) -> None:
    """In a guard, in a method that seems to need none, and in a host function."""
    text = WAYS_ROUND[case]
    refuse(with_add(body(f"_bp_guest.call_add(1, 2)\n{text}")))
    refuse(with_add("    def add(self, a, b):\n" + "".join(f"        {line}\n" for line in text.splitlines())))
    refuse(
        GUARDED.replace(
            "    return _host_add_target.has_instance", re.sub("^", "    ", text, flags=re.M) + "\n    return _host_add_target.has_instance"
        )
    )


@pytest.mark.parametrize("case", APPENDED)
def test_the_module_says_nothing_more(case: str) -> None:
    refuse(GUARDED + APPENDED[case])


@pytest.mark.parametrize("case", REPLACED)
def test_the_module_says_nothing_else(case: str) -> None:
    old, new = REPLACED[case]
    refuse(GUARDED.replace(old, new))


HARMLESS = {
    "nothing at all": "return None",
    "a condition": "if a:\n    return 1\nelse:\n    return _bp_guest.call_add(1, 2)",
    "a try with finally": "_bp_x = _bp.items(a, 'a')\ntry:\n    return _bp_guest.call_add(1, 2)\nfinally:\n    _bp_x.release()",
    "a nested list": "return [[_bp.u8(_bp_item, 'x') for _bp_item in _bp.items(_bp_row, 'x')] for _bp_row in _bp.items(a, 'a')]",
    "arithmetic": "return -_bp_guest.call_add(a >> 64, not b) + 1",
    "a text that says it": "return _bp_guest.handle('_bp_guest._bp_door')",
    "the vendored runtime's function": "return _bp.to_js_number(_bp_guest.call_add(*a, **b))",
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_harmless_is_accepted(case: str) -> None:
    check_guards(with_add(body(HARMLESS[case])))


RESET = "    def reset_state(self):\n        super()._bp_reset()\n\n"


def test_what_the_options_write_is_accepted() -> None:
    check_guards(with_add(RESET + ADD) + "__wbg_reset_state = instance.reset_state\n")
    check_guards(GUARDED.replace("    table=True,", "    table=True,\n    abort_handler=False,"))


@pytest.mark.parametrize(
    "text",
    [
        RESET.replace("_bp_reset", "_bp_bind"),
        RESET.replace("super()._bp_reset()", "self._bp_door.reset()"),
        RESET.replace("super()._bp_reset()", "super()._bp_reset()\n        self._bp_door.reset()"),
        RESET.replace("reset_state", "renew"),
    ],
)
def test_reset_state_does_nothing_else(text: str) -> None:
    refuse(with_add(text + ADD))
    refuse(GUARDED.replace("    def finish(self)", RESET + "    def finish(self)"))


def test_the_vendored_runtime_is_accepted() -> None:
    check_guards(GUARDED.replace("import bindgen_patch.runtime as _bp", "from ._bindgen_patch import runtime as _bp"))


def test_holes_have_a_line() -> None:
    line = GUARDED[: GUARDED.index("_bp_guest.call_add")].count("\n") + 1
    assert f"line {line}: " in refuse(GUARDED.replace("return _bp_guest.call_add(_bp", "return self.call_add(_bp"))


@pytest.mark.parametrize("case", ["classes", "closures", "imports"])
def test_a_generated_module_without_any_one_guard(case: str, generated: Callable[..., Any]) -> None:
    """On real text: each way in, with its guard taken off, and each guard with a part of it gone."""
    text = generated(case, "unwind").guarded
    check_guards(text)
    guards = list(re.finditer(r"( +)_bp_door = \w+\._bp_door\n\1_bp_nested = .*\n\1with _bp_door\.lock:\n(?:\1 .*\n|\n)+", text))
    assert len(guards) > 40
    for guard in guards[:: len(guards) // 2]:
        whole = guard[0]
        for old, new in (
            (re.search(r"try:\n((?:.*\n)*?) +except BaseException", whole)[1], " " * 40 + "pass\n"),  # type: ignore[index]
            ("except BaseException", "except Exception"),
            ("raise _bp_door", "_bp_door"),
            ("_bp_nested = _bp_door.held()", "_bp_nested = False"),
            (".leave(", ".failed("),
        ):
            broken = whole.replace(old, new, 1)
            assert broken != whole
            if new.strip() == "pass":
                broken = f"{guard[1]}return _bp_guest.call_anything()\n"
            refuse(text[: guard.start()] + broken + text[guard.end() :])


HINTS = [
    *("__import__('os')", "print('x')", "'a text'", "[x for x in _bp]", "lambda: 1", "_bp.js.model", "len", "_bp.Literal[print(1)]", "a.b"),
    *("int[print]", "_builtins.eval", "1", "Nobody", "int & str", "_bp.Any()", "(yield)", "_bp.hints.Sequence['int']"),
]


@pytest.mark.parametrize("hint", HINTS)
@pytest.mark.parametrize("place", ["a: int", "-> int", "-> None"])
def test_a_hint_is_nothing_but_a_hint(hint: str, place: str) -> None:
    refuse(GUARDED.replace(place, place.replace("int", hint).replace("None", hint), 1))


def test_the_classes_of_typed_dicts_have_fields_only() -> None:
    made = "class A(_bp.hints.TypedDict):\n    a: int\n    b: _bp.hints.Sequence[A | None]\n"
    whole = GUARDED.replace("\nclass Instance", f"\n\n{made}\n\nclass Instance", 1)
    assert whole != GUARDED
    check_guards(whole)
    for line in ("a: int = 1", "a: print(1)", "(a): int", "a.b: int", "def f(self): pass", "a = print(1)"):
        refuse(whole.replace("    a: int\n", f"    {line}\n", 1))
    refuse(whole.replace("TypedDict)", "TypedDict, total=print(1))", 1))


# ------------------------------------------------------------------------------------------- the list itself


def test_the_list_names_the_builtins_that_emit_writes() -> None:
    assert check.BUILTINS < set(names.BUILTINS) < check.BUILTINS | check.TYPES


def test_the_list_leaves_out_what_the_guard_alone_may_do() -> None:
    protocol = ast.parse(Path(recovery.__file__).with_name("guard.py").read_text())
    own = next(node for node in protocol.body if isinstance(node, ast.ClassDef) and node.name == "Guest")
    methods = {node.name for node in own.body if isinstance(node, ast.FunctionDef)}
    assert len(methods) >= 8
    assert not methods & check.GUEST_METHODS


def test_the_list_names_methods_that_there_are() -> None:
    from bindgen_patch.runtime.guest import Guest

    assert {name for name in check.GUEST_METHODS if not callable(getattr(Guest, name, None))} == set()


def test_guarding_twice_is_refused() -> None:
    refuse(insert_guards(GUARDED))
