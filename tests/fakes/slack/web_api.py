"""The Web API: one door, a table of methods, and the checks that all calls pass."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from aiohttp import web

from tests.fakes.mishaps import Fault, cut
from tests.fakes.slack import chat, conversations, files, views
from tests.fakes.slack.call import Call, SlackError
from tests.fakes.slack.model import APP_ID, Called, Json, Team

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace

Handler: TypeAlias = Callable[[Call], Json]

_STRUCTURED = ("blocks", "attachments", "metadata", "view", "unfurls", "files", "user_auth_blocks")


def _auth_test(call: Call) -> Json:
    return {
        "url": f"https://{call.team.domain}.slack.com/",
        "team": call.team.domain,
        "user": call.slack.users[call.team.bot_user].name,
        "team_id": call.team.id,
        "user_id": call.team.bot_user,
        "bot_id": call.team.bot_id,
        "is_enterprise_install": False,
    }


_METHODS: Mapping[str, Handler] = {
    "auth.test": _auth_test,
    **chat.METHODS,
    **conversations.METHODS,
    **views.METHODS,
    **files.METHODS,
}


class WebApi:
    """Answers ``/api/{method}`` as Slack does: HTTP 200 with ``ok`` false for most errors."""

    def __init__(self, slack: Workspace) -> None:
        self._slack = slack

    async def handle(self, request: web.Request) -> web.Response:
        method = request.match_info["method"]
        fault = self._slack.meet(method)
        args = await _arguments(request)
        if fault and not fault.stored and (broken := await strike(request, fault)):
            return broken
        answer = self._answer(request, method, args)
        if fault and fault.stored and (broken := await strike(request, fault)):
            return broken
        return answer

    def _answer(self, request: web.Request, method: str, args: Json) -> web.Response:
        try:
            if method == "apps.connections.open":
                return _ok(self._open_connection(request, args))
            team = self._team(_token(request, args))
            self._slack.calls.append(Called(method, team.id, args))
            self._throttle(team, method, args)
            handler = _METHODS.get(method)
            if handler is None:
                raise SlackError("unknown_method", req_method=method)
            said = handler(Call(self._slack, team, method, args))
        except SlackError as refused:
            if not refused.injected:
                self._slack.refuse(method, refused.error, refused.messages, args)
            return _refusal(refused)
        return _ok(said, {"x-oauth-scopes": ",".join(sorted(team.scopes))})

    def _team(self, token: str) -> Team:
        if not token:
            raise SlackError("not_authed")
        if token == self._slack.app_token:
            raise SlackError("not_allowed_token_type")
        for team in self._slack.teams.values():
            if team.bot_token == token:
                if team.revoked:
                    raise SlackError("token_revoked", injected=True)
                return team
        raise SlackError("invalid_auth")

    def _throttle(self, team: Team, method: str, args: Json) -> None:
        seconds = self._slack.throttle.wait(team.id, method, str(args.get("channel", "")))
        if seconds:
            raise SlackError("ratelimited", retry_after=seconds)

    def _open_connection(self, request: web.Request, args: Json) -> Json:
        token = _token(request, args)
        if not token:
            raise SlackError("not_authed")
        if token != self._slack.app_token:
            known = {team.bot_token for team in self._slack.teams.values()}
            raise SlackError("not_allowed_token_type" if token in known else "invalid_auth")
        ticket = self._slack.socket.new_ticket()
        return {"url": self._slack.url(f"/link/?ticket={ticket}&app_id={APP_ID}", "ws")}


async def strike(request: web.Request, fault: Fault) -> web.Response | None:
    """Let ``fault`` happen to a request; None where the request goes on after it."""
    if fault.action == "reset":
        return cut(request)
    if fault.action == "server_error":
        # Its reference: "It's possible some aspect of the operation succeeded".
        return web.json_response({"ok": False, "error": "internal_error"}, status=500)
    if fault.action == "rate_limited":
        refused = SlackError("ratelimited", retry_after=int(fault.seconds), injected=True)
        return _refusal(refused)
    await asyncio.sleep(fault.seconds)
    return None


def _ok(said: Json, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"ok": True, **said}, headers=headers)


def _refusal(refused: SlackError) -> web.Response:
    said: Json = {"ok": False, "error": refused.error, **refused.extra}
    if refused.messages:
        said["errors"] = refused.messages
        messages = [f"[ERROR] {message}" for message in refused.messages]
        said["response_metadata"] = {"messages": messages}
    if refused.retry_after:
        headers = {"Retry-After": str(refused.retry_after)}
        return web.json_response(said, status=429, headers=headers)
    return web.json_response(said)


async def _arguments(request: web.Request) -> Json:
    """The arguments from the query and from a form or a JSON body."""
    args: Json = dict(request.query)
    if request.content_type == "application/json":
        body = await request.text()
        args |= json.loads(body) if body else {}
    else:
        args |= dict(await request.post())
    return {name: _decoded(name, value) for name, value in args.items()}


def _decoded(name: str, value: Any) -> Any:
    """Forms carry structures as JSON texts; what is no JSON stays, for the rules to refuse."""
    if name in _STRUCTURED and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _token(request: web.Request, args: Json) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token if scheme == "Bearer" and token else str(args.pop("token", ""))
