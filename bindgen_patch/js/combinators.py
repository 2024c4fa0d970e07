"""``Promise.all`` and its kin (ECMA-262 27.2.4): promises of a realm that many others settle."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from . import model
from .errors import AggregateError
from .iterators import iterating
from .ordinary import Array, Object
from .promise import Promise, promised

if TYPE_CHECKING:
    from .realm import Realm

Settle = Callable[[Any], None]


def statics(realm: Realm) -> dict[str, Any]:
    """The functions of the ``Promise`` of one realm."""
    jobs = realm.jobs

    def gathering(
        fulfilled: Callable[[Promise[Any], Settle], Settle],
        rejected: Callable[[Promise[Any], Settle], Settle],
        finish: Callable[[Promise[Any], Array], None],
    ) -> Callable[..., Promise[Any]]:
        """A combinator that puts something in the place of each promise, until ``finish`` gets all of it."""

        def combine(_this: object, promises: object) -> Promise[Any]:
            result, places = Promise._make(jobs), Array()
            left = 1

            def done() -> None:
                nonlocal left
                left -= 1
                if not left:
                    finish(result, places)

            def place(index: int) -> Settle:
                def put(value: Any) -> None:
                    places[index] = value
                    done()

                return put

            try:
                with iterating(promises) as items:
                    for index, item in enumerate(items):
                        places.append(None)
                        left += 1
                        put = place(index)
                        promised(item, jobs)._then(fulfilled(result, put), rejected(result, put))
                done()
            except Exception as error:
                result._reject(error)
            return result

        return combine

    def race(_this: object, promises: object) -> Promise[Any]:
        result = Promise._make(jobs)
        try:
            with iterating(promises) as items:
                for item in items:
                    promised(item, jobs)._then(result._resolve, result._reject)
        except Exception as error:
            result._reject(error)
        return result

    def with_resolvers(_this: object) -> Object:
        promise = Promise._make(jobs)
        realm.keep(promise)
        resolve, reject = promise._functions()
        return Object(promise=promise, resolve=resolve, reject=reject)

    def attempt(_this: object, function: object, *args: object) -> Promise[Any]:
        try:
            return promised(model.apply(function, None, args), jobs)
        except Exception as error:
            result = Promise._make(jobs)
            result._reject(error)
            return result

    return {
        "all": (gathering(lambda _, put: put, lambda result, _: result._reject, lambda result, values: result._resolve(values)), 1),
        "allSettled": (
            gathering(_described("fulfilled", "value"), _described("rejected", "reason"), lambda result, all: result._resolve(all)),
            1,
        ),
        "any": (
            gathering(
                lambda result, _: result._resolve,
                lambda _, put: put,
                lambda result, reasons: result._reject(AggregateError(reasons, "All promises were rejected")),
            ),
            1,
        ),
        "race": (race, 1),
        "try": (attempt, 1),
        "withResolvers": (with_resolvers, 0),
    }


def _described(status: str, key: str) -> Callable[[Promise[Any], Settle], Settle]:
    return lambda _result, put: lambda value: put(Object({"status": status, key: value}))
