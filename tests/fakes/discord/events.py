"""What the bot is told, and how a message looks to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fakes.discord.gateway import DIRECT_MESSAGES, GUILD_MESSAGES, GUILDS
from tests.fakes.discord.model import DM, Channel, Guild, Json, Message, Permission

if TYPE_CHECKING:
    from tests.fakes.discord.platform import Discord

HAS_THREAD = 1 << 5


class Events:
    """Each method sends a gateway event to the sessions that may have it."""

    def __init__(self, discord: Discord) -> None:
        self._discord = discord

    def shown(self, message: Message, *, content: bool = False) -> Json:
        """A message as the bot gets it; others' content only where it may read that."""
        discord = self._discord
        said = message.to_json()
        if message.thread and message.thread in discord.channels:
            said["thread"] = discord.channels[message.thread].to_json(discord.clock())
            said["flags"] |= HAS_THREAD
        mine = message.author is discord.bot or discord.bot in message.mentions
        direct = discord.channels[message.channel].kind == DM
        if not (mine or direct or content or discord.message_content):
            said |= {"content": "", "embeds": [], "attachments": [], "components": []}
        return said

    def guild_create(self, guild: Guild) -> Json:
        """A guild as GUILD_CREATE has it; without privileged intents the bot is its only member."""
        now, inside = self._discord.clock(), self._discord.channels_of(guild)
        active = [one for one in inside if one.thread and not one.thread.closed(now)]
        return guild.to_json() | {
            "joined_at": None,
            "large": False,
            "member_count": len(guild.members),
            "members": [guild.member(self._discord.bot)],
            "channels": [one.to_json(now) for one in inside if not one.thread],
            "threads": [one.to_json(now) for one in active],
            **{name: [] for name in ("voice_states", "presences", "stage_instances")},
            **{name: [] for name in ("guild_scheduled_events", "soundboard_sounds")},
        }

    def joined(self, guild: Guild) -> None:
        """Without ``unavailable`` it is a new guild, not one that READY announced (discord.py)."""
        self._discord.gateway.tell("GUILD_CREATE", self.guild_create(guild), GUILDS)

    def left(self, guild: Guild) -> None:
        self._discord.gateway.tell("GUILD_DELETE", {"id": guild.id}, GUILDS)
        self._discord.changed()

    def channel(self, event: str, channel: Channel) -> None:
        """CHANNEL_ or THREAD_ and what happened, for instance ``UPDATE``, where the bot sees it."""
        discord = self._discord
        said = channel.to_json(discord.clock())
        if channel.thread and event == "CREATE":
            said["newly_created"] = True
        name = "THREAD" if channel.thread else "CHANNEL"
        if Permission.VIEW_CHANNEL in discord.allowed(discord.bot, channel):
            discord.gateway.tell(f"{name}_{event}", said, GUILDS)
        discord.changed()

    def message(self, event: str, message: Message) -> None:
        """MESSAGE_ and what happened; nothing of an ephemeral one."""
        discord = self._discord
        channel = discord.channels[message.channel]
        if message.only_for or Permission.VIEW_CHANNEL not in discord.allowed(discord.bot, channel):
            discord.changed()
            return
        said: Json = {"id": message.id, "channel_id": channel.id}
        if event != "DELETE":
            said = self.shown(message) | ({"nonce": message.nonce} if message.nonce else {})
        guild = discord.guilds.get(channel.guild)
        if guild:
            said["guild_id"] = guild.id
        if guild and "author" in said:
            member = guild.member(message.author)
            said["member"] = {name: value for name, value in member.items() if name != "user"}
        intents = GUILD_MESSAGES if guild else DIRECT_MESSAGES
        discord.gateway.tell(f"MESSAGE_{event}", said, intents)
        discord.changed()
