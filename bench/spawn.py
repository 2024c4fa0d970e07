"""What a fresh process costs: CPU, wall time, peak memory.

The peak that the kernel tells of a process is never less than that of the process which it was forked from. So this file, run by
itself as a small one, starts what is measured: ``python -I -S spawn.py WORD …``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time


def spawned(*command: str, **environment: str) -> dict[str, float]:
    """Values of one run, with byte code kept as an installed package has it. Raises when it fails."""
    outer = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    words = [sys.executable, "-I", "-S", __file__, *command]
    done = subprocess.run(words, env=outer | environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: " + " | ".join(done.stderr.strip().splitlines()[-3:]))
    values: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return values


def main() -> int:
    wall = time.perf_counter()
    process = os.posix_spawnp(sys.argv[1], sys.argv[1:], dict(os.environ), file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
    _, status, usage = os.wait4(process, 0)
    values = {"cpu": usage.ru_utime + usage.ru_stime, "wall": time.perf_counter() - wall, "rss_mib": usage.ru_maxrss / 1024}
    print(json.dumps(values))
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main())
