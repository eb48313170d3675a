"""The methods views.*: what opens and changes modals and home tabs."""

from __future__ import annotations

from tests.fakes.slack.call import Call, SlackError
from tests.fakes.slack.model import Json, View

TRIGGER_SECONDS = 3.0


def _open(call: Call) -> Json:
    call.valid()
    _unused(call)
    view = call.slack.screens.open(_exchange(call), call.args["view"])
    return {"view": view.to_json()}


def _push(call: Call) -> Json:
    call.valid()
    _unused(call)
    view = call.slack.screens.push(_exchange(call), call.args["view"])
    return {"view": view.to_json()}


def _update(call: Call) -> Json:
    call.valid()
    screens = call.slack.screens
    view = screens.find(call.text("view_id"), call.text("external_id"))
    if view is None or view.team != call.team.id:
        raise SlackError("not_found")
    _same(call, view)
    screens.change(view, call.args["view"])
    return {"view": view.to_json()}


def _publish(call: Call) -> Json:
    call.valid()
    user = call.user("user_id", "invalid_arguments")
    shown = call.slack.screens.home(user.id)
    if shown:
        _same(call, shown)
    return {"view": call.slack.screens.publish(user.id, call.args["view"]).to_json()}


def _exchange(call: Call) -> str:
    """Use up the trigger and return whose it was."""
    trigger = call.slack.triggers.get(call.text("trigger_id"))
    if trigger is None or trigger.team != call.team.id:
        raise SlackError("invalid_trigger_id")
    if trigger.used:
        raise SlackError("exchanged_trigger_id")
    if call.slack.clock() - trigger.issued > TRIGGER_SECONDS:
        raise SlackError("expired_trigger_id")
    trigger.used = True
    return trigger.user


def _unused(call: Call) -> None:
    external_id = call.args["view"].get("external_id", "")
    if external_id and call.slack.screens.find("", external_id):
        raise SlackError("duplicate_external_id")


def _same(call: Call, view: View) -> None:
    if call.text("hash") and call.text("hash") != view.hash:
        raise SlackError("hash_conflict")


METHODS = {
    "views.open": _open,
    "views.push": _push,
    "views.update": _update,
    "views.publish": _publish,
}
