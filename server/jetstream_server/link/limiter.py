"""Rate limits: a token bucket that is told the time, and a thread-safe limiter over several of them."""

import threading
from collections.abc import Callable, Sequence
from typing import Final

BYTES_PER_KBIT: Final = 125
BURST_SECONDS: Final = 0.05
SMALLEST_BURST: Final = 16 * 1024


class Bucket:
    """A token bucket. Pure: *now* is seconds on any steady clock. Rates are kbit/s, ``None`` is no limit."""

    def __init__(self, rate: int | None, now: float) -> None:
        self._rate = rate
        self._level = 0.0
        self._time = now
        self.taken = 0
        """Bytes that were taken out, in all."""

    @property
    def rate(self) -> int | None:
        """The limit in kbit/s."""
        return self._rate

    def set_rate(self, rate: int | None, now: float) -> None:
        """Change the limit; what was saved up under the old one is forgotten."""
        self._rate = rate
        self._level = min(self._level, 0.0) if rate else 0.0
        self._time = now

    def take(self, count: int, now: float) -> float:
        """Take *count* bytes out and return for how many seconds the taker has to wait before using them."""
        self.taken += count
        if not self._rate:
            return 0.0
        speed = self._rate * BYTES_PER_KBIT
        burst = max(speed * BURST_SECONDS, SMALLEST_BURST)
        self._level = min(burst, self._level + (now - self._time) * speed) - count
        self._time = now
        return max(0.0, -self._level / speed)


class Limiter:
    """One or more buckets that apply at once, usable from many threads; a change takes effect at once."""

    def __init__(self, buckets: Sequence[Bucket], clock: Callable[[], float]) -> None:
        self._buckets = list(buckets)
        self._clock = clock
        self._changed = threading.Condition()
        self._closed = False

    @property
    def active(self) -> bool:
        """Whether any limit is set."""
        return any(bucket.rate for bucket in self._buckets)

    @property
    def lowest(self) -> int | None:
        """The lowest limit that is set, kbit/s."""
        return min((bucket.rate for bucket in self._buckets if bucket.rate), default=None)

    def slice_bytes(self, wanted: int) -> int:
        """How much to move at once so that a slow limit still flows smoothly."""
        rates = [bucket.rate for bucket in self._buckets if bucket.rate]
        return min(wanted, max(1024, min(rates) * BYTES_PER_KBIT // 20)) if rates else wanted

    def reserve(self, count: int) -> float:
        """Take *count* bytes and return for how many seconds nothing more should move; never waits."""
        with self._changed:
            return max((bucket.take(count, self._clock()) for bucket in self._buckets), default=0.0)

    def wait(self, count: int) -> None:
        """Return when *count* bytes may move."""
        if not self.active:
            for bucket in self._buckets:
                bucket.taken += count
            return
        with self._changed:
            pause = max(bucket.take(count, self._clock()) for bucket in self._buckets)
            deadline = self._clock() + pause
            while not self._closed and self.active and (left := deadline - self._clock()) > 0:
                if self._changed.wait(left):
                    return  # the limit changed: let this slice go and follow the new limit from the next one on

    def wake(self) -> None:
        """Tell waiting threads that a bucket's rate has changed."""
        with self._changed:
            self._changed.notify_all()

    def close(self) -> None:
        """Let every waiting thread go for good."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
