"""``TextEncoder`` and ``TextDecoder`` (https://encoding.spec.whatwg.org)."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, ClassVar, Final

from .. import model, quota
from ..buffers import ArrayBuffer, DataView, Uint8Array, typed
from ..classes import Class
from ..errors import RangeError, TypeError
from ..ordinary import Object, Ordinary
from ..strings import to_well_formed
from .events import attribute, dictionary, this_is

_ENCODINGS: Final = """
utf-8 | utf-8 | unicode-1-1-utf-8 unicode11utf8 unicode20utf8 utf8 x-unicode20utf8
ibm866 | cp866 | 866 cp866 csibm866
iso-8859-2 | iso8859-2 | csisolatin2 iso-ir-101 iso8859-2 iso88592 iso_8859-2 iso_8859-2:1987 l2 latin2
iso-8859-3 | iso8859-3 | csisolatin3 iso-ir-109 iso8859-3 iso88593 iso_8859-3 iso_8859-3:1988 l3 latin3
iso-8859-4 | iso8859-4 | csisolatin4 iso-ir-110 iso8859-4 iso88594 iso_8859-4 iso_8859-4:1988 l4 latin4
iso-8859-5 | iso8859-5 | csisolatincyrillic cyrillic iso-ir-144 iso8859-5 iso88595 iso_8859-5 iso_8859-5:1988
iso-8859-6 | iso8859-6 | arabic asmo-708 csiso88596e csiso88596i csisolatinarabic ecma-114 iso-8859-6-e iso-8859-6-i iso-ir-127 iso8859-6 \
 iso88596 iso_8859-6 iso_8859-6:1987
iso-8859-7 | iso8859-7 | csisolatingreek ecma-118 elot_928 greek greek8 iso-ir-126 iso8859-7 iso88597 iso_8859-7 iso_8859-7:1987 \
 sun_eu_greek
iso-8859-8 | iso8859-8 | csiso88598e csisolatinhebrew hebrew iso-8859-8-e iso-ir-138 iso8859-8 iso88598 iso_8859-8 iso_8859-8:1988 visual
iso-8859-8-i | iso8859-8 | csiso88598i logical
iso-8859-10 | iso8859-10 | csisolatin6 iso-ir-157 iso8859-10 iso885910 l6 latin6
iso-8859-13 | iso8859-13 | iso8859-13 iso885913
iso-8859-14 | iso8859-14 | iso8859-14 iso885914
iso-8859-15 | iso8859-15 | csisolatin9 iso8859-15 iso885915 iso_8859-15 l9
iso-8859-16 | iso8859-16 |
koi8-r | koi8-r | cskoi8r koi koi8 koi8_r
koi8-u | koi8-u | koi8-ru
macintosh | mac-roman | csmacintosh mac x-mac-roman
windows-874 | cp874 | dos-874 iso-8859-11 iso8859-11 iso885911 tis-620
windows-1250 | cp1250 | cp1250 x-cp1250
windows-1251 | cp1251 | cp1251 x-cp1251
windows-1252 | cp1252 | ansi_x3.4-1968 ascii cp1252 cp819 csisolatin1 ibm819 iso-8859-1 iso-ir-100 iso8859-1 iso88591 iso_8859-1 \
 iso_8859-1:1987 l1 latin1 us-ascii x-cp1252
windows-1253 | cp1253 | cp1253 x-cp1253
windows-1254 | cp1254 | cp1254 csisolatin5 iso-8859-9 iso-ir-148 iso8859-9 iso88599 iso_8859-9 iso_8859-9:1989 l5 latin5 x-cp1254
windows-1255 | cp1255 | cp1255 x-cp1255
windows-1256 | cp1256 | cp1256 x-cp1256
windows-1257 | cp1257 | cp1257 x-cp1257
windows-1258 | cp1258 | cp1258 x-cp1258
x-mac-cyrillic | mac-cyrillic | x-mac-ukrainian
gbk | gb18030 | chinese csgb2312 csiso58gb231280 gb2312 gb_2312 gb_2312-80 iso-ir-58 x-gbk
gb18030 | gb18030 |
big5 | big5hkscs | big5-hkscs cn-big5 csbig5 x-x-big5
euc-jp | euc-jp | cseucpkdfmtjapanese x-euc-jp
iso-2022-jp | iso2022-jp | csiso2022jp
shift_jis | cp932 | csshiftjis ms932 ms_kanji shift-jis sjis windows-31j x-sjis
euc-kr | cp949 | cseuckr csksc56011987 iso-ir-149 korean ks_c_5601-1987 ks_c_5601-1989 ksc5601 ksc_5601 windows-949
utf-16be | utf-16-be | unicodefffe
utf-16le | utf-16-le | csunicode iso-10646-ucs-2 ucs-2 unicode unicodefeff utf-16
"""
"""Name, Python's codec for it, further labels (4.2). ``x-user-defined`` and the codec that refuses everything are not there."""


def _labels() -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for line in _ENCODINGS.replace("\\\n", "").strip().splitlines():
        name, codec, labels = (part.strip() for part in line.split("|"))
        found |= dict.fromkeys([name, *labels.split()], (name, codec))
    return found


_LABELS: Mapping[str, tuple[str, str]] = MappingProxyType(_labels())
_SPACE = "\t\n\f\r "
_UNICODE = ("utf-8", "utf-16le", "utf-16be")


@cache
def _table(name: str, codec: str) -> str | None:
    """The characters of an encoding of single bytes: where Python's codec has nothing, most have a control character (10)."""
    if name in _UNICODE or codec in _SEVERAL_BYTES:
        return None
    holes = name.startswith("windows-")
    table = bytes(range(256)).decode(codec, "replace")
    if holes:
        table = "".join(chr(byte) if char == "\ufffd" and byte < 0xA0 else char for byte, char in enumerate(table))
    for byte, char in _OTHERWISE.get(name, {}).items():
        table = table[:byte] + char + table[byte + 1 :]
    return table


_OTHERWISE: Mapping[str, Mapping[int, str]] = {"koi8-u": {0xAE: "\u045e", 0xBE: "\u040e"}, "windows-1255": {0xCA: "\u05ba"}}
"""Where Python's tables are not those of the standard."""
_SEVERAL_BYTES = frozenset({"gb18030", "big5hkscs", "euc-jp", "iso2022-jp", "cp932", "cp949"})


class TextEncoder(Ordinary):
    """Text as UTF-8."""

    __slots__ = ()
    _bp_class: ClassVar[str] = "TextEncoder"

    def __init__(self) -> None:
        pass


class TextDecoder(Ordinary):
    """Bytes as text: :meth:`decode`. Raises ``RangeError`` for a label that is unknown."""

    __slots__ = ("_begun", "_incremental", "_table", "codec", "encoding", "fatal", "ignore_bom")
    _bp_class: ClassVar[str] = "TextDecoder"

    def __init__(self, label: str = "utf-8", *, fatal: bool = False, ignore_bom: bool = False) -> None:
        known = _LABELS.get(label.strip(_SPACE).lower())
        if known is None:
            raise RangeError(f'The "{label[:80]}" encoding is not supported')
        self.encoding, self.codec = known
        self.fatal = fatal
        self.ignore_bom = ignore_bom
        self._table = _table(*known)
        self._incremental: Any = None
        self._begun = False

    def decode(self, data: bytes = b"", *, stream: bool = False) -> str:
        """The text. ``stream``: more is to come. Raises ``TypeError`` for what is no text, where it is ``fatal``."""
        try:
            text = self._decode(data, stream)
        except UnicodeDecodeError:
            self._incremental, self._begun = None, False
            raise TypeError(f"The encoded data was not valid for encoding {self.encoding}") from None
        if text and not self._begun:
            self._begun = True
            if not self.ignore_bom and text[0] == "\ufeff" and self.encoding in _UNICODE:
                text = text[1:]
        if not stream:
            self._incremental, self._begun = None, False
        return text

    def _decode(self, data: bytes, stream: bool) -> str:
        quota.text(len(data))
        handler = "strict" if self.fatal else "replace"
        if self._table is not None:
            table: Any = self._table
            return str(codecs.charmap_decode(data, handler, table)[0])
        if self._incremental is None:
            if not stream:
                return codecs.decode(data, self.codec, handler)
            self._incremental = codecs.getincrementaldecoder(self.codec)(handler)
        text: str = self._incremental.decode(data, not stream)
        return text


def utf8(value: object) -> bytes:
    """A USVString as UTF-8."""
    text = to_well_formed(value)
    quota.claim(quota.buffer(len(text)))
    return text.encode()


def bytes_of(value: object, what: str = "input") -> bytes:
    """A copy of what a BufferSource shows. Raises ``TypeError`` for anything else."""
    if isinstance(value, ArrayBuffer):
        return bytes(value)
    if isinstance(value, DataView):
        start = value.byte_offset
        return bytes(memoryview(value.buffer)[start : start + value.size()])
    view = typed(value)
    if view is None:
        raise TypeError(f"The {what} must be an ArrayBuffer or a view of one, not {model.describe(value)}")
    return view.bytes()


_encoder, _decoder = this_is(TextEncoder), this_is(TextDecoder)


def _encode(this: object, text: object = None) -> Uint8Array:
    _encoder(this)
    return Uint8Array(utf8("" if text is None else model.to_string(text)))


def _encode_into(this: object, source: object, destination: object) -> Object:
    _encoder(this)
    text = to_well_formed(model.to_string(source))
    target = typed(destination)
    if not isinstance(target, Uint8Array):
        raise TypeError(f"The destination must be a Uint8Array, not {model.describe(destination)}")
    room = len(target)
    data = text[:room].encode()[: room + 1]  # one more tells whether a character is cut
    if len(data) > room:
        end = room
        while end and data[end] & 0xC0 == 0x80:
            end -= 1
        data = data[:end]
    target.put(0, data)
    return Object(read=len(data.decode().encode("utf-16-le")) // 2, written=len(data))


def _new_decoder(label: object = None, options: object = None) -> TextDecoder:
    text = "utf-8" if label is None else model.to_string(label)
    option = dictionary(options, "options")
    fatal, ignore = model.truthy(option("fatal")), model.truthy(option("ignoreBOM"))
    return TextDecoder(text, fatal=fatal, ignore_bom=ignore)


def _decode(this: object, data: object = None, options: object = None) -> str:
    decoder = _decoder(this)
    if data is not None:
        data = bytes_of(data)
    text: str = decoder.decode(data or b"", stream=model.truthy(dictionary(options, "options")("stream")))
    return text


def _encoding(this: object) -> str:
    _encoder(this)
    return "utf-8"


_ATTRIBUTES: Mapping[str, Callable[[Any], Any]] = {
    "encoding": attribute(TextDecoder, "encoding"),
    "fatal": attribute(TextDecoder, "fatal"),
    "ignoreBOM": attribute(TextDecoder, "ignore_bom"),
}

CLASSES: Mapping[str, Any] = MappingProxyType(
    {
        "TextDecoder": Class(
            "TextDecoder", construct=_new_decoder, prototype={"decode": (_decode, 0)}, getters=_ATTRIBUTES, tag="TextDecoder"
        ),
        "TextEncoder": Class(
            "TextEncoder",
            construct=TextEncoder,
            prototype={"encode": (_encode, 0), "encodeInto": _encode_into},
            getters={"encoding": _encoding},
            tag="TextEncoder",
        ),
    }
)
