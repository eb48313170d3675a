"""One handle on all that is kept: the database's tables and the search index."""

from __future__ import annotations

from dataclasses import dataclass

from storage.database import Database
from storage.deliveries import Deliveries
from storage.editions import Editions
from storage.leases import Leases
from storage.ledger import Ledger
from storage.lines import Lines
from storage.papers import Papers
from storage.recovery import Recovery
from storage.search import Search
from storage.subscriptions import Subscriptions


@dataclass(frozen=True, slots=True)
class Store:
    db: Database
    papers: Papers
    subscriptions: Subscriptions
    editions: Editions
    deliveries: Deliveries
    recovery: Recovery
    ledger: Ledger
    lines: Lines
    leases: Leases
    search: Search

    def close(self) -> None:
        """Let go of the files and connections."""
        self.search.close()
        self.db.close()
