"""Replies that every chat must be able to say: the plain ones, and all that can go wrong."""

from __future__ import annotations

from datetime import UTC, date, datetime

from commands.model import Action, Card, Reply

HOSTILE = {
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;&amp;",
    "slack": "<!channel> <@U123> <https://evil.example|good.example> *b* _i_ ~s~ `c` &",
    "discord": "@everyone <@1> <#2> <:x:3> ||spoiler|| **b** [x](https://evil.example) # h -# s",
    "markdown": "[x](javascript:alert(1)) ![x](https://evil.example/x.png) ```\n# h\n> q\n- l",
    "bidi": "good\u202egnp.exe\u202c \u2066isolated\u2069 \u200fmark\u061c",
    "zero-width": "pa\u200bper\u200c\u200d\u2060bot\ufeff\u00ad",
    "zalgo": "Z" + "\u0301\u0327\u0489" * 40 + "algo",
    "controls": "bell\x07 \x1b[31mred \x1b]8;;https://evil.example\x07 null\x00 del\x7f c1\x9b",
    "surrogates": "half \ud83d and \udcff done",
    "latex": r"E$^{2}$GAN: $\mathcal{O}(n^{2})$ for \textbf{bold} \frac $\alpha$ 5% {{{ $",
    "percent": "%s %(name)s {} {0} {name} $HOME \\1 \\g<0>",
    "separators": "one\u2028two\u2029three\x85four\x0bfive\rsix",
    "blank letters": "\u3164\u115f\u2800",
    "emoji": "👩\u200d🔬 🏳️\u200d🌈 🇩🇪 👍🏽 " * 20,
    "scripts": "深度学习的注意力机制 مرحبا بالعالم שלום हिन्दी ไทย Ω≈ç√∫ 𝔘𝔫𝔦𝔠𝔬𝔡𝔢",
    "one word": "pneumonoultramicroscopic" * 200,
    "one wide word": "注意力" * 500,
    "quotes": "\"double\" 'single' `back` “curly” \\ / \\\\",
    "only space": " \t\n\u00a0 ",
}
"""Texts that a paper's title or abstract may hold."""

ABSTRACT = "We show that a bot can post papers without ever posting one twice. " * 75
"""5,000 characters."""

URLS = {
    "script": "javascript:alert(1)",
    "data": "data:text/html,<script>alert(1)</script>",
    "file": "file:///etc/passwd",
    "markup": 'https://example.org/"><script>|x',
    "escape": "https://example.org/\x1b]8;;",
    "space": "https://example.org/a b\nc",
    "broken host": "https://[::1/",
    "no host": "https:///path",
    "long": "https://example.org/" + "a" * 5_000,
    "empty": "",
}
"""Addresses that no reader may be led to, or that do not fit."""

BUTTONS = (
    Action("Abstract", "show 1706.03762"),
    Action("More", "today --page 2", "update"),
    Action("Share", "show 1706.03762", "share"),
)


def card(
    number: int = 1, title: str = "Attention Is All You Need", text: str = "A network of attention."
) -> Card:
    """A card as commands make them."""
    return Card(
        paper_id=f"1706.{number:05}",
        title=title,
        url=f"https://arxiv.org/abs/1706.{number:05}",
        text=text,
        fields={
            "authors": "Ashish Vaswani, Noam Shazeer, Niki Parmar + 5",
            "votes": "1,284",
            "comments": "42",
            "stars": "13,204",
            "date": "12 Jun 2017",
            "organization": "Google Brain",
            "keywords": "attention, translation",
            "code": "https://github.com/tensorflow/tensor2tensor",
            "why": "title",
        },
        footer="cs.CL",
        image_url="https://example.org/1706.png",
        actions=BUTTONS,
    )


def _hostile(text: str) -> Reply:
    """The same text wherever text can be."""
    bad = Card(
        paper_id=text,
        title=text,
        url="https://arxiv.org/abs/1706.03762",
        text=text,
        fields=dict.fromkeys(("authors", "votes", "why", "code", "unknown " + text), text),
        footer=text,
        actions=(Action(text, f"search {text}"), Action(text, f"show {text}", "update")),
    )
    return Reply(title=text, text=text, cards=(bad, bad), actions=(Action(text, f"x {text}"),))


REPLIES = {
    "words": Reply(title="Subscribed", text="First post tomorrow at 09:00.\nSecond line."),
    "nothing": Reply(title=""),
    "no papers": Reply(title="No list of Saturday", text="There are no lists on weekends."),
    "one paper": Reply(title="", cards=(card(),)),
    "a list": Reply(
        title="Papers of Tuesday 30 June 2026",
        text="12 papers, most votes first.",
        cards=tuple(card(number) for number in range(1, 13)),
        actions=BUTTONS[:1],
        more=Action("More", "today 2026-06-30 --limit 12 --page 2", "update"),
        list_date=date(2026, 6, 30),
        open_until=datetime(2026, 7, 1, 2, 30, tzinfo=UTC),
    ),
    "50 papers": Reply(title="Month", cards=tuple(card(n, text=ABSTRACT) for n in range(50))),
    "bare paper": Reply(title="x", cards=(Card(paper_id="a:1", title="Bare", url=""),)),
    "300 authors": Reply(
        title="Detector",
        cards=(
            Card(
                paper_id="1",
                title="Observation of a new particle",
                url="https://arxiv.org/abs/1207.7214",
                fields={"authors": ", ".join(f"Author Number {n}" for n in range(300))},
            ),
        ),
    ),
    "long words": Reply(title="t" * 3_000, text="x" * 50_000, cards=(card(1, "y" * 9_000),)),
    "many lines": Reply(title="Help", text="\n".join(f"`c{n}` does {n}" for n in range(2_000))),
    "many buttons": Reply(
        title="Buttons",
        cards=(
            Card(
                paper_id="1",
                title="Pressed",
                url="https://arxiv.org/abs/1",
                actions=tuple(Action(f"Button {n}", f"show {n}") for n in range(40)),
            ),
        ),
        actions=tuple(Action("Same label", "same line") for _ in range(40)),
        more=Action("More", "more"),
    ),
    "long lines behind buttons": Reply(
        title="Buttons",
        cards=(card(),),
        actions=(
            Action("L" * 500, "search " + "word " * 400),
            Action("Wide", "search " + "注意" * 1_000, "update"),
            Action("", "help"),
        ),
    ),
    "strange fields": Reply(
        title="Fields",
        cards=(
            Card(
                paper_id="1",
                title="Fields",
                url="https://arxiv.org/abs/1",
                fields={"": "", "authors": "", "votes": " ", "doi": "10.1/x", "z" * 999: "v" * 999},
            ),
        ),
    ),
    **{f"hostile {name}": _hostile(text) for name, text in HOSTILE.items()},
    **{
        f"address {name}": Reply(
            title="Addresses",
            cards=(
                Card(paper_id="1", title="Led", url=url, fields={"code": url}, image_url=url),
                Card(paper_id="2", title="Astray", url=url, image_url=url),
            ),
        )
        for name, url in URLS.items()
    },
}
"""By name, so that a failure says which."""
