"""Answers to interactions: the callback, and the webhook of an interaction's token.

interactions/receiving-and-responding.mdx.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.fakes.discord import messages, rules
from tests.fakes.discord.call import Call, DiscordError, Route
from tests.fakes.discord.model import APP_ID, Channel, Json, Message, User
from tests.fakes.discord.schema import Violation, errors

if TYPE_CHECKING:
    from tests.fakes.discord.seen import Seen

TOKEN_SECONDS = 900.0
USER_INSTALL_FOLLOWUPS = 5

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5
MESSAGE, DEFER, DEFER_UPDATE, UPDATE, CHOICES, MODAL = 4, 5, 6, 7, 8, 9
_ANSWERS = {
    COMMAND: (MESSAGE, DEFER, MODAL),
    COMPONENT: (MESSAGE, DEFER, DEFER_UPDATE, UPDATE, MODAL),
    AUTOCOMPLETE: (CHOICES,),
    SUBMIT: (MESSAGE, DEFER),
}


@dataclass(slots=True)
class Interaction:
    """One thing that a person did, from the event to the end of its token.

    ``source``: the message whose component it was.  ``original``: what ``@original`` names.
    ``answer``: the type of the callback, 0 before it.  ``expired``: nobody answered in time.
    """

    id: str
    type: int
    token: str
    user: User
    channel: Channel
    owners: dict[str, str]
    seen: Seen
    began: float
    source: Message | None = None
    original: Message | None = None
    answer: int = 0
    expired: bool = False
    followups: int = 0

    @property
    def fitting(self) -> tuple[int, ...]:
        """The types of callback that fit."""
        from_component = self.type == SUBMIT and self.source is not None
        return (*_ANSWERS[self.type], *((DEFER_UPDATE, UPDATE) if from_component else ()))

    def metadata(self) -> Json:
        """What a message says of the interaction that it answers."""
        return {
            "id": self.id,
            "type": self.type,
            "user": self.user.to_json(),
            "authorizing_integration_owners": self.owners,
        }


# The callback


def _respond(call: Call) -> Json | None:
    interaction = call.discord.interactions.get(call.where["token"])
    if interaction is None or interaction.id != call.where["interaction"] or interaction.expired:
        raise DiscordError(10062)
    if interaction.answer:
        raise DiscordError(40060)
    if interaction.channel.id not in call.discord.channels:
        raise DiscordError(10003)
    kind = call.body.get("type")
    if kind not in interaction.fitting:
        listed = ", ".join(map(str, interaction.fitting))
        sentence = f"Value must be one of {{{listed}}}."
        raise DiscordError(50035, errors([Violation(("type",), "BASE_TYPE_CHOICES", sentence)]))
    _ANSWERED[kind](call, interaction, call.body.get("data") or {})
    interaction.answer = kind
    shown = interaction.original if kind in (MESSAGE, DEFER, UPDATE) else None
    if call.query.get("with_response") not in ("1", "true"):
        return None
    return _callback(call, interaction, kind, shown)


def _callback(call: Call, interaction: Interaction, kind: int, shown: Message | None) -> Json:
    told: Json = {"id": interaction.id, "type": interaction.type}
    if shown:
        told |= {
            "response_message_id": shown.id,
            "response_message_loading": bool(shown.flags & rules.LOADING),
            "response_message_ephemeral": shown.only_for is not None,
        }
    resource: Json = {"type": kind}
    if shown and kind in (MESSAGE, UPDATE):
        resource["message"] = call.discord.events.shown(shown)
    return {"interaction": told, "resource": resource}


def _message(call: Call, interaction: Interaction, data: Json) -> None:
    call.valid("answer", data, ("data",))
    interaction.original = _say(call, interaction, data)


def _defer(call: Call, interaction: Interaction, data: Json) -> None:
    if (data.get("flags") or 0) & ~rules.EPHEMERAL:
        sentence = "Only EPHEMERAL may be set when a message is deferred"
        raise DiscordError(50035, errors([Violation(("data", "flags"), "FLAGS_INVALID", sentence)]))
    flags = rules.LOADING | (data.get("flags") or 0)
    interaction.original = _say(call, interaction, {"flags": flags})


def _defer_update(call: Call, interaction: Interaction, data: Json) -> None:
    interaction.original = interaction.source


def _update(call: Call, interaction: Interaction, data: Json) -> None:
    assert interaction.source is not None
    messages.change(call, interaction.source, "answer_edit", data, ("data",))
    interaction.original = interaction.source
    interaction.seen.messages.append(interaction.source)


def _choices(call: Call, interaction: Interaction, data: Json) -> None:
    call.valid("autocomplete", data, ("data",))
    interaction.seen.choices = data["choices"]


def _modal(call: Call, interaction: Interaction, data: Json) -> None:
    call.valid("modal", data, ("data",))
    interaction.seen.modal = data


_ANSWERED = {
    MESSAGE: _message,
    DEFER: _defer,
    DEFER_UPDATE: _defer_update,
    UPDATE: _update,
    CHOICES: _choices,
    MODAL: _modal,
}


def _say(call: Call, interaction: Interaction, body: Json) -> Message:
    """A new message in answer, ephemeral where its flag says so."""
    said: dict[str, Any] = messages.fields(call, body)
    hidden = said["flags"] & rules.EPHEMERAL
    message = call.discord.post(
        interaction.channel,
        call.discord.bot,
        interaction=interaction.metadata(),
        only_for=interaction.user.id if hidden else None,
        type=20 if interaction.type == COMMAND else 0,
        **said,
    )
    interaction.seen.messages.append(message)
    return message


# The webhook of the token


def _interaction(call: Call) -> Interaction:
    """The interaction of the token, if that is good and was answered."""
    found = call.discord.interactions.get(call.where["token"])
    if call.where["app"] != APP_ID or found is None:
        raise DiscordError(50027)
    if call.discord.clock() - found.began > TOKEN_SECONDS:
        raise DiscordError(50027)
    if found.expired or not found.answer:
        raise DiscordError(10015)
    if found.channel.id not in call.discord.channels:
        raise DiscordError(10003)
    return found


def _follow_up(call: Call) -> Json:
    interaction = _interaction(call)
    original = interaction.original
    if original and interaction.answer == DEFER and original.flags & rules.LOADING:
        # For backwards compatibility this edits; the flag of the deferral stands.
        return _edited(call, interaction, original)
    call.valid("answer")
    if "0" not in interaction.owners and interaction.followups >= USER_INSTALL_FOLLOWUPS:
        raise DiscordError(40094)
    interaction.followups += 1
    return call.discord.events.shown(_say(call, interaction, call.body))


def _named(call: Call, interaction: Interaction) -> Message:
    """The message of the path, if it is of this interaction."""
    own = [*interaction.seen.messages, *filter(None, [interaction.source])]
    if call.where["message"] == "@original":
        own = [interaction.original] if interaction.original else []
    else:
        own = [one for one in own if one.id == call.where["message"]]
    if not own or own[0].deleted:
        raise DiscordError(10008)
    return own[0]


def _get(call: Call) -> Json:
    return call.discord.events.shown(_named(call, _interaction(call)))


def _edit(call: Call) -> Json:
    interaction = _interaction(call)
    return _edited(call, interaction, _named(call, interaction))


def _edited(call: Call, interaction: Interaction, message: Message) -> Json:
    messages.change(call, message, "answer_edit", call.body)
    message.flags &= ~rules.LOADING
    if not any(one is message for one in interaction.seen.messages):
        interaction.seen.messages.append(message)
    return call.discord.events.shown(message)


def _delete(call: Call) -> None:
    call.discord.delete(_named(call, _interaction(call)))


_HOOK = "/webhooks/{app}/{token}"
ROUTES = (
    Route(
        "POST",
        "/interactions/{interaction}/{token}/callback",
        "create_interaction_response",
        _respond,
        token=False,
    ),
    Route("POST", _HOOK, "execute_webhook", _follow_up, token=False),
    Route("GET", f"{_HOOK}/messages/{{message}}", "get_webhook_message", _get, token=False),
    Route("PATCH", f"{_HOOK}/messages/{{message}}", "edit_webhook_message", _edit, token=False),
    Route(
        "DELETE", f"{_HOOK}/messages/{{message}}", "delete_webhook_message", _delete, token=False
    ),
)
