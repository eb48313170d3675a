"""What this process counts, in the form that Prometheus reads.

Counts and times only, by chat, command and state: nothing of any team, channel or paper.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from storage.deliveries import Outcome
from storage.model import Paper, State
from storage.papers import Papers
from storage.search import Meaning, Query, Results, Search

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
LATE = timedelta(minutes=1)
"""A header posted later than this after its due instant counts as late."""
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class TimedSearch(Search):
    """A search that notes how long it takes."""

    def __init__(self, folder: Path, papers: Papers, meaning: Meaning, timer: Histogram) -> None:
        super().__init__(folder, papers, meaning)
        self._timer = timer

    def find(self, query: Query, limit: int, offset: int = 0) -> Results:
        with self._timer.time():
            return super().find(query, limit, offset)

    def like(self, base: Paper | str, query: Query, limit: int, offset: int = 0) -> Results:
        with self._timer.time():
            return super().like(base, query, limit, offset)


class Metrics:
    """Counters since the start of the process, and gauges that are set when they are read."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.planned = self._counter("planned", "Editions planned")
        self.sent = self._counter("sent", "Messages posted", "chat")
        self.retried = self._counter("retried", "Attempts that will be made again", "chat")
        self.looked_up = self._counter("looked_up", "Look-ups of messages that may stand", "chat")
        self.found = self._counter("found", "Look-ups that found the message", "chat")
        self.unknown = self._counter("unknown", "Messages that nobody can look up", "chat")
        self.failed = self._counter("failed", "Messages that surely will not be posted", "chat")
        self.expired = self._counter("expired", "Messages given up as too late")
        self.late = self._counter("late", "Headers posted over a minute after their time", "chat")
        self.deliveries = Gauge(
            "paperbot_deliveries",
            "Messages in the database that are not posted, by state",
            ["state"],
            registry=self._registry,
        )
        self.command = self._seconds("command", "Running a command", "command")
        self.search = self._seconds("search", "Finding papers in the index")

    def _counter(self, name: str, help: str, *labels: str) -> Counter:
        return Counter(f"paperbot_{name}", help, labels, registry=self._registry)

    def _seconds(self, name: str, help: str, *labels: str) -> Histogram:
        return Histogram(
            f"paperbot_{name}_seconds", help, labels, registry=self._registry, buckets=_SECONDS
        )

    def recorded(self, outcome: Outcome, now: datetime) -> None:
        """Count what became of one message."""
        delivery, chat = outcome.delivery, outcome.delivery.target.chat
        if outcome.state == "expired":
            self.expired.inc()
            return
        by_state: dict[State, Counter] = {
            "sent": self.sent,
            "pending": self.retried,
            "sending": self.retried,
            "unknown": self.unknown,
            "failed": self.failed,
        }
        by_state[outcome.state].labels(chat).inc()
        if outcome.state == "sent" and delivery.part == 0 and now - delivery.due_at > LATE:
            self.late.labels(chat).inc()

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
