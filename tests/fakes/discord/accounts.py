"""Routes about the application, its user, guilds and members, and its commands."""

from __future__ import annotations

from typing import Any

from tests.fakes.discord.call import Call, DiscordError, Route
from tests.fakes.discord.model import APP_ID, Json

CREATES_A_DAY = 200
DAY_SECONDS = 86_400


def _gateway(call: Call) -> Json:
    return {"url": call.discord.gateway_url}


def _gateway_bot(call: Call) -> Json:
    limit = {"total": 1000, "remaining": 1000, "reset_after": 0, "max_concurrency": 1}
    return {"url": call.discord.gateway_url, "shards": 1, "session_start_limit": limit}


def application(call: Call) -> Json:
    return {
        "id": APP_ID,
        "name": call.discord.bot.name,
        "icon": None,
        "description": "",
        "summary": "",
        "bot_public": True,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": 0,
        "team": None,
        "owner": call.discord.owner.to_json(),
        "integration_types_config": {"0": {}, "1": {}},
        "approximate_guild_count": sum(guild.installed for guild in call.discord.guilds.values()),
    }


def _me(call: Call) -> Json:
    return call.discord.bot.to_json() | {"verified": True, "mfa_enabled": False, "flags": 0}


def _user(call: Call) -> Json:
    user = call.discord.users.get(call.where["user"])
    if user is None:
        raise DiscordError(10013)
    return user.to_json()


def _open_dm(call: Call) -> Json:
    user = call.discord.users.get(str(call.body.get("recipient_id")))
    if user is None:
        raise DiscordError(10013)
    return call.discord.direct(user).to_json(call.discord.clock())


def _guilds(call: Call) -> list[Json]:
    here = [guild for guild in call.discord.guilds.values() if guild.installed]
    bot = call.discord.bot.id
    return [
        {**guild.to_json(), "owner": False, "permissions": str(int(guild.allowed(bot)))}
        for guild in here
    ]


def _leave_guild(call: Call) -> None:
    call.discord.kick_bot(call.guild())


def _guild(call: Call) -> Json:
    return call.guild().to_json()


def _guild_channels(call: Call) -> list[Json]:
    guild, now = call.guild(), call.discord.clock()
    return [one.to_json(now) for one in call.discord.channels_of(guild) if not one.thread]


def _roles(call: Call) -> list[Json]:
    return call.guild().role_list()


def _member(call: Call) -> Json:
    guild, user = call.guild(), call.discord.users.get(call.where["user"])
    if user is None:
        raise DiscordError(10013)
    if user.id not in guild.members:
        raise DiscordError(10007)
    return guild.member(user)


# Commands


def _scope(call: Call) -> str:
    """The guild whose commands are meant, or "" for the global ones."""
    if call.where["app"] != APP_ID:
        raise DiscordError(20012)
    return call.guild().id if "guild" in call.where else ""


def _commands(call: Call) -> list[Json]:
    return list(call.discord.commands[_scope(call)].values())


def _overwrite_commands(call: Call) -> list[Json]:
    """What is there by type and name is updated; the rest is created, and counts as such."""
    scope = _scope(call)
    call.valid("commands")
    known = {_key(one): one for one in call.discord.commands[scope].values()}
    _count_creates(call, scope, [one for one in call.body if _key(one) not in known])
    kept = [_stored(call, scope, known.get(_key(one)), one) for one in call.body]
    call.discord.commands[scope] = {one["id"]: one for one in kept}
    call.discord.syncs[scope] += 1
    return kept


def _create_command(call: Call) -> Json:
    scope = _scope(call)
    call.valid("command")
    known = {_key(one): one for one in call.discord.commands[scope].values()}
    call.valid(
        "commands", [*(one for key, one in known.items() if key != _key(call.body)), call.body]
    )
    if _key(call.body) not in known:
        _count_creates(call, scope, [call.body])
    stored = _stored(call, scope, known.get(_key(call.body)), call.body)
    call.discord.commands[scope][stored["id"]] = stored
    return stored


def _command(call: Call) -> Json:
    found = call.discord.commands[_scope(call)].get(call.where["command"])
    if found is None:
        raise DiscordError(10063)
    return found


def _delete_command(call: Call) -> None:
    del call.discord.commands[_scope(call)][_command(call)["id"]]


def _key(command: Json) -> tuple[int, str]:
    return command.get("type") or 1, command["name"]


def _count_creates(call: Call, scope: str, new: list[Any]) -> None:
    now, made = call.discord.clock(), call.discord.creates[scope]
    made[:] = [then for then in made if then > now - DAY_SECONDS]
    if len(made) + len(new) > CREATES_A_DAY:
        raise DiscordError(30034)
    made += [now] * len(new)


def _stored(call: Call, scope: str, known: Json | None, body: Json) -> Json:
    """A command as Discord gives it back, with the defaults that it fills in."""
    needed = body.get("default_member_permissions")
    return {
        "description": "",
        "options": [],
        "nsfw": False,
        "contexts": None,
        "integration_types": [0],
        **{name: value for name, value in body.items() if value is not None},
        "type": body.get("type") or 1,
        "default_member_permissions": None if needed is None else str(needed),
        "id": known["id"] if known else call.discord.new_id(),
        "application_id": APP_ID,
        "version": call.discord.new_id(),
        **({"guild_id": scope} if scope else {}),
    }


def _command_routes(base: str, kind: str) -> tuple[Route, ...]:
    return (
        Route("GET", base, f"list_{kind}commands", _commands),
        Route("PUT", base, f"overwrite_{kind}commands", _overwrite_commands),
        Route("POST", base, f"create_{kind}command", _create_command),
        Route("GET", f"{base}/{{command}}", f"get_{kind}command", _command),
        Route("DELETE", f"{base}/{{command}}", f"delete_{kind}command", _delete_command),
    )


ROUTES = (
    Route("GET", "/gateway", "get_gateway", _gateway, token=False),
    Route("GET", "/gateway/bot", "get_gateway_bot", _gateway_bot),
    Route("GET", "/oauth2/applications/@me", "get_application", application),
    Route("GET", "/applications/@me", "get_application", application),
    Route("GET", "/users/@me", "get_me", _me),
    Route("GET", "/users/@me/guilds", "list_my_guilds", _guilds),
    Route("DELETE", "/users/@me/guilds/{guild}", "leave_guild", _leave_guild),
    Route("POST", "/users/@me/channels", "open_dm", _open_dm),
    Route("GET", "/users/{user}", "get_user", _user),
    Route("GET", "/guilds/{guild}", "get_guild", _guild),
    Route("GET", "/guilds/{guild}/channels", "list_guild_channels", _guild_channels),
    Route("GET", "/guilds/{guild}/roles", "list_roles", _roles),
    Route("GET", "/guilds/{guild}/members/{user}", "get_member", _member),
    *_command_routes("/applications/{app}/commands", ""),
    *_command_routes("/applications/{app}/guilds/{guild}/commands", "guild_"),
)
