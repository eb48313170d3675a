"""The one place where concrete classes meet."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import SecretStr

from adapters.base import Chat, Source
from adapters.console import Console
from adapters.sources.sample import Sample
from bot.allowance import Allowance
from bot.connections import Connections
from bot.dispatch import Dispatch
from bot.ingest import Ingest
from bot.lease import Lease
from bot.metrics import Metrics, TimedSearch
from bot.outbox import Outbox
from bot.owner import Owner, settled
from bot.plan import Planner
from bot.readback import ReadBack
from bot.settings import Settings, SettingsError
from bot.threads import in_thread
from bot.turns import Turns
from bot.watch import Watch
from commands import COMMANDS
from storage.database import Database
from storage.deliveries import Deliveries
from storage.editions import Editions
from storage.leases import Leases
from storage.ledger import Ledger
from storage.lines import Lines
from storage.papers import Papers
from storage.recovery import Recovery
from storage.search import Meaning
from storage.store import Store
from storage.subscriptions import Subscriptions

if TYPE_CHECKING:
    from adapters.server import Server
    from adapters.sources.arxiv import Arxiv
    from adapters.sources.huggingface import HuggingFace

_SAMPLE_BANNER = (
    "Hugging Face was not reached yet. These are 80 well-known papers that come with paperbot; "
    "they make way for the first real list."
)
_SUGGESTIONS = 25
_ARXIV_GAP = timedelta(seconds=3)  # info.arxiv.org/help/api/tou.html
THREADS = 2
"""Commands and storage that run at once; more would only fight for the interpreter."""


def utc_now() -> datetime:
    return datetime.now(UTC)


def open_store(settings: Settings, metrics: Metrics | None = None) -> Store:
    """Open the database (bringing its tables up to date) and the index.

    Raises SettingsError and StorageError.
    """
    try:
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"The folder {settings.data_dir} cannot be made ({error.strerror}). Let this user make "
            "it, or name another one in PAPERBOT_DATA_DIR."
        ) from error
    db = Database(settings.url)
    db.upgrade()
    papers = Papers(db)
    folder = settings.data_dir
    meaning = Meaning(folder / "vectors", settings.search.embeddings)
    return Store(
        db=db,
        papers=papers,
        subscriptions=Subscriptions(db),
        editions=Editions(db),
        deliveries=Deliveries(db),
        recovery=Recovery(db),
        ledger=Ledger(db),
        lines=Lines(db),
        leases=Leases(db),
        search=TimedSearch(folder / "index", papers, meaning, (metrics or Metrics()).search),
    )


@dataclass(frozen=True, slots=True)
class App:
    """Everything wired together, not yet started."""

    settings: Settings
    owner: str
    """What this process is called in the leases and claims of the database."""
    store: Store
    pool: Executor
    chats: Mapping[str, Chat]
    dispatch: Dispatch
    planner: Planner
    outbox: Outbox
    read_back: ReadBack
    connections: Connections
    chores: Lease
    """Held by the one process that polls and keeps house."""
    hub: Source
    arxiv: Source
    watch: Watch
    ingest: Ingest
    sample: Ingest
    metrics: Metrics
    now: Callable[[], datetime]

    async def start(self, *, patient: bool = False) -> None:
        """Connect the chats; see ``Connections.start``."""
        await self.connections.start(COMMANDS, self.dispatch, patient=patient)

    async def stop(self) -> None:
        """Disconnect them."""
        await self.connections.stop()

    async def deliver(self) -> int:
        """Plan and send what is due; returns how many messages were sent."""
        planned = await in_thread(self.pool, self.planner.plan, self.now())
        self.metrics.planned.inc(planned)
        return await self.outbox.drain()


@asynccontextmanager
async def build(
    settings: Settings,
    server: Server | None = None,
    now: Callable[[], datetime] = utc_now,
    allowance: Allowance | None = None,
) -> AsyncIterator[App]:
    """Wire the application; closes what it opened at the end.

    ``server`` takes the chats' routes; without one there are no chats, and only ``dispatch``
    answers.  ``allowance`` limits what one person may ask; without it there is no limit.
    """
    metrics = Metrics()
    store = open_store(settings, metrics)
    with (
        settled(settings.data_dir) if server else nullcontext(Owner()) as owner,
        ThreadPoolExecutor(THREADS, thread_name_prefix="paperbot") as pool,
    ):
        # Terms are counted on the real clock: they are about processes, not about the calendar.
        gateway = Lease(store.leases, "discord", owner, utc_now)
        made = _chats(settings, store, server, now, gateway.held) if server else ()
        chats = {chat.name: chat for chat in made}
        leases = {"discord": gateway} if "discord" in chats else {}
        connections = Connections(chats, leases)
        async with _sources(settings, store, pool, owner.name, now) as (hub, arxiv):
            yield App(
                settings=settings,
                owner=owner.name,
                store=store,
                pool=pool,
                chats=chats,
                dispatch=Dispatch(
                    store, COMMANDS, [hub, arxiv], pool, settings.zone, now, allowance, metrics
                ),
                planner=Planner(store, COMMANDS, chats, settings.zone),
                outbox=Outbox(store, connections.online, pool, owner.name, now, metrics),
                read_back=ReadBack(store, connections.online, pool, now),
                connections=connections,
                chores=Lease(store.leases, "chores", owner, utc_now),
                hub=hub,
                arxiv=arxiv,
                watch=Watch(arxiv, store, pool, now),
                ingest=Ingest(hub, store, pool, now),
                sample=Ingest(Sample(now), store, pool, now),
                metrics=metrics,
                now=now,
            )
    store.close()


@asynccontextmanager
async def _sources(
    settings: Settings, store: Store, pool: Executor, owner: str, now: Callable[[], datetime]
) -> AsyncIterator[tuple[HuggingFace, Arxiv]]:
    """The Hub, which is asked first: it is quicker, and knows votes and code.  Then arXiv."""
    from adapters.sources import arxiv, huggingface  # noqa: PLC0415 - a store alone needs no aiohttp

    turns = Turns(store.leases, "arXiv", owner, _ARXIV_GAP, pool, now)
    async with (
        huggingface.connected(settings.hf.endpoint, _reveal(settings.hf.token), now) as hub,
        arxiv.connected(settings.arxiv.api_url, settings.arxiv.names, now, turns) as rest,
    ):
        yield hub, rest


def _chats(
    settings: Settings,
    store: Store,
    server: Server,
    now: Callable[[], datetime],
    is_ours: Callable[[], bool],
) -> Iterator[Chat]:
    """The terminal and the platforms that are set up; without any, the playground."""
    yield Console(sys.stdout)
    teams = _Teams(store, now)
    if settings.slack.bot_token:
        from adapters.slack import Slack  # noqa: PLC0415 - half a second that others do not need

        yield Slack(
            None,
            bot_token=settings.slack.bot_token.get_secret_value(),
            app_token=_reveal(settings.slack.app_token),
            signing_secret=_reveal(settings.slack.signing_secret),
            api_url=settings.slack.api_url,
            admins_only=settings.slack.admins_only,
            web=server.app,
            teams=teams,
        )
    if settings.discord.token:
        from adapters.discord import Discord  # noqa: PLC0415 - as above

        async def suggest(text: str) -> list[tuple[str, str]]:
            hits = await asyncio.to_thread(store.search.suggest, text, _SUGGESTIONS)
            return [(hit.title, hit.id) for hit in hits]

        yield Discord(
            token=settings.discord.token.get_secret_value(),
            api_url=settings.discord.api_url,
            guild_ids=settings.discord.guilds,
            state=settings.data_dir / "discord",
            now=now,
            suggest=suggest,
            teams=teams,
            is_ours=is_ours,
        )
    if settings.slack.bot_token or settings.discord.token:
        return
    with suppress(ModuleNotFoundError):
        from adapters.web import Web  # noqa: PLC0415 - an installation may leave it out

        def banner() -> str:
            return _SAMPLE_BANNER if store.papers.has_sample() else ""

        yield Web(settings.data_dir / "playground", server, banner=banner)


class _Teams:
    """Keeps what platforms say about the teams that paperbot is in."""

    def __init__(self, store: Store, now: Callable[[], datetime]) -> None:
        self._subscriptions = store.subscriptions
        self._now = now

    async def joined(self, teams: Sequence[str]) -> None:
        await asyncio.to_thread(self._subscriptions.teams_joined, teams)

    async def left(self, team: str) -> None:
        await asyncio.to_thread(self._subscriptions.team_left, team, self._now())


def _reveal(secret: SecretStr | None) -> str | None:
    return secret.get_secret_value() if secret else None
