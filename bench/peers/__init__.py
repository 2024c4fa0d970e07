"""Who is measured. Each module here is one peer with the same verbs; :mod:`bench.driver` says what it has to offer."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Peer:
    """How a peer is started: a module of this package, or a script for Node."""

    title: str
    module: str
    argument: str = ""
    environment: dict[str, str] = field(default_factory=dict)


_PURE = {"BINDGEN_PATCH_ACCELERATOR": "off"}
_ACCELERATED = {"BINDGEN_PATCH_ACCELERATOR": "on"}

PEERS: dict[str, Peer] = {
    "pure": Peer("ours, pure Python", "ours", "guarded", _PURE),
    "parts": Peer("pure Python, its parts", "ours", "parts", _PURE),
    "pure-plain": Peer("pure Python, guard off", "ours", "plain", _PURE),
    "accelerated": Peer("ours, accelerated", "ours", "guarded", _ACCELERATED),
    "accelerated-plain": Peer("accelerated, guard off", "ours", "plain", _ACCELERATED),
    "ctypes": Peer("bare ctypes call", "bare"),
    "core": Peer("wasmtime-py, core", "core"),
    "component": Peer("wasmtime-py, component", "component"),
    "extism": Peer("Extism", "extism_sdk"),
    "uniffi": Peer("UniFFI", "uniffi"),
    "pyo3": Peer("PyO3", "pyo3"),
    "node": Peer("upstream on Node", "node.mjs"),
    "upstream": Peer("upstream's command line", "upstream"),
    "python": Peer("Python alone", "python"),
}
