"""Many live instances in one process: memory and address space of each, and what a call and a fresh instance cost among them.

    python -m bench.live FOLDER_OF_BINDINGS 10000

prints them as one object of JSON. Counts go up in steps of ten; where the machine gives out, what was reached is told.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys
import time
from itertools import cycle, islice
from typing import Any

import psutil  # type: ignore[import-untyped]


def sizes() -> tuple[int, int]:
    """Resident, and address space, in bytes."""
    memory = psutil.Process().memory_info()
    return memory.rss, memory.vms


def per_call(instances: list[Any], calls: int = 20_000) -> float:
    """CPU seconds of a call, round robin over all instances."""
    functions = [instance.add for instance in instances]
    for function in functions:
        function(2, 3)
    began = time.process_time()
    for function in islice(cycle(functions), calls):
        function(2, 3)
    return (time.process_time() - began) / calls


def per_reinit(instance: Any, times: int = 50) -> float:
    """CPU seconds until a fresh instance has answered."""
    began = time.process_time()
    for _ in range(times):
        instance.schedule_reinit()
        instance.add(2, 3)
    return (time.process_time() - began) / times


def bounded(bindings: Any, count: int = 1000) -> float:
    """Address space of an instance for whose memory 2 MiB are set aside, in MiB. The guest has a little more than one."""
    from bindgen_patch import Limits

    limits = Limits(reserve_bytes=2 << 20)
    first = bindings.Instance(limits=limits)
    first.add(2, 3)
    before = sizes()[1]
    instances = [bindings.Instance(limits=limits) for _ in range(count)]
    for instance in instances:
        instance.add(2, 3)
    return (sizes()[1] - before) / count / 2**20


def main(folder: str, wanted: int) -> dict[str, float]:
    sys.path.insert(0, folder)
    bindings = importlib.import_module("bindgen_guarded")
    first = bindings.Instance()
    for _ in range(3):
        first.schedule_reinit()
        first.add(2, 3)
    first.greet("Ada")
    gc.collect()
    instances, values = [first], {}
    rss, space = sizes()
    step = 1
    try:
        while True:
            values[f"call_at_{step}"], values[f"reinit_at_{step}"] = per_call(instances), per_reinit(instances[-1])
            if step >= wanted:
                break
            step = min(step * 10, wanted)
            while len(instances) < step:
                fresh = bindings.Instance()
                fresh.add(2, 3)
                instances.append(fresh)
    except Exception as error:
        print(f"instance {len(instances) + 1}: {type(error).__name__}: {error}", file=sys.stderr)
    more = max(1, len(instances) - 1)
    now = sizes()
    values |= {"instances": len(instances), "kib": (now[0] - rss) / more / 1024, "space_gib": (now[1] - space) / more / 2**30}
    return values | {"bounded_mib": bounded(bindings)}


if __name__ == "__main__":
    found = main(sys.argv[1], int(sys.argv[2]))
    # Giving back thousands of instances one by one is not what is measured.
    print(json.dumps(found), flush=True)
    os._exit(0)
