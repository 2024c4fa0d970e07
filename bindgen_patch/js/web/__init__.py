"""A little of the web: what crates for browsers find here. Timers and ``fetch`` of an instance begin in its realm (``js/realm.py``)."""
