"""From the outbox to the chats: claim, look up, send, record."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from datetime import datetime, timedelta

import structlog

from adapters.base import Chat, DeliveryError
from bot.metrics import Metrics
from bot.telling import tell
from bot.threads import in_thread
from storage.deliveries import Outcome
from storage.model import Delivery, State, Subscription
from storage.store import Store

_log = structlog.get_logger(__name__)

TIMEOUT = timedelta(seconds=10)
"""Longest time that one send or look-up may take."""
LEASE = timedelta(seconds=60)
"""How long a claim holds: it must outlive the request by far, or a look-up races it."""
_AT_ONCE = 100
"""Most messages on their way; whoever waits for one does not hold up the others."""
_IN_A_TURN = 10
"""Most messages begun in one turn of the event loop: fifty would hold up an answer for 30 ms."""
_ASK_AGAIN = 1.0
"""Seconds until the outbox is asked again while requests hang."""
_SLOWEST_RETRY = timedelta(minutes=5)
_UNKNOWN = (
    "may or may not have been posted just now: the answer was lost, and I cannot look it up. "
    "So that nothing comes twice, I do not post it again. Please look there."
)
_STOPPED = "paperbot was stopped while it was on its way"


class Outbox:
    """Sends what is planned, each message once.

    A message whose answer was lost is looked up before it is sent again; where the chat cannot
    look, it becomes ``unknown`` and is not sent again.
    """

    def __init__(
        self,
        store: Store,
        chats: Mapping[str, Chat],
        pool: Executor,
        owner: str,
        now: Callable[[], datetime],
        metrics: Metrics | None = None,
    ) -> None:
        self._metrics = metrics or Metrics()
        self._deliveries = store.deliveries
        self._chats = chats
        self._pool = pool
        self._owner = owner
        self._now = now
        self._closed = False

    def close(self) -> None:
        """Claim nothing more; what is on the wire is still recorded."""
        self._closed = True

    async def drain(self) -> int:
        """Send until nothing is ready; returns how many messages were sent.

        Where it is cancelled, what is on the wire is handed back to be looked up by the next.
        """
        expired = await in_thread(self._pool, self._deliveries.expire, self._now())
        self._metrics.expired.inc(expired)
        tasks: dict[asyncio.Task[Outcome], Delivery] = {}
        sent = 0
        try:
            while True:
                if not self._closed and len(tasks) <= _AT_ONCE // 2:
                    claimed = await in_thread(self._pool, self._claim, _AT_ONCE - len(tasks))
                    tasks |= {
                        asyncio.create_task(self._deliver(one, number // _IN_A_TURN)): one
                        for number, one in enumerate(claimed)
                    }
                if not tasks:
                    return sent
                done, _ = await asyncio.wait(
                    tasks, timeout=_ASK_AGAIN, return_when=asyncio.FIRST_COMPLETED
                )
                if not done:
                    continue
                outcomes = [task.result() for task in done]
                sent += sum(outcome.state == "sent" for outcome in outcomes)
                await self._record(outcomes)
                for task in done:
                    del tasks[task]
        except asyncio.CancelledError:
            await self._hand_back(tasks)
            raise

    async def _hand_back(self, tasks: Mapping[asyncio.Task[Outcome], Delivery]) -> None:
        """Leave unfinished messages to another process, which looks them up first.

        Not at once: a request that was broken off may still arrive.
        """
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        again_at = self._now() + TIMEOUT
        await self._record(
            [
                Outcome(delivery=delivery, state="sending", error=_STOPPED, again_at=again_at)
                if task.cancelled()
                else task.result()
                for task, delivery in tasks.items()
            ]
        )

    async def _record(self, outcomes: Sequence[Outcome]) -> None:
        now = self._now()
        recorded = await in_thread(self._pool, self._deliveries.record, self._owner, outcomes, now)
        for outcome in outcomes:
            self._metrics.recorded(outcome, now)
        tellings = [
            self._tell(
                one, f"is paused: {one.paused} When that is mended, write `resume {one.id}`."
            )
            for one in recorded.paused
        ]
        tellings += [self._tell(one, _UNKNOWN) for one in recorded.unknown]
        await asyncio.gather(*tellings)

    async def _tell(self, one: Subscription, what: str) -> None:
        """Tell whoever made a subscription what became of it."""
        text = f"Subscription {one.id}, `{one.line}` in #{one.target.channel}, {what}"
        await tell(self._chats, one, text)

    def _claim(self, limit: int) -> list[Delivery]:
        paces = {name: chat.pace for name, chat in self._chats.items()}
        return self._deliveries.claim(self._owner, paces, self._now(), LEASE, limit)

    async def _deliver(self, delivery: Delivery, turns: int = 0) -> Outcome:
        for _ in range(turns):
            await asyncio.sleep(0)
        chat = self._chats.get(delivery.target.chat)
        if chat is None:  # another process has taken its connection over
            state: State = "sending" if delivery.uncertain else "pending"
            return Outcome(delivery=delivery, state=state, again_at=self._now())
        if delivery.uncertain:
            settled = await self._look_up(chat, delivery)
            if settled:
                return settled
        now = self._now()
        if now >= delivery.expires_at:
            return Outcome(delivery=delivery, state="expired", error="it came too late to post")
        if now >= delivery.lease_until - LEASE / 2:  # its request would race the next look-up
            return Outcome(delivery=delivery, state="pending", again_at=now)
        if delivery.part and delivery.parent_ref is None:
            return Outcome(delivery=delivery, state="failed", error="its thread has no header")
        return await self._send(chat, delivery)

    async def _look_up(self, chat: Chat, delivery: Delivery) -> Outcome | None:
        """What an earlier attempt came to; None where it surely posted nothing."""
        self._metrics.looked_up.labels(chat.name).inc()
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                ref = await chat.find(
                    delivery.target,
                    delivery.key,
                    delivery.parent_ref,
                    delivery.first_attempt_at - timedelta(seconds=5),
                )
        except Exception as error:
            if isinstance(error, DeliveryError) and error.permanent:
                _log.error("a message may or may not be posted", **_facts(delivery, error))
                return Outcome(delivery=delivery, state="unknown", error=str(error))
            _log.warning("look-up failed", **_facts(delivery, error))
            again_at = self._now() + _pause(delivery, error)
            return Outcome(
                delivery=delivery, state="sending", error=_words(error), again_at=again_at
            )
        if ref is None:
            return None
        self._metrics.found.labels(chat.name).inc()
        _log.info("found posted already", delivery=delivery.id, ref=ref)
        return Outcome(delivery=delivery, state="sent", ref=ref)

    async def _send(self, chat: Chat, delivery: Delivery) -> Outcome:
        try:
            async with asyncio.timeout(TIMEOUT.total_seconds()):
                ref = await chat.send(
                    delivery.target, delivery.payload, delivery.parent_ref, delivery.key
                )
        except DeliveryError as error:
            _log.warning("not posted", permanent=error.permanent, **_facts(delivery, error))
            if error.permanent:
                return Outcome(delivery=delivery, state="failed", error=str(error), pause=True)
            again_at = self._now() + _pause(delivery, error)
            return Outcome(delivery=delivery, state="pending", error=str(error), again_at=again_at)
        except Exception as error:
            _log.warning("the answer was lost", **_facts(delivery, error))
            return Outcome(
                delivery=delivery,
                state="sending",
                error=_words(error),
                again_at=delivery.lease_until,
            )
        return Outcome(delivery=delivery, state="sent", ref=ref)


def _pause(delivery: Delivery, error: Exception) -> timedelta:
    """How long to wait before the next attempt: as told, else doubling from two seconds."""
    if isinstance(error, DeliveryError) and error.retry_after is not None:
        return timedelta(seconds=error.retry_after)
    return min(timedelta(seconds=2 ** min(delivery.attempt, 10)), _SLOWEST_RETRY)


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _facts(delivery: Delivery, error: Exception) -> dict[str, object]:
    return {
        "delivery": delivery.id,
        "attempt": delivery.attempt,
        "chat": delivery.target.chat,
        "channel": delivery.target.channel,
        "error": _words(error),
    }
