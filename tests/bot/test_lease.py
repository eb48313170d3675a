from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from adapters.base import DeliveryError
from bot import connections, lease
from bot.connections import Connections
from bot.lease import LENGTH, RENEW_EVERY, Lease
from bot.owner import Owner
from storage.store import Store
from tests.factories import NOON
from tests.fakes.chat import FakeChat

SECONDS = LENGTH.total_seconds()


class Clock:
    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds

    def now(self) -> Any:
        return NOON + timedelta(seconds=self.seconds)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    monkeypatch.setattr(lease, "RENEW_EVERY", 0.01)
    monkeypatch.setattr(connections, "_REST", 5.0)
    return Clock()


async def nothing() -> None:
    pass


async def until(true: Any) -> None:
    async with asyncio.timeout(20):
        while not true():  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0.01)


def make(store: Store, clock: Clock, name: str, predecessor: str | None = None) -> Lease:
    return Lease(store.leases, "job", Owner(name, predecessor), clock.now, clock)


def test_it_moves_within_ten_seconds() -> None:
    assert SECONDS + RENEW_EVERY < 10


async def test_one_holds_it_and_the_other_takes_over_when_it_leaves(
    store: Store, clock: Clock
) -> None:
    one, other = make(store, clock, "one"), make(store, clock, "other")
    await one.start(nothing)
    await other.start(nothing)
    assert (one.epoch, other.epoch) == (1, None)
    clock.seconds = SECONDS * 10  # time passes while it renews
    await until(lambda: one.held() or other.held())
    await (one if one.held() else other).stop()
    await until(lambda: one.held() != other.held())
    for each in (one, other):
        await each.stop()


async def test_after_a_freeze_the_holder_knows_at_once_that_its_term_is_over(
    store: Store, clock: Clock
) -> None:
    one, other = make(store, clock, "one"), make(store, clock, "other")
    await one.start(nothing)
    clock.seconds = SECONDS  # nothing of it ran in between
    assert not one.held()
    await other.start(nothing)
    assert other.epoch == 2
    await one.stop()
    assert other.held()
    await other.stop()


async def test_a_dead_predecessor_is_not_waited_for(store: Store, clock: Clock) -> None:
    dead, heir = make(store, clock, "dead"), make(store, clock, "heir", predecessor="dead")
    stranger = make(store, clock, "stranger", predecessor="somebody else")
    await dead.start(nothing)
    await stranger.start(nothing)
    await heir.start(nothing)
    assert (stranger.epoch, heir.epoch) == (None, 2)
    await dead.stop()
    assert heir.held()
    for each in (stranger, heir):
        await each.stop()


async def test_a_database_that_fails_keeps_nobody_in_office(
    store: Store, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = []

    async def changed() -> None:
        changes.append(one.epoch)
        raise RuntimeError("this must not end the renewing")

    one = make(store, clock, "one")
    await one.start(changed)
    with monkeypatch.context() as broken:
        broken.setattr(store.leases, "_db", None)
        await asyncio.sleep(0.05)
        assert one.held()
        clock.seconds = SECONDS
        await until(lambda: changes == [None])
    await until(lambda: changes == [None, 1])  # nobody else came: it is the same term
    await one.stop()


@asynccontextmanager
async def connected(store: Store, clock: Clock, owner: str) -> AsyncIterator[Connections]:
    chat = FakeChat()
    made = Connections({"fake": chat}, {"fake": make(store, clock, owner)})
    try:
        await made.start((), lambda call: None)  # type: ignore[arg-type, return-value]
        yield made
    finally:
        await made.stop()


async def test_a_chat_with_a_lease_is_connected_in_one_process(store: Store, clock: Clock) -> None:
    async with connected(store, clock, "one") as one, connected(store, clock, "other") as other:
        assert (list(one.online), list(other.online)) == (["fake"], [])
        await one.stop()
        assert not one.online
        await until(lambda: other.online)


class Broken(FakeChat):
    async def start(self, *_: Any) -> None:
        raise DeliveryError("the network is down here")


async def test_who_cannot_connect_leaves_it_to_others(store: Store, clock: Clock) -> None:
    async with connected(store, clock, "one") as one:
        waiting = Connections({"fake": Broken()}, {"fake": make(store, clock, "other")})
        await waiting.start((), lambda call: None)  # type: ignore[arg-type, return-value]
        async with connected(store, clock, "third") as third:
            await one.stop()
            for _ in range(5):
                clock.seconds += 1  # whoever rests comes back
                await asyncio.sleep(0.02)
            await until(lambda: third.online)
        await waiting.stop()
    with pytest.raises(DeliveryError, match="network"):  # at the start it is told
        await Connections({"fake": Broken()}, {"fake": make(store, clock, "last")}).start(
            (),
            lambda call: None,  # type: ignore[arg-type, return-value]
        )


async def test_who_rests_waits_for_nobody_until_another_has_it(store: Store, clock: Clock) -> None:
    failing = Connections({"fake": Broken()}, {"fake": make(store, clock, "failing")})
    await failing.start((), lambda call: None, patient=True)  # type: ignore[arg-type, return-value]
    assert not failing.waits("fake")
    async with connected(store, clock, "other") as other:
        assert list(other.online) == ["fake"]
        assert not other.waits("fake")
        clock.seconds = 5
        await until(lambda: failing.waits("fake"))
    await failing.stop()


async def test_a_chat_that_is_not_reached_at_the_start_is_tried_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "_REST", 0.01)
    fails = [DeliveryError("the network is down here")] * 3

    class Slow(FakeChat):
        async def start(self, *arguments: Any) -> None:
            if fails:
                raise fails.pop()
            await super().start(*arguments)

    made = Connections({"fake": Slow()}, {})
    await made.start((), lambda call: None, patient=True)  # type: ignore[arg-type, return-value]
    assert not made.online
    await until(lambda: made.online)
    await made.stop()
    fails.append(DeliveryError("the token is not taken", permanent=True))
    with pytest.raises(DeliveryError, match="token"):  # no patience mends that
        await made.start((), lambda call: None, patient=True)  # type: ignore[arg-type, return-value]
