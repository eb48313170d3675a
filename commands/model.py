"""The vocabulary of commands: what people can ask, and what an answer is made of.

A command is declared once, by its function::

    @command("search", help="Find papers by words, author or id; typos are fine.")
    def search(ctx: Context, query: Annotated[str, "words"], limit: Annotated[int, "how many"] = 5)

From that one value come the option lists of every platform, ``help`` and the documentation.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin, get_type_hints
from zoneinfo import ZoneInfo

from storage.calendar import Days
from storage.model import Target
from storage.store import Store

Group: TypeAlias = Literal["read", "setup", "team"]
Kind: TypeAlias = Literal["text", "number", "date", "time", "zone", "days", "choice", "flag"]
Mode: TypeAlias = Literal["new", "update", "share"]

LINE_LIMIT = 100
"""Longest command line that a button carries itself (Discord's ``custom_id``)."""

_KINDS: dict[Any, Kind] = {
    str: "text",
    int: "number",
    date: "date",
    time: "time",
    ZoneInfo: "zone",
    Days: "days",
    bool: "flag",
}


class UserError(Exception):
    """Something the person can mend.  The text is shown as it is and says what to do next.

    ``actions`` are buttons that do it, such as the line that was probably meant.
    """

    def __init__(self, text: str, *actions: Action) -> None:
        super().__init__(text)
        self.actions = actions


class Missing(Exception):  # noqa: N818 - a request, answered by dispatch
    """The catalogue lacks paper ``id``, or what arXiv would answer to ``query``.

    Dispatch asks the sources and runs the command again, with the ids in ``Context.brought``.
    """

    def __init__(self, id: str = "", *, query: str = "") -> None:
        super().__init__(id or query)
        self.id = id
        self.query = query


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument of a command, as read from its signature."""

    name: str
    kind: Kind
    help: str
    required: bool
    default: Any = None
    choices: tuple[str, ...] = ()
    least: int | None = None
    most: int | None = None
    word: str | None = None
    """The word that may introduce it in a sentence: ``at``, ``in``, ``on``."""
    complete: str | None = None
    """What its completions are: ``paper``, ``command``, ``zone``, ``line``, ``subscription``."""


@dataclass(frozen=True, slots=True)
class Hint:
    """Further facts about an argument, given inside ``Annotated`` beside the help text."""

    word: str | None = None
    complete: str | None = None
    least: int | None = None
    most: int | None = None


Limit: TypeAlias = Annotated[int, "how many papers", Hint(least=1, most=50)]
Page: TypeAlias = Annotated[int, "which page", Hint(least=1, most=20)]


@dataclass(frozen=True, slots=True)
class Command:
    """A declared command.  ``group`` gives the permission; only ``posts`` ones can be subscribed.

    The answer of a ``posts`` command depends on the catalogue alone, never on team or caller:
    one run serves every subscription with the same line.
    """

    name: str
    help: str
    args: tuple[Arg, ...]
    run: Callable[..., Reply]
    group: Group = "read"
    changes: bool = False
    posts: bool = False
    examples: tuple[str, ...] = ()

    @property
    def rest(self) -> Arg | None:
        """The argument that takes the words no option claimed: the first text, else the first."""
        texts = [arg for arg in self.args if arg.kind == "text"]
        return next(iter(texts or self.args), None)

    def arg(self, name: str) -> Arg | None:
        return next((arg for arg in self.args if arg.name == name), None)


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.  ``zone`` is the person's own, where the platform tells it.

    ``may_setup`` is whether the platform lets the person change what is posted.
    """

    id: str
    name: str = ""
    zone: ZoneInfo | None = None
    may_setup: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request: a typed ``text``, or a ``command`` with ``values`` from a native form.

    ``private`` is whether only some of the team can see the target's channel.
    """

    caller: Caller
    target: Target
    private: bool = False
    text: str = ""
    command: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Action:
    """A button: pressing it runs ``line``.

    ``new`` answers anew, ``update`` replaces the message it stands on, ``share`` shows the answer
    to the whole channel.
    """

    label: str
    line: str
    mode: Mode = "new"

    @property
    def token(self) -> str:
        """What a platform's button carries: the line, or its hash where it is too long."""
        if len(self.line) <= LINE_LIMIT:
            return self.line
        return "#" + hashlib.sha256(self.line.encode(errors="replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One paper in a reply.  Plain text throughout, never markup; ``fields`` keep their order.

    Known field names: authors, votes, comments, stars, date, organization, keywords, code, why.
    """

    paper_id: str
    title: str
    url: str
    text: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    footer: str = ""
    image_url: str | None = None
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a command answers.  Plain text throughout; ``text`` may have several lines."""

    title: str
    text: str = ""
    cards: tuple[Card, ...] = ()
    actions: tuple[Action, ...] = ()
    more: Action | None = None
    list_date: date | None = None
    """The daily list it shows, for ``posts`` commands that show one."""
    first_rank: int = 1
    """The number of the first card in its list: more than 1 on later pages."""
    refused: bool = False
    """Whether this tells, instead of an answer, why there is none."""
    notice: str = ""
    """What everybody in the target's channel should hear of a change, in one line."""
    open_until: datetime | None = None
    """Until when (UTC) that list still grows; None where the answer is a snapshot."""

    def all_actions(self) -> list[Action]:
        """Every button in it, the cards' own first."""
        found = [action for card in self.cards for action in card.actions]
        return found + list(self.actions) + ([self.more] if self.more else [])


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Everything a command may touch."""

    store: Store
    target: Target
    caller: Caller
    private: bool = False
    now: datetime
    commands: tuple[Command, ...]
    zone: ZoneInfo
    """The reader's zone: the caller's own where it is known, else the bot's default."""
    brought: tuple[str, ...] | None = None
    """The papers that came for the ``Missing`` which this command raised; None before that."""
    spare: int = 0
    """How many cards beyond ``limit`` a ``posts`` command should give, for those posted already."""

    @property
    def team(self) -> str:
        return self.target.team

    @property
    def today(self) -> date:
        """The reader's date."""
        return self.now.astimezone(self.zone).date()


def command(
    name: str,
    *,
    help: str,
    group: Group = "read",
    changes: bool = False,
    posts: bool = False,
    examples: Sequence[str] = (),
) -> Callable[[Callable[..., Reply]], Command]:
    """Turn a function into the frozen ``Command`` that its signature declares."""

    def declare(run: Callable[..., Reply]) -> Command:
        hints = get_type_hints(run, include_extras=True)
        parameters = list(inspect.signature(run).parameters.values())[1:]
        args = tuple(_argument(parameter, hints[parameter.name]) for parameter in parameters)
        return Command(name, help, args, run, group, changes, posts, tuple(examples))

    return declare


def _argument(parameter: inspect.Parameter, hint: Any) -> Arg:
    """Read one parameter: ``Annotated[type, "help", Hint(...)]``, a default makes it optional."""
    if get_origin(hint) is not Annotated:
        raise TypeError(f"argument {parameter.name} needs Annotated[type, 'help']")
    plain, help_text, *extra = get_args(hint)
    parts = [part for part in get_args(plain) if part is not type(None)]
    choices: tuple[str, ...] = ()
    if get_origin(plain) is Literal:
        kind: Kind = "choice"
        choices = tuple(parts)
    else:
        kind = _KINDS[parts[0] if parts else plain]
    required = parameter.default is inspect.Parameter.empty
    arg = Arg(
        parameter.name,
        kind,
        help_text,
        required,
        None if required else parameter.default,
        choices,
    )
    for more in extra:
        arg = replace(arg, word=more.word, complete=more.complete, least=more.least, most=more.most)
    return arg
