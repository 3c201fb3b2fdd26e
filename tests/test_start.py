"""docs/start.md is a script; this runs it."""

import os
import re
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image
from project import ROOT, Project

PAGE = (ROOT / "docs" / "start.md").read_text()
ACTIVATE = 'export PATH="$PWD/.venv/bin:$PATH"\n'
COMMANDS = {
    "python": 'exec {python} "$@"\n',
    "millrace": 'exec {python} -m components "$@"\n',
}


def photos(folder):
    """Two classes that differ in their colour, as photos of several sizes."""
    random = np.random.default_rng(0)
    for name, colour in (("daisy", (200, 200, 60)), ("rose", (180, 30, 60))):
        (folder / name).mkdir(parents=True)
        for number in range(40):
            small = random.integers(0, 60, (6, 8, 3)) + np.array(colour) // 2
            size = (160 + number, 120 + number % 7)
            photo = Image.fromarray(small.astype(np.uint8)).resize(size, Image.Resampling.BICUBIC)
            photo.save(folder / name / f"IMG {number}.jpg")


def script():
    (block,) = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return block.splitlines()


@pytest.fixture
def installed(tmp_path):
    """What `make install` makes, of the environment that there is, in no time."""

    def install(folder):
        binaries = folder / ".venv" / "bin"
        binaries.mkdir(parents=True)
        (binaries / "activate").write_text(ACTIVATE)
        for name, text in COMMANDS.items():
            (binaries / name).write_text("#!/bin/sh\n" + text.format(python=sys.executable))
            (binaries / name).chmod(0o755)
        (folder / ".venv" / "installed").touch()

    return install


def test_the_page_does_what_it_says(tmp_path, installed):
    photos(tmp_path / "my photos")
    project = Project(tmp_path / "repository")
    for part in ("Makefile", "requirements.lock", "pyproject.toml"):
        (project.root / part).write_text((ROOT / part).read_text())
    project.commit("whole")
    clone, *others = script()
    (at,) = (place for place, line in enumerate(others) if line.startswith("millrace new"))
    others.insert(at + 1, "sed -i 's/epochs: 40/epochs: 2/; s/warmup: 2/warmup: 1/' "
                          "pipelines/flowers.yaml")  # fmt: skip
    variables = {"REPOSITORY": str(project.root), "PHOTOS": str(tmp_path / "my photos")}
    environment = project.environment(**variables)

    def shell(*lines):
        command = ["sh", "-ec", "\n".join(lines)]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )

    shell(clone).check_returncode()
    installed(tmp_path / "millrace")
    done = shell(*others)

    assert done.returncode == 0, done.stdout + done.stderr
    assert "pipelines/flowers.yaml: no mistakes; " in done.stdout
    assert re.search(r"^ingest@flowers .* 80 examples of 2 classes", done.stdout, re.MULTILINE)
    assert re.search(r"^report +reports/flowers/report.html$", done.stdout, re.MULTILINE)
    for path in re.findall(r"`((?:reports|packages|sources)/[\w/.-]+)`", PAGE):
        assert (tmp_path / "millrace" / path).exists(), path


def test_its_commands_are_as_many_as_the_readme_says():
    (said,) = re.findall(r"(\w+) commands", (ROOT / "README.md").read_text())

    assert said == {7: "seven"}[len(script())]


def test_every_command_of_the_page_is_there():
    said = subprocess.run(
        [sys.executable, "-m", "components", "--help"],
        cwd=ROOT, env={**os.environ, "COLUMNS": "200"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip

    for command in re.findall(r"millrace (\w+)", PAGE):
        assert f" {command} " in said, command
