"""Acting as a person: typing commands, pressing, filling in forms, and seeing what comes of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tests.fakes.discord import interactions as kinds
from tests.fakes.discord import rules, typing_commands
from tests.fakes.discord.command_rules import MESSAGE_MENU, SLASH
from tests.fakes.discord.components import BUTTON, LINK_STYLE, STRING_SELECT
from tests.fakes.discord.interactions import Interaction
from tests.fakes.discord.model import APP_ID, DM, Channel, Guild, Json, Message, Permission, User
from tests.fakes.discord.reading import chosen, find, submitted
from tests.fakes.discord.seen import Seen

if TYPE_CHECKING:
    from tests.fakes.discord.platform import Discord

GUILD_INSTALL, USER_INSTALL = 0, 1
IN_GUILD, IN_BOT_DM, IN_PRIVATE = 0, 1, 2

# What clients show (memory).
_UNANSWERED = {
    kinds.COMMAND: "The application did not respond",
    kinds.COMPONENT: "This interaction failed",
    kinds.AUTOCOMPLETE: "Loading options failed",
    kinds.SUBMIT: "Something went wrong. Try again.",
}


class People:
    """Each method does what ``user`` does and returns once the bot has answered or time is up.

    The returned ``Seen`` goes on filling.  LookupError where a person could not do that: a command
    that they are not offered, no such button on the screen, a required field left empty.
    """

    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    async def slash(
        self, user: User, channel: Channel, group: str, command: str = "", /, **options: Any
    ) -> Seen:
        """Type ``/group command``; ``command`` may be of two words, or none."""
        found, owners = self._offered(user, channel, SLASH, group)
        now, guild = self._discord.clock(), self._guild(channel)
        data = self._named(found) | {
            "options": typing_commands.typed(found, command, options),
            "resolved": typing_commands.resolved(options, guild, now),
        }
        return await self._act(kinds.COMMAND, user, channel, owners, data)

    async def autocomplete(
        self,
        user: User,
        channel: Channel,
        group: str,
        command: str,
        option: str,
        text: str,
        /,
        **others: Any,
    ) -> Seen:
        """Type ``text`` into an option while ``others`` are filled in; see ``Seen.choices``."""
        found, owners = self._offered(user, channel, SLASH, group)
        options = typing_commands.typed(found, command, others, (option, text))
        data = self._named(found) | {"options": options}
        return await self._act(kinds.AUTOCOMPLETE, user, channel, owners, data)

    async def context_menu(self, user: User, message: Message, name: str) -> Seen:
        """Use the entry ``name`` of a message's menu "Apps"."""
        channel = self._discord.channels[message.channel]
        found, owners = self._offered(user, channel, MESSAGE_MENU, name)
        shown = self._discord.events.shown(message, content=True)
        data = self._named(found) | {
            "target_id": message.id,
            "resolved": {"messages": {message.id: shown}},
        }
        return await self._act(kinds.COMMAND, user, channel, owners, data)

    async def press(self, user: User, message: Message, what: str) -> Seen:
        """Press the first button with this label or custom_id."""
        button = self._usable(user, message, what)
        if button["type"] != BUTTON or button.get("style") == LINK_STYLE:
            raise LookupError(f"{what!r} is no button that the bot hears of")
        data = {"component_type": BUTTON, "custom_id": button["custom_id"]}
        return await self._use(user, message, data)

    async def choose(self, user: User, message: Message, what: str, *values: str) -> Seen:
        """Choose these options, by value or label, in the menu of this placeholder or custom_id."""
        select = self._usable(user, message, what)
        if select["type"] != STRING_SELECT:
            raise LookupError(f"{what!r} is no menu with options")
        data = {"component_type": select["type"], "custom_id": select["custom_id"]}
        return await self._use(user, message, data | {"values": chosen(select, values)})

    async def submit_modal(self, user: User, opened: Seen, values: Mapping[str, Any]) -> Seen:
        """Fill in the form that ``opened`` shows, by custom_id or label, and submit it."""
        before = opened.interaction
        if not opened.modal or before is None or opened.user is not user:
            raise LookupError(f"{user.name} has no form open")
        data = {
            "custom_id": opened.modal["custom_id"],
            "components": submitted(opened.modal, values),
        }
        opened.modal = {}
        return await self._act(
            kinds.SUBMIT, user, before.channel, before.owners, data, before.source
        )

    async def say(self, user: User, channel: Channel, text: str) -> Message:
        """Write something; the bot gets its content only where it may read that."""
        mentions = [self._discord.bot] if f"<@{self._discord.bot.id}>" in text else []
        return self._discord.post(channel, user, content=text, mentions=mentions)

    async def mention(self, user: User, channel: Channel, text: str) -> Seen:
        """Write ``@bot text``; its answers are what the bot writes there later, or in a thread."""
        seen = Seen(self._discord, user)
        seen.asked = await self.say(user, channel, f"<@{self._discord.bot.id}> {text}")
        return seen

    async def dm(self, user: User, text: str) -> Seen:
        """Write to the bot directly."""
        seen = Seen(self._discord, user)
        seen.asked = await self.say(user, self._discord.direct(user), text)
        return seen

    async def kick_bot(self, guild: Guild) -> None:
        """Remove the bot from a guild."""
        self._discord.kick_bot(guild)

    # What a client offers

    def _guild(self, channel: Channel) -> Guild | None:
        return self._discord.guilds.get(channel.guild)

    def _offered(
        self, user: User, channel: Channel, type: int, name: str
    ) -> tuple[Json, dict[str, str]]:
        """The command of this name that the user is offered there, and by whose installation."""
        self._present(user, channel)
        for scope in dict.fromkeys((channel.guild, "")):
            for command in self._discord.commands[scope].values():
                if (command["type"], command["name"]) == (type, name):
                    owners = self._owners(user, channel, command["integration_types"])
                    if owners and self._fits(user, channel, command):
                        return command, owners
        raise LookupError(f"{user.name} is not offered {name!r} here")

    def _present(self, user: User, channel: Channel) -> None:
        if Permission.VIEW_CHANNEL not in self._discord.allowed(user, channel):
            raise LookupError(f"{user.name} does not see this channel")

    def _owners(self, user: User, channel: Channel, types: list[int]) -> dict[str, str]:
        """receiving-and-responding.mdx, "Authorizing Integration Owners Object"."""
        guild, owners = self._guild(channel), {}
        if GUILD_INSTALL in types and guild and guild.installed:
            owners["0"] = guild.id
        elif GUILD_INSTALL in types and channel.kind == DM:
            owners["0"] = "0"
        if USER_INSTALL in types and user.installed:
            owners["1"] = user.id
        return owners

    def _fits(self, user: User, channel: Channel, command: Json) -> bool:
        allowed = self._discord.allowed(user, channel)
        # Without `contexts` a command is offered where its kind of installation reaches (memory).
        private = [IN_PRIVATE] if USER_INSTALL in command["integration_types"] else []
        contexts = command["contexts"] or [IN_GUILD, IN_BOT_DM, *private]
        needed = command["default_member_permissions"]
        if channel.guild and needed is not None:
            lacking = Permission(int(needed)) & ~allowed
            if lacking or (needed == "0" and Permission.ADMINISTRATOR not in allowed):
                return False
        may = not channel.guild or Permission.USE_APPLICATION_COMMANDS in allowed
        return may and _context(channel) in contexts

    def _usable(self, user: User, message: Message, what: str) -> Json:
        self._present(user, self._discord.channels[message.channel])
        if message.deleted or message.only_for not in (None, user.id):
            raise LookupError(f"{user.name} does not see this message")
        component = find(message, what)
        if component.get("disabled"):
            raise LookupError(f"{what!r} is disabled")
        return component

    # What it sends

    def _named(self, command: Json) -> Json:
        scope = {"guild_id": command["guild_id"]} if "guild_id" in command else {}
        return {"id": command["id"], "name": command["name"], "type": command["type"], **scope}

    async def _use(self, user: User, message: Message, data: Json) -> Seen:
        channel = self._discord.channels[message.channel]
        types = [GUILD_INSTALL, USER_INSTALL]
        told = (message.interaction or {}).get("authorizing_integration_owners")
        owners = told or self._owners(user, channel, types)
        return await self._act(kinds.COMPONENT, user, channel, owners, data, message)

    async def _act(
        self,
        type: int,
        user: User,
        channel: Channel,
        owners: dict[str, str],
        data: Json,
        source: Message | None = None,
    ) -> Seen:
        """Tell the bot, and wait for its first answer."""
        seen = Seen(self._discord, user)
        id, now = self._discord.new_id(), self._discord.clock()
        token = f"interaction-token-{id}"
        interaction = Interaction(id, type, token, user, channel, owners, seen, now, source)
        seen.interaction = self._discord.interactions[token] = interaction
        self._discord.gateway.tell("INTERACTION_CREATE", self._payload(interaction, data))
        try:
            within = self._discord.answer_seconds
            await self._discord.until(lambda: interaction.answer, within=within)
        except TimeoutError:
            interaction.expired = True
            seen.error = _UNANSWERED[type]
        return seen

    def _payload(self, interaction: Interaction, data: Json) -> Json:
        user, channel, now = interaction.user, interaction.channel, self._discord.clock()
        allowed = str(int(self._discord.allowed(user, channel)))
        payload: Json = {
            "id": interaction.id,
            "application_id": APP_ID,
            "type": interaction.type,
            "token": interaction.token,
            "version": 1,
            "data": data,
            "channel_id": channel.id,
            "channel": channel.to_json(now) | {"permissions": allowed},
            "locale": "en-US",
            "app_permissions": str(int(self._discord.allowed(self._discord.bot, channel))),
            "entitlements": [],
            "authorizing_integration_owners": interaction.owners,
            "context": _context(channel),
            "attachment_size_limit": rules.FILE_BYTES,
        }
        if guild := self._guild(channel):
            payload |= {
                "guild_id": guild.id,
                "guild": {"id": guild.id, "locale": "en-US", "features": []},
                "guild_locale": "en-US",
                "member": guild.member(user) | {"permissions": allowed},
            }
        else:
            payload["user"] = user.to_json()
        if interaction.source:
            payload["message"] = self._discord.events.shown(interaction.source)
        return payload


def _context(channel: Channel) -> int:
    if channel.guild:
        return IN_GUILD
    return IN_BOT_DM if channel.kind == DM else IN_PRIVATE
