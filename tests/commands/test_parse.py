from __future__ import annotations

from datetime import date, time
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import COMMANDS
from commands.model import UserError
from commands.parse import bind, clean, find, parse
from storage.calendar import Days

TODAY = date(2026, 6, 30)
MONTHLY = Days(frozenset(), frozenset((15,)))
BERLIN = ZoneInfo("Europe/Berlin")


def read(line: str) -> tuple[str, dict[str, Any]]:
    command, values = parse(line, COMMANDS, TODAY)
    return command.name, {
        name: value
        for name, value in values.items()
        if value != command.arg(name).default  # type: ignore[union-attr]
    }


@pytest.mark.parametrize(
    ("line", "name", "values"),
    [
        ("search difusion models --limit 5", "search", {"query": "difusion models"}),
        ("search --arxiv world models", "search", {"query": "world models", "arxiv": True}),
        ("search world models --arxiv=no", "search", {"query": "world models"}),
        ("search difusion models --limit 7", "search", {"query": "difusion models", "limit": 7}),
        ("search --limit=7 difusion", "search", {"query": "difusion", "limit": 7}),
        ("/search a -b", "search", {"query": "a -b"}),
        ("SEARCH a", "search", {"query": "a"}),
        ("/papers search a", "search", {"query": "a"}),
        ("/papers-setup pause 3", "pause", {"number": 3}),
        ("search “exact phrase” author:“Y Z”", "search", {"query": '"exact phrase" author:"Y Z"'}),
        ("search R&amp;D —limit 3", "search", {"query": "R&D", "limit": 3}),
        ("search graphs – a survey", "search", {"query": "graphs – a survey"}),
        (
            "show <https://arxiv.org/abs/2401.12345|arxiv.org/abs/2401.12345>",
            "show",
            {"paper": "https://arxiv.org/abs/2401.12345"},
        ),
        ("today", "today", {}),
        ("today 2026-06-29", "today", {"date": date(2026, 6, 29)}),
        ("today yesterday", "today", {"date": date(2026, 6, 29)}),
        ("today friday", "today", {"date": date(2026, 6, 26)}),
        ("today 1 June 2026 --limit 3", "today", {"date": date(2026, 6, 1), "limit": 3}),
        ("week 2026-W26", "week", {"date": date(2026, 6, 22)}),
        ("month 2026-05", "month", {"date": date(2026, 5, 1)}),
        ("trending 3 cat:cs.CL", "trending", {"days": 3, "filter": "cat:cs.CL"}),
        ("trending cat:cs.CL --days 3", "trending", {"days": 3, "filter": "cat:cs.CL"}),
        ("pause 3", "pause", {"number": 3}),
        ("help", "help", {}),
        ("", "help", {}),
        ("help search", "help", {"command": "search"}),
    ],
)
def test_lines_are_read(line: str, name: str, values: dict[str, Any]) -> None:
    assert read(line) == (name, values)


@pytest.mark.parametrize(
    ("line", "values"),
    [
        (
            "subscribe trending --limit 5 at 08:15 in Europe/Berlin on mon-wed "
            "--layout compact --quiet none",
            {
                "what": "trending --limit 5",
                "at": time(8, 15),
                "zone": BERLIN,
                "days": Days.of(range(3)),
                "layout": "compact",
                "quiet": "none",
            },
        ),
        ("subscribe today", {"what": "today"}),
        ("subscribe today at 5pm", {"what": "today", "at": time(17)}),
        (
            "subscribe today in berlin on weekends",
            {"what": "today", "zone": BERLIN, "days": Days.of((5, 6))},
        ),
        ("subscribe today in new york", {"what": "today", "zone": ZoneInfo("America/New_York")}),
        ("subscribe trending --days 3 at 7:30", {"what": "trending --days 3", "at": time(7, 30)}),
        ("subscribe trending --days daily", {"what": "trending", "days": Days.of(range(7))}),
        (
            "subscribe trending attention in transformers",
            {"what": "trending attention in transformers"},
        ),
        (
            "subscribe trending attention in transformers at 10",
            {"what": "trending attention in transformers", "at": time(10)},
        ),
        (
            "subscribe week --limit 20 on mon, wed",
            {"what": "week --limit 20", "days": Days.of((0, 2))},
        ),
        (
            "subscribe week on mon --limit 20 --layout compact",
            {"what": "week --limit 20", "days": Days.of((0,)), "layout": "compact"},
        ),
        ("subscribe today at noon on 15th", {"what": "today", "at": time(12), "days": MONTHLY}),
    ],
)
def test_a_subscription_reads_like_a_sentence(line: str, values: dict[str, Any]) -> None:
    assert read(line) == ("subscribe", values)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("serach x", "Did you mean `search x`"),
        ("diffusion models", "`search diffusion models`"),
        ("1706.03762", "To see it, write `show 1706.03762`"),
        ("https://arxiv.org/abs/1706.03762v3", "`show 1706.03762`"),
        ("today --help", "`help today` explains it. For example: `today yesterday`"),
        ("search", "needs query"),
        ("search x --limt 5", "did you mean --limit"),
        ("search x --limit ten", "“ten” is no number"),
        ("search x --limit 500", "the most is 50"),
        ("search x --limit 0", "the least is 1"),
        ("search x --limit", "“” is no number"),
        ("today 2026-02-30", "there is no 2026-02-30"),
        ("today someday", "“someday” is no date"),
        ("subscribe today at 25:00", "“25:00” is no time of day"),
        ("subscribe today in Europe/Berln", "did you mean Europe/Berlin?"),
        ("subscribe today in Berln", "did you mean Europe/Berlin?"),
        ("subscribe today in Europe/Berln", "Europe/Berlin? For example"),
        ("subscribe trending in UTC+2", "“UTC+2” is no time zone"),
        ("subscribe trending attention at 9 in Mars", "“Mars” is no time zone"),
        ("subscribe today on mondys", "write weekdays"),
        ("subscribe trending on 31st", "write 1st to 28th"),
        ("subscribe trending on 15", "or 15th"),
        ("x" * 1000, "“" + "x" * 80 + "…”"),
        ("subscribe today --layout wide", "none of thread, compact, per-paper"),
        ("subscriptions now", "takes no words"),
        ("pause", "needs number"),
        ("help serch", "Did you mean `search`"),
    ],
)
def test_what_is_wrong_is_told_with_a_correct_example(line: str, told: str) -> None:
    with pytest.raises(UserError) as caught:
        find(parse(line, COMMANDS, TODAY)[1]["command"], COMMANDS)
    assert told in str(caught.value)
    assert "`" in str(caught.value)


def test_values_of_a_native_form_are_read_as_typed_ones_are() -> None:
    subscribe = find("subscribe", COMMANDS)
    values = bind(
        subscribe,
        {"what": "today", "at": "9am", "zone": "europe/berlin", "days": "mon", "layout": None},
        TODAY,
    )
    assert values["at"] == time(9)
    assert values["zone"] == BERLIN
    assert values["layout"] == "thread"
    with pytest.raises(UserError, match="needs query"):
        bind(find("search", COMMANDS), {"limit": 3}, TODAY)


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused_politely(text: str) -> None:
    for line in (text, f"search {text}", f"subscribe {text}", f"today {text}"):
        try:
            command, values = parse(line, COMMANDS, TODAY)
        except UserError as error:
            assert str(error)  # noqa: PT017 - either outcome is right
        else:
            assert set(values) == {arg.name for arg in command.args}


@given(st.text())
def test_cleaning_twice_is_cleaning_once_for_plain_text(text: str) -> None:
    if "&" not in text:
        assert clean(clean(text)) == clean(text)
