"""Places that are reserved beforehand: whoever gets one finds nothing of who had it before, and who gets none lives all the same."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch import GuestAborted, Limits
from bindgen_patch.emit.package import write
from bindgen_patch.runtime import capi, engine
from tests.run.kit import elsewhere

Load = Callable[..., Any]

pytestmark = pytest.mark.skipif(not capi.may_reserve(1, engine.WIDE), reason="no address space to reserve")


@pytest.fixture
def make(load: Load, mode: str) -> Callable[[], Any]:
    """Makes Instances on an engine that no other test uses: guests of theirs may have taken all places of the usual one."""
    return partial(load("recovery", mode).Instance, limits=Limits(stack_bytes=500_000))


@pytest.fixture
def free(make: Callable[[], Any]) -> Iterator[list[None]]:
    with make() as i:
        i.add(1, 2)
        free = i._bp_door.guest.loaded.engine.free
    assert len(free) == engine.PLACES
    yield free
    assert len(free) == engine.PLACES


@pytest.fixture
def crowded(free: list[None]) -> Iterator[None]:
    """All places are taken."""
    taken = free.copy()
    free.clear()
    yield
    free.extend(taken)


def memory_of(instance: Any) -> Any:
    instance.add(1, 2)
    return instance._bp_door.guest._view


@pytest.mark.parametrize("end", ["reinit", "death", "close"])
def test_nothing_is_left_of_who_had_it_before(make: Callable[[], Any], free: list[None], end: str) -> None:
    with make() as first:
        fresh = bytes(memory_of(first))
    with make() as second:
        for _ in range(3):
            view = memory_of(second)
            guest = second._bp_door.guest
            assert bytes(view) == fresh
            guest.call_malloc(3 << 20, 1)  # memory grows
            guest.read(0, len(fresh) + 1)
            grown = guest._view
            assert len(grown) > len(fresh)
            grown[:] = b"\xa5" * len(grown)
            if end == "death":
                second.terminate()
            second.schedule_reinit()
            if end == "close":
                second.close()
                second = make()
        second.close()


def test_a_place_is_given_back(make: Callable[[], Any], free: list[None]) -> None:
    before = len(free)
    i = make()
    i.add(1, 2)
    assert len(free) == before - 1
    i.schedule_reinit()
    i.add(1, 2)
    assert len(free) == before - 1
    with pytest.raises(GuestAborted):
        i.abort()
    assert len(free) == before


@pytest.mark.usefixtures("crowded")
def test_who_gets_none_lives_all_the_same(make: Callable[[], Any]) -> None:
    i = make()
    for _ in range(3):
        assert i.add(1, 2) == 3
        assert i._bp_door.guest.loaded.engine.free is None
        with pytest.raises(GuestAborted):
            i.abort()
        i.schedule_reinit()
    with i.deadline(0.05), pytest.raises(GuestAborted) as caught:
        i.spin()
    assert caught.value.kind == "deadline"


def test_a_fresh_instance_moves_to_where_there_is_room(make: Callable[[], Any], free: list[None]) -> None:
    taken = free.copy()
    free.clear()
    i = make()
    i.add(1, 2)
    free.extend(taken)
    i.schedule_reinit()
    assert i.add(1, 2) == 3
    assert i._bp_door.guest.loaded.engine.free is free
    i.close()


@pytest.mark.skipif(sys.platform != "linux", reason="Linux holds processes to RLIMIT_AS")
def test_without_address_space_none_is_reserved(generated: Load, tmp_path: Path, mode: str) -> None:
    write(generated("recovery", mode).files, tmp_path / "bindings")
    words = """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (200 << 30, 200 << 30))
        import bindings
        i = bindings.Instance(on_abort="reinit")
        for _ in range(3):
            assert i.add(1, 2) == 3
            try:
                i.abort()
            except Exception as error:
                print(type(error).__name__, i._bp_door.instance_id)
    """
    assert elsewhere(words, folder=tmp_path).split() == ["GuestAborted", "0", "GuestAborted", "1", "GuestAborted", "2"]
