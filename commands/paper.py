"""One paper."""

from __future__ import annotations

from typing import Annotated

from commands.cards import full_card, resolve
from commands.model import Context, Hint, Reply, command


@command(
    "show",
    help="One paper: abstract, all authors, votes, code and links.",
    examples=(
        "show 1706.03762",
        "show https://arxiv.org/abs/1706.03762",
        "show attention is all you need",
    ),
)
def show(
    ctx: Context,
    paper: Annotated[str, "arXiv id, address or words of the title", Hint(complete="paper")],
) -> Reply:
    found = resolve(ctx, paper)
    return Reply(title="", cards=(full_card(found),))
