"""Base64 and hexadecimal text of a ``Uint8Array`` (ECMA-262 of 2026, 23.3), and ``atob`` and ``btoa`` (HTML 8.3)."""

from __future__ import annotations

import binascii
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from . import model, quota
from .buffers import TypedArray, Uint8Array, array_class, typed
from .classes import Function, Table
from .errors import DOMException, SyntaxError, TypeError
from .ordinary import Object

_SPACE = frozenset("\t\n\f\r ")
_URL: Mapping[str, str] = MappingProxyType({"-": "+", "_": "/"})


def _bytes(this: object) -> TypedArray:
    found = typed(this)
    if not isinstance(found, Uint8Array):
        raise TypeError("this is not a Uint8Array")
    return found


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{model.describe(value)} is not a string")
    return value


def _option(options: object, name: str, allowed: tuple[str, ...]) -> Any:
    """One of the words that an option may be; the first is the default."""
    if options is None:
        return allowed[0]
    if model.is_primitive(options):
        raise TypeError("options must be an object")
    value = model.get(options, name)
    if value is None:
        return allowed[0]
    if not isinstance(value, str) or value not in allowed:
        raise TypeError(f"invalid {name}: {model.describe(value)}")
    return value


def _alphabet(options: object) -> bool:
    return bool(_option(options, "alphabet", ("base64", "base64url")) == "base64url")


def _to_base64(this: object, options: object = None) -> str:
    data = _bytes(this)
    url = _alphabet(options)
    bare = options is not None and model.truthy(model.get(options, "omitPadding"))
    text = binascii.b2a_base64(data.bytes(), newline=False).decode()
    if url:
        text = text.replace("+", "-").replace("/", "_")
    return text.rstrip("=") if bare else text


def _decode(text: str, url: bool, handling: str, room: int) -> tuple[int, bytes, str]:
    """FromBase64: how much of the text was read, the bytes, and what is wrong with the rest."""
    found, chunk, read, position = bytearray(), "", 0, 0

    def rest(padded: bool) -> bytes | None:
        """The bytes of a last chunk of two or three characters."""
        data = binascii.a2b_base64(chunk.ljust(4, "="))
        exact = binascii.b2a_base64(data, newline=False).decode().rstrip("=") == chunk
        return None if (handling == "strict" and not exact) or (handling == "strict" and not padded) else data

    while room > len(found):
        while position < len(text) and text[position] in _SPACE:
            position += 1
        if position == len(text):
            if not chunk:
                return position, bytes(found), ""
            if handling == "stop-before-partial":
                return read, bytes(found), ""
            data = None if handling == "strict" or len(chunk) == 1 else rest(padded=False)
            if data is None:
                return read, bytes(found), "the last chunk is not complete"
            return position, bytes(found + data), ""
        char = text[position]
        position += 1
        if char == "=":
            if len(chunk) < 2:
                return read, bytes(found), "padding in the wrong place"
            after = text[position:].lstrip("".join(_SPACE))
            if len(chunk) == 2:
                if not after and handling == "stop-before-partial":
                    return read, bytes(found), ""
                if not after.startswith("="):
                    return read, bytes(found), "padding is missing"
                after = after[1:].lstrip("".join(_SPACE))
            data = None if after else rest(padded=True)
            if data is None:
                return read, bytes(found), "something follows the padding, or bits are left over"
            return len(text), bytes(found + data), ""
        char = (_URL.get(char, "" if char in "+/" else char)) if url else char
        if not (char.isascii() and char.isalnum()) and char not in ("+", "/"):
            return read, bytes(found), "a character that is not base64"
        left = room - len(found)
        if (left == 1 and len(chunk) == 2) or (left == 2 and len(chunk) == 3):
            return read, bytes(found), ""
        chunk += char
        if len(chunk) == 4:
            found += binascii.a2b_base64(chunk)
            chunk, read = "", position
    return read, bytes(found), ""


_HANDLINGS = ("loose", "strict", "stop-before-partial")


def _from_base64(_this: object, text: object, options: object = None) -> Uint8Array:
    source = _text(text)
    _, data, wrong = _decode(source, _alphabet(options), _option(options, "lastChunkHandling", _HANDLINGS), len(source))
    if wrong:
        raise SyntaxError(f"Uint8Array.fromBase64: {wrong}")
    return Uint8Array(data)


def _set_from_base64(this: object, text: object, options: object = None) -> Object:
    target, source = _bytes(this), _text(text)
    handling = _option(options, "lastChunkHandling", _HANDLINGS)
    read, data, wrong = _decode(source, _alphabet(options), handling, len(target))
    target.put(0, data)
    if wrong:
        raise SyntaxError(f"Uint8Array.prototype.setFromBase64: {wrong}")
    return Object(read=read, written=len(data))


def _unhex(text: str, room: int) -> tuple[bytes, bool]:
    """The bytes up to the first pair that is none, and whether there was one."""
    if len(text) % 2:
        raise SyntaxError("hexadecimal text has an even number of digits")
    data = bytearray()
    for index in range(0, min(len(text), room * 2), 2):
        pair = text[index : index + 2]
        if any(char not in "0123456789abcdefABCDEF" for char in pair):
            return bytes(data), True
        data.append(int(pair, 16))
    return bytes(data), False


def _from_hex(_this: object, text: object) -> Uint8Array:
    data, wrong = _unhex(_text(text), len(_text(text)))
    if wrong:
        raise SyntaxError("Uint8Array.fromHex: not a hexadecimal digit")
    return Uint8Array(data)


def _set_from_hex(this: object, text: object) -> Object:
    target = _bytes(this)
    data, wrong = _unhex(_text(text), len(target))
    target.put(0, data)
    if wrong:
        raise SyntaxError("Uint8Array.prototype.setFromHex: not a hexadecimal digit")
    return Object(read=2 * len(data), written=len(data))


def _btoa(_this: object, text: object) -> str:
    source = model.to_string(text)
    quota.text(2 * len(source))
    try:
        data = source.encode("latin-1")
    except UnicodeEncodeError:
        raise DOMException("Invalid character", "InvalidCharacterError") from None
    return binascii.b2a_base64(data, newline=False).decode()


def _atob(_this: object, text: object) -> str:
    """Forgiving-base64 decode (Infra 4.7)."""
    source = model.to_string(text)
    quota.text(2 * len(source))
    chars = source.translate(dict.fromkeys(map(ord, _SPACE)))
    if len(chars) % 4 == 0:
        chars = chars[:-2] if chars.endswith("==") else chars.removesuffix("=")
    if len(chars) % 4 == 1 or not all(char in "+/" or (char.isascii() and char.isalnum()) for char in chars):
        raise DOMException("The string to be decoded is not correctly encoded.", "InvalidCharacterError")
    return binascii.a2b_base64(chars + "=" * (-len(chars) % 4)).decode("latin-1")


STATICS: Table = MappingProxyType({"fromBase64": (_from_base64, 1), "fromHex": _from_hex})
PROTOTYPE: Table = MappingProxyType(
    {
        "setFromBase64": (_set_from_base64, 1),
        "setFromHex": _set_from_hex,
        "toBase64": (_to_base64, 0),
        "toHex": lambda this: _bytes(this).bytes().hex(),
    }
)

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "Uint8Array": array_class("Uint8", Uint8Array, STATICS, PROTOTYPE),
        "atob": Function("atob", _atob),
        "btoa": Function("btoa", _btoa),
    }
)
