"""Many instances in one process: what each costs, and that none is forgotten."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bindgen_patch import GuestAborted
from bindgen_patch.emit.package import write
from bindgen_patch.runtime import capi
from tests.run.kit import elsewhere

Load = Callable[..., Any]

LIVE = """
    import bindings

    def now():
        status = open("/proc/self/status").read()
        kib = {key: int(status.split(key + ":")[1].split()[0]) for key in ("VmSize", "VmRSS")}
        return kib["VmRSS"], kib["VmSize"] / 2**20, sum(1 for _ in open("/proc/self/maps"))

    def make():
        i = bindings.Instance()
        assert i.add(1, 2) == 3
        return i

    first = make()
    before = now()
    kept = [make() for _ in range(1000)]
    print(*((b - a) / 1000 for a, b in zip(before, now())))
"""


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="reads /proc")
def test_what_an_instance_costs(generated: Load, tmp_path: Path, mode: str) -> None:
    """Of the 47 bits of addresses and 65,530 mappings that a process of Linux's has, so much that there is room for ten thousand."""
    write(generated("recovery", mode).files, tmp_path / "bindings")
    resident_kib, address_gib, mappings = map(float, elsewhere(LIVE, folder=tmp_path).split())
    assert resident_kib < 64
    assert address_gib < 128 * 1024 / 10_000
    assert mappings < 65_530 / 10_000


def test_every_store_is_given_back(load: Load, mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    live: set[int] = set()
    made = 0
    new, delete = capi.store_new, capi.store_delete

    def counting_new(*args: Any) -> int:
        nonlocal made
        made += 1
        store: int = new(*args)
        assert store not in live
        live.add(store)
        return store

    def counting_delete(store: int) -> None:
        live.remove(store)
        delete(store)

    monkeypatch.setattr(capi, "store_new", counting_new)
    monkeypatch.setattr(capi, "store_delete", counting_delete)
    module = load("recovery", mode)
    i = module.instance
    for _ in range(1000):
        assert i.add(1, 2) == 3
        i.schedule_reinit()
    for _ in range(100):
        with pytest.raises(GuestAborted):
            i.abort()
        assert not live, "the dead one was given back before the next was asked for"
        i.schedule_reinit()
        assert i.add(1, 2) == 3
    assert made == 1101
    assert len(live) == 1
    i.close()
    assert not live


def test_the_companion_is_asked_by_name_for_what_the_guest_imports_and_no_more(load: Load, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a fresh instance costs grows with what the guest imports, and not with what it exports."""
    looked_up: list[Any] = []
    get = capi.export_get

    def looking(context: Any, instance: Any, name: Any, *rest: Any) -> bool:
        looked_up.append(name)
        found: bool = get(context, instance, name, *rest)
        return found

    monkeypatch.setattr(capi, "Maker", capi._Maker)  # the accelerator's finds the same names, and asks the library itself
    module = load("recovery", "unwind")
    module.add(1, 2)
    monkeypatch.setattr(capi, "export_get", looking)
    module.instance.schedule_reinit()
    module.add(1, 2)
    (links,) = module.instance._bp_door.guest.loaded.make.links
    assert len(links.wanted) < len(looked_up) <= len(links.wanted) + len(module._bp_program.start) + 6
    assert len(looked_up) < len(module._bp_program.exports) / 2
