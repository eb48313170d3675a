"""Uploads: a URL to put the bytes at, and the call that shares them in a channel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aiohttp import web

from tests.fakes.slack.call import Call, SlackError
from tests.fakes.slack.model import Json

if TYPE_CHECKING:
    from tests.fakes.slack.workspace import Workspace


@dataclass(slots=True)
class File:
    id: str
    team: str
    name: str
    length: int
    title: str = ""
    content: bytes | None = None


class Files:
    """Every file by id, with its bytes once they have come."""

    def __init__(self, slack: Workspace) -> None:
        self._slack = slack
        self.by_id: dict[str, File] = {}

    def new(self, team: str, name: str, length: int) -> File:
        file = File(self._slack.new_id("F"), team, name, length)
        self.by_id[file.id] = file
        return file

    async def handle(self, request: web.Request) -> web.Response:
        """Take the bytes; no token, as the URL itself is the secret."""
        file = self.by_id.get(request.match_info["id"])
        if file is None or file.content is not None:
            return web.Response(status=404, text="unknown upload")
        file.content = await request.read()
        return web.Response(text=f"OK - {len(file.content)}")


def _get_upload_url(call: Call) -> Json:
    call.need("files:write")
    name, length = call.text("filename"), call.number("length", 0)
    if not name or not length:
        raise SlackError("missing_argument")
    file = call.slack.files.new(call.team.id, name, length)
    return {"upload_url": call.slack.url(f"/upload/{file.id}"), "file_id": file.id}


def _complete(call: Call) -> Json:
    call.need("files:write")
    listed = call.args.get("files")
    if not isinstance(listed, list):
        raise SlackError("invalid_arguments", ["invalid `files`"])
    files = [_finished(call, str(item.get("id")), item.get("title")) for item in listed]
    said = [{"id": file.id, "title": file.title} for file in files]
    if call.text("channel_id"):
        channel = call.slack.channels.get(call.text("channel_id"))
        if channel is None or call.team.bot_user not in channel.members:
            raise SlackError("invalid_channel")
        call.slack.post(
            channel,
            call.team.bot_user,
            text=call.text("initial_comment"),
            files=[{**told, "name": file.name} for told, file in zip(said, files, strict=True)],
            thread_ts=call.text("thread_ts") or None,
        )
    return {"files": said}


def _finished(call: Call, id: str, title: str | None) -> File:
    file = call.slack.files.by_id.get(id)
    if file is None or file.team != call.team.id or file.content is None:
        raise SlackError("file_not_found")
    if len(file.content) != file.length:
        raise SlackError("file_update_failed")
    file.title = title or file.name
    return file


METHODS = {
    "files.getUploadURLExternal": _get_upload_url,
    "files.completeUploadExternal": _complete,
}
