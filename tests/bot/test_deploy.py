"""The files of deploy/ against what they speak of: other files, settings, commands."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import tomllib
from pathlib import Path
from subprocess import DEVNULL
from typing import Any

from adapters.probes import add_probes
from adapters.server import Server
from bot.settings import PREFIX, names
from tests.processes import NOWHERE

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text().replace("\\\n", "")


def test_every_setting_that_is_named_exists() -> None:
    known = {name for name, _, _ in names()}
    for path in [*DEPLOY.iterdir(), *ROOT.glob("docs/*.md"), ROOT / "README.md"]:
        named = set(re.findall(rf"{PREFIX}\w+", path.read_text()))
        assert named <= known, path.name


def test_the_image_holds_all_that_is_installed_and_nothing_else() -> None:
    project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())
    packages = project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
    copied = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    sources = {source for line in copied for source in line.split()}
    about = project["project"]
    assert {*packages, "pyproject.toml", about["readme"], *about["license-files"]} <= sources
    assert all((ROOT / source).exists() for source in sources)
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text()
    assert set(re.findall(r"^!(.+)$", ignored, re.MULTILINE)) == sources


def test_what_is_started_exists() -> None:
    project: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())
    (entry,) = re.findall(r"^ENTRYPOINT (.+)$", DOCKERFILE, re.MULTILINE)
    unit = (DEPLOY / "paperbot.service").read_text()
    (started,) = re.findall(r"^ExecStart=\S+/(\S+) run$", unit, re.MULTILINE)
    assert {started, *json.loads(entry)} == set(project["project"]["scripts"])


def test_the_port_and_the_folder_are_the_image_s() -> None:
    compose = (DEPLOY / "compose.yaml").read_text()
    (port,) = re.findall(rf"{PREFIX}HTTP__PORT=(\d+)", DOCKERFILE)
    (folder,) = re.findall(r"^VOLUME (.+)$", DOCKERFILE, re.MULTILINE)
    assert f'"127.0.0.1:{port}:{port}"' in compose
    assert f"paperbot:{folder}\n" in compose


async def test_the_image_is_healthy_while_the_process_answers() -> None:
    async def nothing() -> Any:
        raise NotImplementedError

    (told,) = re.findall(r"^HEALTHCHECK .* CMD (.+)$", DOCKERFILE, re.MULTILINE)
    _, *arguments = json.loads(told)

    async def check(port: str) -> int | None:
        process = await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={f"{PREFIX}HTTP__PORT": port}, stderr=DEVNULL
        )
        return await process.wait()

    server = Server(port=0)
    add_probes(server, nothing, nothing, "text/plain")
    await server.start()
    try:
        assert await check(server.url.rstrip("/").rpartition(":")[2]) == 0
    finally:
        await server.stop()
    assert await check(NOWHERE.rpartition(":")[2]) == 1
