"""What a ``JsValue`` is in Python: JavaScript's values, errors and rules for host code to use."""

from .errors import Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError
from .primitives import BigInt, Symbol, null
from .promise import Promise
from .visibility import HostObject, expose

__all__ = [
    "BigInt",
    "Error",
    "EvalError",
    "HostObject",
    "Promise",
    "RangeError",
    "ReferenceError",
    "Symbol",
    "SyntaxError",
    "TypeError",
    "URIError",
    "expose",
    "null",
]
