"""A bounded, thread-safe least-recently-used (LRU) cache."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """Keeps the ``size`` most recently used entries; safe between threads.

    ``functools.lru_cache`` has neither ``put`` nor a cache per instance.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key, compute: Callable[[Key], Value]) -> Value:
        """The cached value, or ``compute(key)``, which is then cached.

        Two threads may compute one key at once. What ``compute`` raises is not cached.
        """
        with self._lock:
            if key in self._entries:
                self._entries.move_to_end(key)
                return self._entries[key]
        value = compute(key)
        self.put(key, value)
        return value

    def put(self, key: Key, value: Value) -> None:
        """Cache the value; the least recently used entry goes when the cache is full."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            while len(self._entries) > self._size:
                self._entries.popitem(last=False)
