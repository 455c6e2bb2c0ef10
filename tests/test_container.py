"""The container files, read: what they copy exists, nothing runs as root, ports and names fit."""

from __future__ import annotations

import fnmatch
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from transferkit import __version__
from transferkit.cli.main import COMMANDS
from transferkit.export.formats import find_format
from transferkit.server.settings import ServerConfig
from transferkit.storage.run import EXPORT_FOLDER

ROOT = Path(__file__).parent.parent
LINES = (ROOT / "Containerfile").read_text("utf-8").replace("\\\n", " ").splitlines()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]
PINNED = re.compile(r"[\w./-]+:\d+\.\d+\.\d+[\w.-]*")


def instructions(name):
    """The arguments of each instruction `name`, stage after stage."""
    return [line.split(None, 1)[1].strip() for line in LINES if line.startswith(f"{name} ")]


def test_what_is_copied_exists_and_is_not_ignored():
    copies = [text.split() for text in instructions("COPY") if not text.startswith("--from")]
    paths = [path for *sources, _ in copies for path in sources]
    assert [path for path in paths if not (ROOT / path).exists()] == []
    allowed = [
        line[1:]
        for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines()
        if line.startswith("!")
    ]
    assert [p for p in paths if not any(fnmatch.fnmatch(p, rule) for rule in allowed)] == []


def test_images_are_pinned_to_a_version():
    images = [text.split()[0] for text in instructions("FROM")]
    images += [service["image"] for service in COMPOSE.values()]
    assert len(images) == 4
    assert [image for image in images if not PINNED.fullmatch(image)] == []
    assert COMPOSE["transferkit"]["image"] == f"transferkit:{__version__}"


def test_nobody_is_root():
    users = [*instructions("USER"), *(service["user"] for service in COMPOSE.values())]
    assert users[0] == instructions("USER")[-1]
    assert [user for user in users if user.split(":")[0] in ("root", "0")] == []
    first_run = next(index for index, line in enumerate(LINES) if line.startswith("ENTRYPOINT"))
    assert any(line.startswith("USER") for line in LINES[:first_run])
    assert all(
        service["read_only"] and service["cap_drop"] == ["ALL"] for service in COMPOSE.values()
    )


def test_ports_fit():
    (port,) = instructions("EXPOSE")
    command = json.loads(instructions("ENTRYPOINT")[0])
    assert port == str(ServerConfig().port)
    assert command[command.index("--port") + 1] == port
    assert f"127.0.0.1:{port}/" in instructions("HEALTHCHECK")[0]
    assert COMPOSE["transferkit"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert COMPOSE["tensorflow-serving"]["ports"] == ["127.0.0.1:8501:8501"]  # its REST API


def test_the_command_is_one_of_transferkit():
    program, name, *_ = json.loads(instructions("ENTRYPOINT")[0])
    assert program == "transferkit"
    assert name in {command.name for command in COMMANDS}


def test_the_saved_model_is_where_an_export_is():
    (volume,) = COMPOSE["tensorflow-serving"]["volumes"]
    row = find_format("saved_model")
    versions = Path(row.model).parent  # with the folder of a version in it, such as 1
    assert Path(row.model).name.isdecimal()
    assert f"}}/{EXPORT_FOLDER}/{row.name}/{versions}:/models/classifier:ro" in volume
    assert COMPOSE["tensorflow-serving"]["environment"] == {"MODEL_NAME": "classifier"}


def docker_runs():
    docker = shutil.which("docker")
    return docker and not subprocess.run([docker, "info"], capture_output=True).returncode


@pytest.mark.slow
def test_the_image_is_built():
    if not docker_runs():
        pytest.skip("no Docker daemon runs here, so the image was read and not built")
    command = ["docker", "build", "-f", "Containerfile", "-t", "transferkit-test", "."]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-2000:]
