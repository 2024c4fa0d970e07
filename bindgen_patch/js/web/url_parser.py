"""The URL parser of the WHATWG's standard (https://url.spec.whatwg.org, 4.4): a state machine over the characters of a text.

Each state is a method of the standard's name. It is given a character, ``""`` at the end, and says what to do next: a state to go on
with, the same one, or :data:`_STOP`; `FailureError` is raised for what is no URL.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from .url_hosts import HostError, is_control, parse_host, percent_encode

SPECIAL: Final[dict[str, int | None]] = {"ftp": 21, "file": None, "http": 80, "https": 443, "ws": 80, "wss": 443}
"""The special schemes and their ports."""


def _set(more: str) -> Callable[[str], bool]:
    chars = frozenset(more)
    return lambda char: char in chars or is_control(char)


_QUERY_CHARS: Final = ' "#<>'
_PATH_CHARS: Final = _QUERY_CHARS + "?^`{}"
_USERINFO_CHARS: Final = _PATH_CHARS + "/:;=@[\\]|"
_COMPONENT_CHARS: Final = _USERINFO_CHARS + "$%&+,"
in_fragment: Final = _set(' "<>`')
in_query: Final = _set(_QUERY_CHARS)
in_special_query: Final = _set(_QUERY_CHARS + "'")
in_path: Final = _set(_PATH_CHARS)
in_userinfo: Final = _set(_USERINFO_CHARS)
in_form: Final = _set(_COMPONENT_CHARS + "!'()~")
"""The percent-encode sets (1.3); each has the C0 controls and everything beyond ASCII."""

_TAB_OR_NEWLINE: Final = re.compile("[\t\n\r]")
_C0_AND_SPACE: Final = "".join(map(chr, range(0x21)))
_SCHEME: Final = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+-.")
_DRIVE: Final = re.compile("[A-Za-z][:|]")
_DRIVE_START: Final = re.compile(r"[A-Za-z][:|](?:[/\\?#]|\Z)")


class FailureError(Exception):
    """A text that is no URL, or that a setter does not take."""


@dataclass(slots=True)
class Record:
    """A URL record (4.1). ``host`` is written out; a ``str`` as ``path`` is an opaque path."""

    scheme: str = ""
    username: str = ""
    password: str = ""
    host: str | None = None
    port: int | None = None
    path: list[str] | str = field(default_factory=list)
    query: str | None = None
    fragment: str | None = None

    @property
    def is_special(self) -> bool:
        """Whether the scheme is one of those that the standard knows."""
        return self.scheme in SPECIAL

    @property
    def has_credentials(self) -> bool:
        """Whether there is a user name or a password."""
        return bool(self.username or self.password)

    def pathname(self) -> str:
        """The path as text (4.5)."""
        return self.path if isinstance(self.path, str) else "".join("/" + segment for segment in self.path)

    def href(self) -> str:
        """The whole as text (4.5)."""
        text = self.scheme + ":"
        if self.host is not None:
            text += "//"
            if self.has_credentials:
                text += self.username + (":" + self.password if self.password else "") + "@"
            text += self.host + ("" if self.port is None else f":{self.port}")
        elif isinstance(self.path, list) and len(self.path) > 1 and not self.path[0]:
            text += "/."
        text += self.pathname()
        if self.query is not None:
            text += "?" + self.query
        return text if self.fragment is None else f"{text}#{self.fragment}"


def parse(text: str, base: Record | None = None) -> Record:
    """The basic URL parser. Raises :class:`FailureError`."""
    record = Record()
    _Machine(text.strip(_C0_AND_SPACE), base, record, None).run()
    return record


def parse_part(text: str, record: Record, state: str) -> None:
    """The same for a setter: it begins in a state, and keeps what it has changed when it fails."""
    with contextlib.suppress(FailureError):
        _Machine(text, None, record, state).run()


def is_drive(text: str) -> bool:
    """Whether it is a Windows drive letter."""
    return len(text) == 2 and bool(_DRIVE.match(text))


_STOP: Final = "stop"


class _Machine:
    def __init__(self, text: str, base: Record | None, url: Record, override: str | None) -> None:
        self.text = _TAB_OR_NEWLINE.sub("", text)
        self.base = base
        self.url = url
        self.override = override
        self.at = 0
        self.buffer: list[str] = []
        self.in_brackets = False
        self.seen_at = False
        self.seen_password = False

    def run(self) -> None:
        state = self.override or "scheme_start"
        while True:
            char = self.text[self.at : self.at + 1]
            state = getattr(self, state)(char) or state
            if state == _STOP or self.at >= len(self.text):
                return
            self.at += 1

    def back(self, count: int = 1) -> None:
        """The pointer goes back; the next state sees the same characters again."""
        self.at -= count

    def taken(self) -> str:
        text = "".join(self.buffer)
        self.buffer.clear()
        return text

    def ahead(self, text: str) -> bool:
        return self.text.startswith(text, self.at + 1)

    def ends_authority(self, char: str) -> bool:
        return char in ("", "/", "?", "#") or (char == "\\" and self.url.is_special)

    def is_slash(self, char: str) -> bool:
        return char == "/" or (char == "\\" and self.url.is_special)

    def copy_base(self, *names: str) -> None:
        assert self.base
        for name in names:
            value = getattr(self.base, name)
            setattr(self.url, name, list(value) if isinstance(value, list) else value)

    # ------------------------------------------------------------------ scheme

    def scheme_start(self, char: str) -> str | None:
        if char.isascii() and char.isalpha():
            self.buffer.append(char.lower())
            return "scheme"
        if self.override:
            raise FailureError
        self.back()
        return "no_scheme"

    def scheme(self, char: str) -> str | None:
        if char and char in _SCHEME:
            self.buffer.append(char.lower())
            return None
        if char == ":":
            return self.scheme_end()
        if self.override:
            raise FailureError
        self.buffer.clear()
        self.at = -1
        return "no_scheme"

    def scheme_end(self) -> str | None:
        scheme = self.taken()
        url = self.url
        if self.override:
            if (scheme in SPECIAL) != url.is_special or (scheme == "file" and (url.has_credentials or url.port is not None)):
                return _STOP
            if url.scheme == "file" and not url.host:
                return _STOP
            url.scheme = scheme
            if url.port == SPECIAL.get(scheme):
                url.port = None
            return _STOP
        url.scheme = scheme
        if scheme == "file":
            return "file"
        if url.is_special:
            return "special_relative_or_authority" if self.base and self.base.scheme == scheme else "special_authority_slashes"
        if self.ahead("/"):
            self.at += 1
            return "path_or_authority"
        url.path = ""
        return "opaque_path"

    def no_scheme(self, char: str) -> str | None:
        base = self.base
        if base is None or (isinstance(base.path, str) and char != "#"):
            raise FailureError
        if isinstance(base.path, str):
            self.copy_base("scheme", "path", "query")
            self.url.fragment = ""
            return "fragment"
        self.back()
        return "file" if base.scheme == "file" else "relative"

    def special_relative_or_authority(self, char: str) -> str | None:
        if char == "/" and self.ahead("/"):
            self.at += 1
            return "special_authority_ignore_slashes"
        self.back()
        return "relative"

    def path_or_authority(self, char: str) -> str | None:
        if char == "/":
            return "authority"
        self.back()
        return "path"

    def relative(self, char: str) -> str | None:
        assert self.base
        self.url.scheme = self.base.scheme
        if self.is_slash(char):
            return "relative_slash"
        self.copy_base("username", "password", "host", "port", "path", "query")
        if state := self.behind_path(char):
            return state
        if char:
            self.url.query = None
            self.shorten()
            self.back()
            return "path"
        return None

    def relative_slash(self, char: str) -> str | None:
        if self.url.is_special and char in ("/", "\\"):
            return "special_authority_ignore_slashes"
        if char == "/":
            return "authority"
        self.copy_base("username", "password", "host", "port")
        self.back()
        return "path"

    def special_authority_slashes(self, char: str) -> str | None:
        if char == "/" and self.ahead("/"):
            self.at += 1
        else:
            self.back()
        return "special_authority_ignore_slashes"

    def special_authority_ignore_slashes(self, char: str) -> str | None:
        if char in ("/", "\\"):
            return None
        self.back()
        return "authority"

    # ------------------------------------------------------------------ authority

    def authority(self, char: str) -> str | None:
        if char == "@":
            text = ("%40" if self.seen_at else "") + self.taken()
            self.seen_at = True
            user, colon, password = ("", "", text) if self.seen_password else text.partition(":")
            self.url.username += percent_encode(user, in_userinfo)
            self.url.password += percent_encode(password, in_userinfo)
            self.seen_password = self.seen_password or bool(colon)
        elif self.ends_authority(char):
            if self.seen_at and not self.buffer:
                raise FailureError
            self.back(len(self.buffer) + 1)
            self.buffer.clear()
            return "host"
        else:
            self.buffer.append(char)
        return None

    def host(self, char: str) -> str | None:
        url = self.url
        if self.override and url.scheme == "file":
            self.back()
            return "file_host"
        if char == ":" and not self.in_brackets:
            if not self.buffer or self.override == "hostname":
                raise FailureError
            url.host = self.parsed_host()
            return "port"
        if self.ends_authority(char):
            self.back()
            if url.is_special and not self.buffer:
                raise FailureError
            if self.override and not self.buffer and (url.has_credentials or url.port is not None):
                raise FailureError
            url.host = self.parsed_host()
            return _STOP if self.override else "path_start"
        if char in "[]":
            self.in_brackets = char == "["
        self.buffer.append(char)
        return None

    hostname = host

    def parsed_host(self) -> str:
        text = self.taken()
        try:
            return parse_host(text, opaque=not self.url.is_special) if text or self.url.is_special else ""
        except HostError:
            raise FailureError from None

    def port(self, char: str) -> str | None:
        if char.isascii() and char.isdigit():
            self.buffer.append(char)
            return None
        if not self.ends_authority(char) and not self.override:
            raise FailureError
        if self.buffer:
            digits = self.taken().lstrip("0") or "0"
            if len(digits) > 5 or int(digits) > 0xFFFF:
                raise FailureError
            self.url.port = None if SPECIAL.get(self.url.scheme) == int(digits) else int(digits)
            if self.override:
                return _STOP
        if self.override:
            raise FailureError
        self.back()
        return "path_start"

    # ------------------------------------------------------------------ files

    def file(self, char: str) -> str | None:
        url, base = self.url, self.base
        url.scheme = "file"
        url.host = ""
        if char in ("/", "\\"):
            return "file_slash"
        if base is None or base.scheme != "file":
            self.back()
            return "path"
        self.copy_base("host", "path", "query")
        if state := self.behind_path(char):
            return state
        if char:
            url.query = None
            if _DRIVE_START.match(self.text, self.at):
                url.path = []
            else:
                self.shorten()
            self.back()
            return "path"
        return None

    def file_slash(self, char: str) -> str | None:
        if char in ("/", "\\"):
            return "file_host"
        base = self.base
        if base and base.scheme == "file":
            self.url.host = base.host
            if not _DRIVE_START.match(self.text, self.at) and base.path and isinstance(self.url.path, list):
                first = base.path[0]
                if is_drive(first) and first[1] == ":":
                    self.url.path.append(first)
        self.back()
        return "path"

    def file_host(self, char: str) -> str | None:
        if char not in ("", "/", "\\", "?", "#"):
            self.buffer.append(char)
            return None
        self.back()
        if not self.override and is_drive("".join(self.buffer)):
            return "path"  # which finds the drive letter in the buffer
        host = self.parsed_host() if self.buffer else ""
        self.url.host = "" if host == "localhost" else host
        return _STOP if self.override else "path_start"

    # ------------------------------------------------------------------ path, query, fragment

    def path_start(self, char: str) -> str | None:
        if self.url.is_special:
            if char not in ("/", "\\"):
                self.back()
            return "path"
        if not self.override and (state := self.behind_path(char)):
            return state
        if char:
            if char != "/":
                self.back()
            return "path"
        if self.override and self.url.host is None:
            assert isinstance(self.url.path, list)
            self.url.path.append("")
        return None

    def path(self, char: str) -> str | None:
        url = self.url
        assert isinstance(url.path, list)
        slash = self.is_slash(char)
        if not (char == "" or slash or (not self.override and char in ("?", "#"))):
            self.buffer.append(percent_encode(char, in_path))
            return None
        segment = self.taken()
        plain = segment.lower().replace("%2e", ".")
        if plain == "..":
            self.shorten()
            if not slash:
                url.path.append("")
        elif plain == ".":
            if not slash:
                url.path.append("")
        else:
            if url.scheme == "file" and not url.path and is_drive(segment):
                segment = segment[0] + ":"
            url.path.append(segment)
        if state := self.behind_path(char):
            return state
        return None

    def behind_path(self, char: str) -> str | None:
        """The state that reads what such a character begins: a query, a fragment or neither."""
        if char == "?":
            self.url.query = ""
            return "query"
        if char == "#":
            self.url.fragment = ""
            return "fragment"
        return None

    def shorten(self) -> None:
        path = self.url.path
        assert isinstance(path, list)
        if path and not (self.url.scheme == "file" and len(path) == 1 and is_drive(path[0]) and path[0][1] == ":"):
            path.pop()

    def opaque_path(self, char: str) -> str | None:
        if char in ("", "?", "#"):
            self.url.path = self.taken()
            if state := self.behind_path(char):
                return state
        elif char == " " and (self.ahead("?") or self.ahead("#")):
            self.buffer.append("%20")
        else:
            self.buffer.append(percent_encode(char, is_control))
        return None

    def query(self, char: str) -> str | None:
        if char and (char != "#" or self.override):
            self.buffer.append(char)
            return None
        self.url.query = percent_encode(self.taken(), in_special_query if self.url.is_special else in_query)
        if char == "#":
            self.url.fragment = ""
            return "fragment"
        return None

    def fragment(self, char: str) -> str | None:
        if char:
            self.buffer.append(char)
        else:
            self.url.fragment = percent_encode(self.taken(), in_fragment)
        return None
