"""What there is to ask."""

from __future__ import annotations

from typing import Annotated

from commands.model import Action, Arg, Command, Context, Hint, Reply, command
from commands.parse import find


@command("help", help="All commands, or one of them explained.", examples=("help", "help search"))
def help(
    ctx: Context,
    command: Annotated[str, "a command's name", Hint(complete="command")] = "",
) -> Reply:
    if command:
        return explain(find(command.split()[0].lstrip("/"), ctx.commands))
    lines = [f"`{one.name}`: {one.help}" for one in ctx.commands]
    return Reply(
        title="What you can ask",
        text="\n".join(lines) + "\n\nFor example: `search difusion models --limit 3`",
        actions=(
            Action("Today", "today"),
            Action("Trending", "trending"),
            Action("Topics", "topics"),
            Action("Subscriptions", "subscriptions"),
        ),
    )


def explain(command: Command) -> Reply:
    """One command: its arguments and examples."""
    lines = [command.help, ""]
    lines += [f"`{arg.name}`: {describe(arg)}" for arg in command.args]
    if command.examples:
        lines += ["", "For example:"] + [f"`{example}`" for example in command.examples]
    return Reply(title=command.name, text="\n".join(lines).strip())


def describe(arg: Arg) -> str:
    """An argument in one sentence: what it is, its default, its range."""
    facts = [arg.help]
    if arg.choices:
        facts.append(f"one of {', '.join(arg.choices)}")
    if arg.required:
        facts.append("needed")
    elif arg.default not in (None, "") and arg.kind != "flag":
        shown = f"{arg.default:%H:%M}" if arg.kind == "time" else arg.default
        facts.append(f"{shown} by itself")
    if arg.word:
        facts.append(f"also written “{arg.word} …”")
    return "; ".join(facts)
