"""Hosts of URLs (https://url.spec.whatwg.org, 3): names, IPv4 and IPv6 addresses, each as the text that it is written as.

International names go through UTS 46 as the standard asks for, by Python's Unicode database and its Punycode codec. Where the
standard's own tables are needed we are stricter: a zero-width joiner is valid after a virama only.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from typing import Final

FORBIDDEN_HOST: Final = re.compile(r"[\x00\t\n\r #/:<>?@\[\\\]^|]")
_FORBIDDEN_DOMAIN: Final = re.compile(r"[\x00-\x1f #/:<>?@\[\\\]^|%\x7f]")
_ESCAPE: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_IGNORED: Final = re.compile("[\u00ad\u034f\u180b-\u180d\u180f\u200b\u2060\u2064\ufe00-\ufe0f\ufeff]")
_KEPT: Final = frozenset("\u00df\u03c2\u200c\u200d")
"""What UTS 46 keeps though it folds or vanishes elsewhere."""


class HostError(Exception):
    """A text that is no host."""


def percent_decode(octets: bytes) -> bytes:
    """Percent-decode (1.3)."""
    return _ESCAPE.sub(lambda found: bytes([int(found[1], 16)]), octets)


def percent_encode(text: str, inside: Callable[[str], bool]) -> str:
    """UTF-8 percent-encode: ASCII characters that are ``inside`` a set, and all others."""
    if text.isascii() and not any(map(inside, text)):
        return text
    return "".join(char if char.isascii() and not inside(char) else "%" + char.encode().hex("%").upper() for char in text)


def is_control(char: str) -> bool:
    """The C0 control percent-encode set."""
    return char <= "\x1f" or char > "~"


def parse_host(text: str, opaque: bool) -> str:
    """The host parser (3.5). Raises :class:`HostError`."""
    if text.startswith("["):
        if not text.endswith("]"):
            raise HostError
        return f"[{_write_ipv6(_parse_ipv6(text[1:-1]))}]"
    if opaque:
        if FORBIDDEN_HOST.search(text):
            raise HostError
        return percent_encode(text, is_control)
    domain = domain_to_ascii(percent_decode(text.encode()).decode(errors="replace"))
    if not domain or _FORBIDDEN_DOMAIN.search(domain):
        raise HostError
    return _parse_ipv4(domain) if _ends_in_number(domain) else domain


# ------------------------------------------------------------------------------------------- names


def domain_to_ascii(domain: str) -> str:
    """Domain to ASCII (3.3)."""
    if domain.isascii() and not any(label.startswith("xn--") for label in domain.lower().split(".")):
        return domain.lower()
    labels = _mapped(domain).split(".")
    unicode = [_checked(label) for label in labels]
    if any(unicodedata.bidirectional(char) in ("R", "AL", "AN") for label in unicode for char in label) and not all(map(_bidi, unicode)):
        raise HostError
    return ".".join(label if label.isascii() else "xn--" + label.encode("punycode").decode() for label in unicode)


def _mapped(domain: str) -> str:
    """The mapping and normalization of UTS 46, by compatibility forms and case folding."""
    text = _IGNORED.sub("", domain).replace("\u3002", ".").replace("\u1e9e", "\u00df")
    for _ in range(2):  # what is decomposed may have cases of its own
        text = unicodedata.normalize("NFKC", "".join(char if char in _KEPT else char.casefold() for char in text))
    return text.replace("\u3002", ".")


def _checked(label: str) -> str:
    """A label in Unicode, after the validity criteria of UTS 46; ASCII labels are what they are."""
    if label.isascii() and not label.startswith("xn--"):
        return label
    if label.startswith("xn--"):
        try:
            label = label[4:].encode("ascii").decode("punycode")
        except UnicodeError:
            raise HostError from None
        if label.isascii() or _mapped(label) != label:
            raise HostError
    if unicodedata.category(label[0]).startswith("M") or not all(map(_valid, label)):
        raise HostError
    for place, char in enumerate(label):
        if char in "\u200c\u200d" and not (place and unicodedata.combining(label[place - 1]) == 9):
            raise HostError
    return label


def _valid(char: str) -> bool:
    return char in _KEPT or (
        char not in "\ufffc\ufffd" and unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp")
    )


def _bidi(label: str) -> bool:
    """The Bidi rule (RFC 5893, 2) for a label of a name that has letters from right to left."""
    if not label:
        return True
    kinds = [unicodedata.bidirectional(char) for char in label]
    last = next((kind for kind in reversed(kinds) if kind != "NSM"), "")
    neutral = {"ES", "CS", "ET", "ON", "BN", "NSM"}
    if kinds[0] in ("R", "AL"):
        mixed = "EN" in kinds and "AN" in kinds
        return set(kinds) <= {"R", "AL", "AN", "EN", *neutral} and last in ("R", "AL", "EN", "AN") and not mixed
    return kinds[0] == "L" and set(kinds) <= {"L", "EN", *neutral} and last in ("L", "EN")


# ------------------------------------------------------------------------------------------- IPv4


def _ends_in_number(domain: str) -> bool:
    parts = domain.split(".")
    if not parts[-1] and len(parts) > 1:
        parts.pop()
    return bool(re.fullmatch("[0-9]+|0[xX][0-9a-fA-F]*", parts[-1]))


def _parse_ipv4(domain: str) -> str:
    parts = domain.split(".")
    if not parts[-1] and len(parts) > 1:
        parts.pop()
    numbers = [_ipv4_number(part) for part in parts]
    if len(numbers) > 4 or any(number > 255 for number in numbers[:-1]) or numbers[-1] >= 256 ** (5 - len(numbers)):
        raise HostError
    address = numbers[-1] + sum(number << (24 - 8 * place) for place, number in enumerate(numbers[:-1]))
    return ".".join(str(address >> shift & 255) for shift in (24, 16, 8, 0))


def _ipv4_number(part: str) -> int:
    base, digits = 10, part
    if part[:2] in ("0x", "0X"):
        base, digits = 16, part[2:]
    elif len(part) > 1 and part.startswith("0"):
        base, digits = 8, part[1:]
    if not part or not re.fullmatch({10: "[0-9]*", 16: "[0-9a-fA-F]*", 8: "[0-7]*"}[base], digits):
        raise HostError
    return int(digits.lstrip("0")[:40] or "0", base)  # longer ones are too large whatever follows


# ------------------------------------------------------------------------------------------- IPv6


def _parse_ipv6(text: str) -> list[int]:
    """The IPv6 parser (3.5): eight pieces of 16 bits."""
    head, compressed, tail = text.partition("::")
    if not compressed:
        pieces = _ipv6_pieces(text, last=True)
        if len(pieces) != 8:
            raise HostError
        return pieces
    before = _ipv6_pieces(head, last=False) if head else []
    after = _ipv6_pieces(tail, last=True) if tail else []
    if len(before) + len(after) > 7:
        raise HostError
    return [*before, *[0] * (8 - len(before) - len(after)), *after]


def _ipv6_pieces(text: str, last: bool) -> list[int]:
    pieces: list[int] = []
    parts = text.split(":")
    for place, part in enumerate(parts):
        if last and place == len(parts) - 1 and "." in part:
            if not re.fullmatch(r"(?:(?:0|[1-9][0-9]{0,2})\.){3}(?:0|[1-9][0-9]{0,2})", part):
                raise HostError
            octets = [int(octet) for octet in part.split(".")]
            if max(octets) > 255:
                raise HostError
            pieces += [octets[0] << 8 | octets[1], octets[2] << 8 | octets[3]]
        elif re.fullmatch("[0-9a-fA-F]{1,4}", part):
            pieces.append(int(part, 16))
        else:
            raise HostError
    return pieces


def _write_ipv6(pieces: list[int]) -> str:
    """The IPv6 serializer (3.6): the first of the longest runs of zeros is left out."""
    texts = [f"{piece:x}" for piece in pieces]
    runs = [(end - start, -start) for start in range(8) for end in range(start + 2, 9) if not any(pieces[start:end])]
    if not runs:
        return ":".join(texts)
    count, place = max(runs)
    return f"{':'.join(texts[:-place])}::{':'.join(texts[count - place :])}"
