"""Documents by their values: the one form that is the same for all texts that say the same.

Keys are sorted, white space removed, numbers exact decimals: 1.10, 1.1 and 11e-1 are one, and no digit is lost. Of
a key that stands twice in an object the last counts, as Elasticsearch itself has it.
"""

from __future__ import annotations

import decimal
import json
from typing import Final

import msgspec

_LONGEST_WHOLE: Final = 5_000  # digits of a whole number that is written out; 1e999999 must not fill the memory


def by_value(source: bytes) -> bytes:
    """The form of a document's JSON that is the same for all with the same values; what is no JSON is left as it is."""
    try:
        return _encoder.encode(_decoder.decode(source))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _patiently(source)


def exact_number(text: str) -> str:
    """The one way to write a decimal number that JSON can write in many: 1e3 is 1000, 1.10 is 1.1."""
    context = decimal.Context(prec=len(text) + 1, Emax=decimal.MAX_EMAX, Emin=decimal.MIN_EMIN)
    try:
        value = decimal.Decimal(text, context).normalize(context)
    except decimal.DecimalException:
        return text.lower()
    is_whole = value == value.to_integral_value(context=context)
    return f"{value:f}" if is_whole and value.adjusted() < _LONGEST_WHOLE else str(value)


def _hook(text: str) -> msgspec.Raw:
    return msgspec.Raw(exact_number(text).encode())


_decoder: Final = msgspec.json.Decoder(float_hook=_hook)
_encoder: Final = msgspec.json.Encoder(order="sorted")


class _Number(str):
    """A number as it is to be written."""

    __slots__ = ()


def _patiently(source: bytes) -> bytes:
    """The same for what msgspec does not read and Elasticsearch keeps: lone surrogates, great depth."""
    try:
        text = source.decode("utf-8", "surrogatepass")
        value = json.loads(text, parse_float=lambda one: _Number(exact_number(one)), parse_int=_Number, strict=False)
        return _written(value).encode("utf-8", "surrogatepass")
    except (ValueError, RecursionError):
        return source


def _written(value: object) -> str:
    if isinstance(value, _Number):
        return value
    if isinstance(value, dict):
        return "{" + ",".join(f"{_written(key)}:{_written(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)
