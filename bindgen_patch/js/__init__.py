"""What a ``JsValue`` is in Python: JavaScript's values, errors and rules for host code to use."""

from .errors import Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError
from .promise import Promise
from .primitives import BigInt, Symbol, null
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
