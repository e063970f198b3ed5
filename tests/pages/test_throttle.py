"""A network that asks too much is told to wait, and takes nothing from others."""

from threading import Thread

import pytest
from django.test import RequestFactory

from pages import throttle
from pages.throttle import Buckets

pytestmark = pytest.mark.once


class Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_so_many_a_minute_are_answered_and_the_next_is_told_how_long_to_wait() -> None:
    watch = Watch()
    buckets = Buckets(clock=watch)
    assert [buckets.take("feed", "a", per_minute=20) for _ in range(20)] == [0] * 20
    assert buckets.take("feed", "a", per_minute=20) == 3
    watch.now += 2
    assert buckets.take("feed", "a", per_minute=20) == 1
    watch.now += 1
    assert buckets.take("feed", "a", per_minute=20) == 0
    assert buckets.take("feed", "a", per_minute=20) == 3


def test_whoever_waits_as_told_is_answered() -> None:
    watch = Watch()
    buckets = Buckets(clock=watch)
    for per_minute in (1, 7, 60, 600):
        while not (wait := buckets.take("feed", str(per_minute), per_minute=per_minute)):
            pass
        watch.now += wait
        assert buckets.take("feed", str(per_minute), per_minute=per_minute) == 0


def test_a_long_rest_gives_no_more_than_a_minute_does() -> None:
    watch = Watch()
    buckets = Buckets(clock=watch)
    buckets.take("feed", "a", per_minute=5)
    watch.now += 86_400
    assert [buckets.take("feed", "a", per_minute=5) for _ in range(6)] == [0, 0, 0, 0, 0, 12]


def test_networks_and_things_asked_for_are_counted_apart() -> None:
    buckets = Buckets(clock=Watch())
    assert buckets.take("feed", "a", per_minute=1) == 0
    assert buckets.take("feed", "a", per_minute=1) == 60
    assert buckets.take("feed", "b", per_minute=1) == 0
    assert buckets.take("list", "a", per_minute=1) == 0


def test_however_many_networks_ask_memory_has_an_end() -> None:
    buckets = Buckets(clock=Watch(), most=100)
    for number in range(1000):
        buckets.take("feed", str(number), per_minute=1)
    assert len(buckets) == 100
    assert buckets.take("feed", "999", per_minute=1) == 60, "those that asked last are remembered"


def test_threads_together_get_no_more_than_one() -> None:
    buckets = Buckets(clock=Watch())
    answers: list[int] = []

    def ask() -> None:
        answers.extend(buckets.take("feed", "a", per_minute=500) for _ in range(200))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers.count(0) == 500


def test_neighbours_share_a_bucket_and_no_address_is_kept(rf: RequestFactory) -> None:
    throttle.buckets.clear()
    addresses = ["192.0.2.1", "192.0.2.254", "198.51.100.1", "2001:db8:1:2::3", "2001:db8:1:ffff::", "::ffff:192.0.2.9"]
    asked = [throttle.spare(rf.get("/", REMOTE_ADDR=address), "test", per_minute=1) for address in addresses]
    assert [bool(wait) for wait in asked] == [False, True, False, False, True, True]
    assert "192.0.2" not in repr(vars(throttle.buckets))
