"""What every declared command keeps to, whoever asks and whatever the catalogue holds."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from commands import COMMANDS
from commands.help import explain
from commands.model import Caller, Command, Context, Missing, Reply, UserError
from commands.parse import parse, run
from storage.model import Paper, Target
from storage.store import Store
from tests.factories import NOON, paper

HERE = Target("fake", "T1", "C1")
HOSTILE = (
    "(" * 3000,
    "x" * 40_000,
    "title:* OR team:T2",
    "'; DROP TABLE papers; --",
    "\x00\ud800\u202e",
    "the of and",
    "😀" * 50,
    "--",
    "--limit",
    '"',
    '"""" author:"',
    "in at on",
    "2026-99-99",
    "-1",
    "9" * 400,
)
ARGUMENTS = {
    "query": "widgets",
    "paper": "2606.00001",
    "what": "today",
    "number": "1",
    "name": "example",
}

every_command = pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)


def context(store: Store, team: str = "T1") -> Context:
    return Context(
        store=store,
        target=Target("fake", team, "C1"),
        caller=Caller("U1", "Ada"),
        now=NOON,
        commands=COMMANDS,
        zone=ZoneInfo("UTC"),
    )


def line(command: Command) -> str:
    needed = [arg for arg in command.args if arg.required]
    return " ".join([command.name, *(ARGUMENTS[arg.name] for arg in needed)])


def answer(ctx: Context, text: str) -> Reply | str:
    """The reply, or the sentence that refuses."""
    try:
        return run(ctx, text)
    except UserError as error:
        return str(error).strip()
    except Missing as missing:
        return str(missing)


def fill(store: Store, papers: list[Paper]) -> None:
    store.papers.save(papers, NOON)
    store.search.refresh()


@every_command
def test_it_is_described(command: Command) -> None:
    assert command.help.endswith(".")
    assert len(command.help) <= 100
    for arg in command.args:
        assert arg.help
        assert len(arg.help) <= 100
    assert explain(command).text.startswith(command.help)
    for example in command.examples:
        assert parse(example, COMMANDS, NOON.date())[0] is command


@every_command
def test_what_can_be_subscribed_to_says_how_much_it_posts(command: Command) -> None:
    if command.posts:
        limit = command.arg("limit")
        assert limit is not None
        assert (limit.kind, limit.least) == ("number", 1)
        assert command.group == "read"
        assert not command.changes


@every_command
def test_it_answers_on_an_empty_store(store: Store, command: Command) -> None:
    assert answer(context(store), line(command))


@every_command
def test_it_answers_on_a_full_store(store: Store, command: Command) -> None:
    fill(store, [paper(number, upvotes=number) for number in range(1, 61)])
    ctx = context(store)
    run(ctx, "subscribe trending")
    if command.name == "resume":
        run(ctx, "pause 1")
    reply = run(ctx, line(command))
    assert reply.title or reply.text or reply.cards
    for action in reply.all_actions():
        assert parse(action.line, COMMANDS, NOON.date())


@every_command
def test_hostile_words_are_answered_or_refused(store: Store, command: Command) -> None:
    for words in HOSTILE:
        assert answer(context(store), f"{command.name} {words}"), words[:80]


@hypothesis_settings(
    max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.sampled_from(COMMANDS), st.text(max_size=80))
def test_any_words_are_answered_or_refused(store: Store, command: Command, words: str) -> None:
    assert answer(context(store), f"{command.name} {words}") is not None


@every_command
def test_hostile_papers_are_shown(store: Store, command: Command) -> None:
    fill(
        store,
        [
            paper(1, title="<!channel> *bold* [x](http://evil.example) @everyone", upvotes=None),
            paper(2, title="x" * 5000, abstract="", summary=None, authors=()),
            paper(3, authors=tuple(f"Author {number}" for number in range(300))),
        ],
    )
    assert answer(context(store), line(command))


def test_one_team_sees_nothing_of_another(store: Store) -> None:
    fill(store, [paper(1)])
    run(context(store, "T1"), "subscribe today --limit 37")
    lines = [command.name for command in COMMANDS]
    seen = [answer(context(store, "T2"), text) for name in lines for text in (name, f"{name} 1")]
    assert "No subscriptions yet" in {getattr(reply, "title", None) for reply in seen}
    assert not any("--limit 37" in str(reply) for reply in seen)
    assert len(store.subscriptions.of_team("T1")) == 1
