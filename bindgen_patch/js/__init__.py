"""What a ``JsValue`` is in Python: JavaScript's values, errors and rules for host code to use."""

from .errors import Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError
from .model import HostObject, expose
from .primitives import BigInt, null

__all__ = [
    "BigInt",
    "Error",
    "EvalError",
    "HostObject",
    "RangeError",
    "ReferenceError",
    "SyntaxError",
    "TypeError",
    "URIError",
    "expose",
    "null",
]
