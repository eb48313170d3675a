"""Slack as a chat: what is posted on time goes out here; people come in by the doors."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import aiohttp
from aiohttp import web
from slack_bolt.adapter.aiohttp import to_aiohttp_response, to_bolt_request
from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.errors import SlackApiError
from slack_sdk.signature import SignatureVerifier
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import DeliveryError, Finding, Handle, RenderAs, Teams
from adapters.slack.api import Api, new_session
from adapters.slack.checkup import checkup
from adapters.slack.doors import Doors
from adapters.slack.errors import code, refusal
from adapters.slack.link import Link
from adapters.slack.people import People
from adapters.slack.redact import sdk_logger
from adapters.slack.render import render, speech
from adapters.slack.talk import Talk
from commands.model import Command, Reply
from storage.model import Payload, Standing, Target

_log = logging.getLogger(__name__)

PATH = "/slack/events"
_STOP_SECONDS = 0.8
"""For each of the two steps of stopping."""


class Slack:
    """One workspace, by Socket Mode where there is an app token, else by signed HTTP requests.

    ``session`` is used for all calls; without one, ``start`` opens its own.  ``web`` gets the
    route of the HTTP requests at once, so that it may be served before ``start``.  With
    ``admins_only``, the workspace's administrators and owners alone may set up posts.

    Raises ValueError where neither door can be opened.
    """

    name = "slack"
    pace = timedelta(seconds=1)

    def __init__(
        self,
        session: aiohttp.ClientSession | None,
        *,
        bot_token: str,
        app_token: str | None,
        signing_secret: str | None,
        api_url: str = "https://slack.com/api/",
        admins_only: bool = False,
        web: web.Application | None = None,
        teams: Teams | None = None,
    ) -> None:
        self._session = session
        self._own_session: aiohttp.ClientSession | None = None
        self._bot_token = bot_token
        self._app_token = app_token
        self._api_url = api_url
        self._admins_only = admins_only
        self._teams = teams
        self._verifier = None if app_token else _verifier(signing_secret)
        self._forged = 0
        self._team = ""
        self._api: Api | None = None
        self._talk: Talk | None = None
        self._app: AsyncApp | None = None
        self._link: Link | None = None
        if not app_token:
            if web is None:
                raise ValueError(
                    "Slack needs an app token (xapp-…) for Socket Mode, or a web server to take "
                    "its requests."
                )
            web.router.add_post(PATH, self._take)

    @property
    def team(self) -> str:
        """The workspace's id; empty until ``start``."""
        return self._team

    @property
    def connected(self) -> bool:
        return self._app is not None and (self._link is None or self._link.alive)

    async def start(self, commands: Sequence[Command], handle: Handle) -> None:
        """Connect.  Raises DeliveryError, permanent for a token that Slack does not take."""
        try:
            await self._start(commands, handle)
        except BaseException:
            await self.stop()
            raise

    async def _start(self, commands: Sequence[Command], handle: Handle) -> None:
        session = self._session
        if session is None:
            session = self._own_session = new_session()
        self._api = Api(session, self._api_url, self._bot_token)
        me = await self._introduced(self._api)
        self._team = str(me["team_id"])
        people = People(self._api.client, admins_only=self._admins_only)
        self._talk = Talk(self._api, people, handle, self._team, str(me["user"]))
        app = self._bolt(session, me)
        bot_user = str(me["user_id"])
        Doors(self._api, self._talk, commands, self._team, bot_user, self._teams).open(app)
        if self._app_token:
            await self._connect(app, self._app_token)
        self._app = app
        if self._teams:
            await self._teams.joined([self._team])
        _log.info("connected to Slack workspace %s", self._team)

    def render(self, reply: Reply, layout: RenderAs) -> list[Payload]:
        return render(reply, layout)

    async def send(self, target: Target, payload: Payload, parent: str | None, key: str) -> str:
        return await self._at(target.team).post(target.channel, payload, thread=parent, key=key)

    async def find(
        self, target: Target, key: str, parent: str | None, since: datetime
    ) -> str | None:
        return await self._at(target.team).find(target.channel, key, parent, since)

    async def standing(self, target: Target, since: datetime) -> list[Standing]:
        return await self._at(target.team).standing(target.channel, since)

    async def tell(self, team: str, person: str, text: str) -> None:
        api = self._at(team)
        assert self._talk
        try:
            channel = await self._talk.people.direct(person)
            await api.post(channel, speech(text))
        except Exception as error:
            raise refusal(error) or DeliveryError(
                f"Slack did not say whether it told them ({code(error)})."
            ) from None

    async def check(self, targets: Sequence[Target]) -> list[Finding]:
        """Works without ``start``, too."""
        return await checkup(self._api_url, self._bot_token, self._app_token, targets)

    async def stop(self) -> None:
        """Disconnect within two seconds, answers under way included."""
        link, self._link = self._link, None
        self._app = None
        if self._talk:
            await self._talk.later.stop(_STOP_SECONDS)
        if link:
            await link.shut(_STOP_SECONDS)
        if self._own_session:
            await self._own_session.close()

    # -- connecting ---------------------------------------------------------------------------

    def _at(self, team: str) -> Api:
        if self._api is None or not self._team:
            raise DeliveryError("Slack is not connected yet.")
        if team != self._team:
            raise DeliveryError(
                f"paperbot is in workspace {self._team}, and this is for {team}.", permanent=True
            )
        return self._api

    async def _introduced(self, api: Api) -> Any:
        """Who the bot is: the one auth.test."""
        try:
            return await api.client.auth_test()
        except Exception as error:
            raise _unconnected(error, "bot token (xoxb-…)", "OAuth & Permissions") from None

    def _bolt(self, session: aiohttp.ClientSession, me: Any) -> AsyncApp:
        """Bolt for dispatch alone: the signature is checked before, and the calls are ours."""

        ours = AuthorizeResult(
            enterprise_id=None,
            team_id=self._team,
            bot_id=me["bot_id"],
            bot_user_id=me["user_id"],
        )

        async def authorize() -> AuthorizeResult:
            return ours

        return AsyncApp(
            name="paperbot",
            logger=sdk_logger(),
            # Without a token: Bolt would ask auth.test about it on every request.
            client=AsyncWebClient(
                base_url=self._api_url, session=session, retry_handlers=[], logger=sdk_logger()
            ),
            authorize=authorize,
            process_before_response=True,
            request_verification_enabled=False,
            attaching_function_token_enabled=False,
        )

    async def _connect(self, app: AsyncApp, app_token: str) -> None:
        """Socket Mode.  The first address is asked for here, where a bad token can be told."""
        try:
            opened = await app.client.apps_connections_open(app_token=app_token)
        except Exception as error:
            raise _unconnected(error, "app token (xapp-…)", "Basic Information") from None
        self._link = Link(app, app_token, opened["url"])
        await self._link.connect()

    async def _take(self, request: web.Request) -> web.Response:
        """One HTTP request, if Slack signed it within the last five minutes."""
        if not self._signed(await request.read(), request):
            self._forged += 1
            _log.warning("refused a request that Slack did not sign; %d so far", self._forged)
            return web.Response(status=401)
        if self._app is None:
            return web.Response(status=503)
        return await to_aiohttp_response(
            await self._app.async_dispatch(await to_bolt_request(request))
        )

    def _signed(self, body: bytes, request: web.Request) -> bool:
        assert self._verifier
        try:
            return self._verifier.is_valid(
                body,
                request.headers.get("X-Slack-Request-Timestamp"),
                request.headers.get("X-Slack-Signature"),
            )
        except (ValueError, TypeError):  # no number, no UTF-8, no ASCII
            return False


def _verifier(signing_secret: str | None) -> SignatureVerifier:
    if not (signing_secret or "").strip():
        raise ValueError(
            "Slack needs an app token (xapp-…) for Socket Mode, or the signing secret for HTTP "
            "requests; both are on the app's page at api.slack.com/apps."
        )
    return SignatureVerifier(str(signing_secret))


def _unconnected(error: Exception, what: str, where: str) -> DeliveryError:
    """Why it cannot start; the token is not told."""
    said = isinstance(error, SlackApiError) and refusal(error)
    if said and said.retry_after is None:
        return DeliveryError(
            f"Slack does not take the {what}: {code(error)}. Copy it anew from “{where}” on the "
            "app's page at api.slack.com/apps.",
            permanent=True,
        )
    return said or DeliveryError(f"Slack cannot be reached at the moment ({code(error)}).")
