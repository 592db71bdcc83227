import threading
import time

import pytest

from weaklabel.errors import JournalError, ServerError
from weaklabel.review.serving.waking import Waker


def test_it_wakes_once_at_the_start(calls):
    wake = calls()

    with Waker(wake, interval=60):
        assert wake.wait(1)
        assert not wake.wait(2, seconds=0.5)


def test_a_burst_of_events_wakes_once_and_within_a_second(calls):
    wake = calls()

    with Waker(wake, interval=60) as waker:
        wake.wait(1)
        told = time.monotonic()
        for _ in range(100):
            waker.nudge()
        assert wake.wait(2)
        assert not wake.wait(3, seconds=0.6)

    assert wake.times[1] - told < 1


def test_an_event_during_a_call_wakes_again_after_it(calls):
    begun, go_on = threading.Event(), threading.Event()
    wake = calls(during=lambda: (begun.set(), go_on.wait(5)))

    with Waker(wake, interval=60) as waker:
        begun.wait(5)
        waker.nudge()
        assert not wake.wait(2, seconds=0.4)
        go_on.set()
        assert wake.wait(2)


def test_it_never_calls_twice_at_once(calls):
    inside, worst, lock = [0], [0], threading.Lock()

    def during():
        with lock:
            inside[0] += 1
            worst[0] = max(worst[0], inside[0])
        time.sleep(0.05)
        with lock:
            inside[0] -= 1

    wake = calls(during)
    with Waker(wake, interval=0.01) as waker:
        threads = [threading.Thread(target=lambda: [waker.nudge() for _ in range(50)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert wake.wait(5)

    assert worst == [1]


def test_it_wakes_now_and_then_without_being_told(calls):
    wake = calls()

    with Waker(wake, interval=0.2):
        assert wake.wait(4)

    assert wake.times[3] - wake.times[0] >= 0.6


@pytest.mark.parametrize("error", [JournalError("another process is writing to journal.sqlite"), ZeroDivisionError()])
def test_an_error_is_logged_and_the_call_tried_again(error, caplog, calls):
    def fail_once():
        if len(wake) == 1:
            raise error

    wake = calls(fail_once)
    with Waker(wake, interval=0.2):
        assert wake.wait(3)

    assert caplog.text.count("woken in vain") == 1


def test_a_failure_is_tried_again_soon_although_the_interval_is_long(calls):
    def fail_once():
        if len(wake) == 1:
            raise JournalError("another process is writing to journal.sqlite")

    wake = calls(fail_once)
    with Waker(wake, interval=3600):
        assert wake.wait(2)

    assert 1.9 < wake.times[1] - wake.times[0] < 4


def test_stopping_waits_for_the_call_in_hand(calls):
    ended = []
    wake = calls(during=lambda: (time.sleep(0.3), ended.append(1)))

    with Waker(wake, interval=60):
        wake.wait(1)

    assert ended == [1]


@pytest.mark.parametrize("interval", [0, -1, float("nan")])
def test_an_interval_that_is_not_positive_is_refused(interval, calls):
    with pytest.raises(ServerError, match="the interval is"):
        Waker(calls(), interval)
