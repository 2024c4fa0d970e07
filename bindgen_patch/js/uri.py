"""``encodeURI`` and kin (ECMA-262 19.2.6), ``escape`` and ``unescape`` (annex B.2.1)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from . import model, quota
from .classes import functions
from .errors import URIError
from .strings import assemble, units

_ALNUM: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_UNRESERVED: Final = _ALNUM + "-.!~*'()_"
_RESERVED: Final = ";/?:@&=+$,#"

# A run is cut at a length that keeps what is made of it small, until its size has been counted. Runs of escapes are taken whole and
# never given back (`++`): a character's octets belong together.
_RUN: Final = "{1,4096}"
_IN_COMPONENT: Final = re.compile(f"[^{re.escape(_UNRESERVED)}]{_RUN}")
_IN_URI: Final = re.compile(f"[^{re.escape(_UNRESERVED + _RESERVED)}]{_RUN}")
_IN_ESCAPE: Final = re.compile(f"[^{_ALNUM}@*_+./-]{_RUN}")
_ESCAPES: Final = re.compile("(?:%[0-9a-fA-F]{2})++")
_KEPT: Final = "|".join(f"{ord(char):02x}" for char in _RESERVED)
_ESCAPES_NOT_KEPT: Final = re.compile(f"(?:(?!(?i:%(?:{_KEPT})))%[0-9a-fA-F]{{2}})++")
_NO_ESCAPE: Final = re.compile("%(?![0-9a-fA-F]{2})")
_CODE_UNIT: Final = re.compile("%(?:u([0-9a-fA-F]{4})|([0-9a-fA-F]{2}))")


def _rewritten(pattern: re.Pattern[str], rewrite: Callable[[re.Match[str]], str], text: str) -> str:
    """``pattern.sub(rewrite, text)``, ended before it is too long for a string."""

    def pieces() -> Iterator[str]:
        end = 0
        for found in pattern.finditer(text):
            quota.check()
            yield text[end : found.start()]
            yield rewrite(found)
            end = found.end()
        yield text[end:]

    return assemble(pieces())


def _encoded(run: re.Match[str]) -> str:
    try:
        octets = run[0].encode()
    except UnicodeEncodeError:
        raise URIError("URI malformed") from None
    return "%" + octets.hex("%").upper()


def _decoded(run: re.Match[str]) -> str:
    try:
        return bytes.fromhex(run[0].replace("%", "")).decode()
    except UnicodeDecodeError:
        raise URIError("URI malformed") from None


def encode_uri_component(text: object = None) -> str:
    """``encodeURIComponent``."""
    return _rewritten(_IN_COMPONENT, _encoded, model.to_string(text))


def encode_uri(text: object = None) -> str:
    """``encodeURI``: what has a meaning in a URI stays."""
    return _rewritten(_IN_URI, _encoded, model.to_string(text))


def decode_uri_component(text: object = None) -> str:
    """``decodeURIComponent``."""
    return _decode(_ESCAPES, model.to_string(text))


def decode_uri(text: object = None) -> str:
    """``decodeURI``: escapes of what has a meaning in a URI stay."""
    return _decode(_ESCAPES_NOT_KEPT, model.to_string(text))


def _decode(escapes: re.Pattern[str], text: str) -> str:
    if _NO_ESCAPE.search(text):
        raise URIError("URI malformed")
    return _rewritten(escapes, _decoded, text)


def escape(text: object = None) -> str:
    """``escape``: by code units, four digits for those beyond Latin-1."""

    def escaped(run: re.Match[str]) -> str:
        return "".join(f"%{ord(unit):02X}" if unit <= "\xff" else f"%u{ord(unit):04X}" for unit in run[0])

    return _rewritten(_IN_ESCAPE, escaped, units(model.to_string(text)))


def unescape(text: object = None) -> str:
    """``unescape``; what is no escape is text."""
    return _rewritten(_CODE_UNIT, lambda found: chr(int(found[1] or found[2], 16)), model.to_string(text))


GLOBALS: Mapping[str, Callable[..., str]] = MappingProxyType(
    {
        "decodeURI": decode_uri,
        "decodeURIComponent": decode_uri_component,
        "encodeURI": encode_uri,
        "encodeURIComponent": encode_uri_component,
        "escape": escape,
        "unescape": unescape,
    }
)
"""The global functions."""

CLASSES: Mapping[str, Any] = MappingProxyType(functions(GLOBALS))
