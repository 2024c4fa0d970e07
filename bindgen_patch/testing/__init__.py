"""``bindgen-patch test``: suites of ``wasm-bindgen-test``, run on this host.

``choice`` picks the tests, ``host`` is what ``wasm-bindgen-test`` asks of whoever runs it, ``run`` runs one test after the other and
replaces an instance that one has killed, ``show`` prints. The bindings of the suite are generated as ``gen`` does it, its tests among
them, so a test is called as everything else is: through the guard.
"""
