"""What comes in from Discord, and how each of it is answered.

Everything is acknowledged at once; what takes longer goes on behind the acknowledgement.  A press
says all that is needed to answer it, so nothing is remembered between two of them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import discord

from adapters.discord.api import Api
from adapters.discord.markup import SELECT, pressed
from adapters.discord.render import render, shared
from adapters.discord.talk import Place, Talk, place_of
from adapters.discord.tree import Interaction
from commands.model import Mode, Reply

_MESSAGES = (discord.MessageType.default, discord.MessageType.reply)


class Doors:
    """Listens to a client."""

    def __init__(self, client: discord.Client, api: Api, talk: Talk) -> None:
        self._client = client
        self._api = api
        self._talk = talk
        self._later = talk.later

    # -- commands -----------------------------------------------------------------------------

    async def command(self, interaction: Interaction, name: str, values: Mapping[str, Any]) -> None:
        """``/papers …``: answered to the person alone."""
        given = {key: value for key, value in values.items() if value is not None}
        self._later.start(self._answer_command(interaction, name, given))

    async def _answer_command(
        self, interaction: Interaction, name: str, values: Mapping[str, Any]
    ) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        reply = await self._talk.ask(place_of(interaction), command=name, values=values)
        await self._respond(interaction, reply)

    async def find_papers(self, interaction: Interaction, message: discord.Message) -> None:
        """The menu of a message."""
        self._later.start(self._answer_menu(interaction, message))

    async def _answer_menu(self, interaction: Interaction, message: discord.Message) -> None:
        await interaction.response.defer(ephemeral=True, thinking=True)
        embeds = [one.to_dict() for one in message.embeds]
        texts = [message.content]
        for one in embeds:
            texts += [str(one.get(part) or "") for part in ("title", "url", "description")]
        reply = await self._talk.papers_in(place_of(interaction), "\n".join(texts))
        await self._respond(interaction, reply)

    async def _respond(self, interaction: Interaction, reply: Reply, *, edit: bool = True) -> None:
        await self._api.respond(interaction.token, render(reply, "answer"), edit=edit)

    # -- buttons and menus --------------------------------------------------------------------

    async def on_interaction(self, interaction: Interaction) -> None:
        if interaction.type is discord.InteractionType.component:
            self._later.start(self._answer_press(interaction))

    async def _answer_press(self, interaction: Interaction) -> None:
        data: Any = interaction.data
        mode: Mode = "new"
        if data["custom_id"] == SELECT:
            line = data["values"][0]
        else:
            mode, line = pressed(data["custom_id"])
        place = place_of(interaction)
        if mode == "share":
            await self._share(interaction, place, line)
        elif mode == "update" and _alone(interaction):
            await self._update(interaction, place, line)
        else:
            await interaction.response.defer(ephemeral=True, thinking=True)
            await self._respond(interaction, await self._talk.ask(place, line))

    async def _update(self, interaction: Interaction, place: Place, line: str) -> None:
        """Replace the message; where there is no answer, it stays and the reason follows."""
        await interaction.response.defer()
        reply = await self._talk.ask(place, line)
        await self._respond(interaction, reply, edit=not reply.refused)

    async def _share(self, interaction: Interaction, place: Place, line: str) -> None:
        """Show papers to everybody; a refusal is for who asked alone."""
        await interaction.response.defer()
        reply = await self._talk.ask(place, line)
        if reply.refused or not reply.cards:
            await self._respond(interaction, reply, edit=False)
            return
        first, *rest = render(reply, "answer")
        messages = [shared(first, str(interaction.user.id)), *rest]
        await self._api.respond(interaction.token, messages, edit=False, hidden=False)

    # -- messages -----------------------------------------------------------------------------

    async def on_message(self, message: discord.Message) -> None:
        """``@paperbot …`` and direct messages: answered in place, for all to see.

        A reply to a post of ours mentions us, too, but is not meant for us: the name must stand
        in the text.
        """
        me = self._client.user
        if me is None or message.author.bot or message.type not in _MESSAGES:
            return
        text, called = re.subn(rf"<@!?{me.id}>", " ", message.content)
        if message.guild is None or called:
            self._later.start(self._answer_message(message, text))

    async def _answer_message(self, message: discord.Message, text: str) -> None:
        reply = await self._talk.ask(place_of(message), text)
        messages = render(reply, "answer")
        await self._api.say(str(message.channel.id), messages, reply_to=str(message.id))


def _alone(interaction: Interaction) -> bool:
    """Whether only the person sees the message that the button stands on."""
    message = interaction.message
    return interaction.context.dm_channel or bool(message and message.flags.ephemeral)
