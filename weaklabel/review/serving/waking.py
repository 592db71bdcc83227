"""Wake somebody up: soon when told, now and then without being told, never twice at once."""

import logging
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

from weaklabel.errors import ServerError, WeaklabelError, first_line

SETTLE = 0.2  # seconds in which a burst of events counts as one
SOON = 2.0  # seconds to the second try after a failure; twice as long each time, up to the interval
LAST = 30.0  # seconds that a call in hand may take when it is all to stop
log = logging.getLogger(__name__)


class Waker:
    """Calls `wake()` in one thread of its own, as a context manager.

    Once at the start, because nobody knows what happened before; soon after each `nudge()`, bursts counting as one;
    and whenever `interval` seconds passed. An error of `wake` is logged, and it is tried again: first after 2 s, then
    ever later, up to the interval.

    Parameters
    ----------
    wake
        What is called; never before its last call has ended.
    interval
        Seconds, positive.

    Raises
    ------
    ServerError
        The interval is not positive.
    """

    def __init__(self, wake: Callable[[], object], interval: float = 30.0) -> None:
        if not interval > 0:
            raise ServerError(f"the interval is {interval} s; it must be above 0")
        self._wake = wake
        self._interval = interval
        self._nudged = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="weaklabel-waker", daemon=True)

    def nudge(self) -> None:
        """Something may have happened."""
        self._nudged.set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stopped.set()
        self._nudged.set()
        self._thread.join(LAST)

    def _run(self) -> None:
        failures = 0
        while not self._stopped.is_set():
            # Cleared before the call: what happens during it is worth another.
            self._nudged.clear()
            failures = 0 if self._called() else failures + 1
            wait = min(self._interval, SOON * 2 ** min(failures - 1, 30)) if failures else self._interval
            if self._nudged.wait(wait):
                self._stopped.wait(SETTLE)

    def _called(self) -> bool:
        try:
            self._wake()
        except WeaklabelError as error:  # a journal in use, a server that is down
            log.warning("woken in vain, trying again: %s", first_line(error))
        except Exception:  # whatever it is, the next event is to be heard
            log.exception("woken in vain, trying again")
        else:
            return True
        return False
