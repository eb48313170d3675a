"""Looking at what can be wrong with the app, its tokens, its scopes and its channels."""

from __future__ import annotations

from collections.abc import Sequence

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from adapters.base import Finding
from adapters.slack.api import Api, new_session
from adapters.slack.errors import code, refusal
from adapters.slack.manifest import SCOPES
from storage.model import Target

_REINSTALL = "Add them under OAuth & Permissions at api.slack.com/apps, and install the app again."


async def checkup(
    api_url: str, bot_token: str, app_token: str | None, targets: Sequence[Target]
) -> list[Finding]:
    """One finding for each thing, the connection first.  Never raises."""
    async with new_session() as session:
        return await _examine(Api(session, api_url, bot_token).client, app_token, targets)


async def _examine(
    client: AsyncWebClient, app_token: str | None, targets: Sequence[Target]
) -> list[Finding]:
    try:
        me = await client.auth_test()
    except Exception as error:
        return [Finding("Slack", *_token_fault(error, "bot token (PAPERBOT_SLACK__BOT_TOKEN)"))]
    found = [Finding(f"Slack workspace {me['team']}")]
    granted = set(str(me.headers.get("x-oauth-scopes", "")).replace(" ", "").split(","))
    missing = [scope for scope in SCOPES if scope not in granted]
    fault = f"the app lacks {', '.join(missing)}" if missing else ""
    found.append(Finding("Slack scopes", fault, _REINSTALL if missing else ""))
    if app_token:
        found.append(await _examine_socket(client, app_token))
    return found + [await _examine_channel(client, target, me["team_id"]) for target in targets]


async def _examine_socket(client: AsyncWebClient, app_token: str) -> Finding:
    about = "Slack Socket Mode"
    try:
        await client.apps_connections_open(app_token=app_token)
    except Exception as error:
        return Finding(about, *_token_fault(error, "app token (PAPERBOT_SLACK__APP_TOKEN)"))
    return Finding(about)


async def _examine_channel(client: AsyncWebClient, target: Target, team: str) -> Finding:
    about = f"Slack #{target.channel}"
    if target.team != team:
        return Finding(about, f"it is in workspace {target.team}", "Use that workspace's token.")
    if target.channel.startswith("D"):
        return Finding(about)
    try:
        channel = (await client.conversations_info(channel=target.channel))["channel"]
    except Exception as error:
        refused = refusal(error)
        return Finding(about, str(refused or code(error)), "Mend it, or remove the subscription.")
    if channel.get("is_archived"):
        return Finding(about, "it is archived", "Unarchive it, or remove the subscription.")
    if not channel.get("is_member"):
        return Finding(about, "paperbot is not in it", "Write /invite @paperbot in the channel.")
    return Finding(about)


def _token_fault(error: Exception, what: str) -> tuple[str, str]:
    """What is wrong, and what to do."""
    if isinstance(error, SlackApiError) and refusal(error):
        return f"it does not take the {what}: {code(error)}", "Run paperbot setup to set another."
    return f"it cannot be reached ({code(error)})", "Look at the network, and try again."
