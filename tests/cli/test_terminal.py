"""What a file or a log says is shown as it is, however wide the terminal, and in a pipe."""

import re
from collections import Counter

import pytest
import yaml

from components.cli import listing, plan, run, show, summary, terminal
from components.config.document import Document

WEIRD = [
    pytest.param("Photos [/of things]", id="the end of a markup"),
    pytest.param("part-[ab].csv [bold]x[/bold]", id="a markup"),
    pytest.param("time :cat: and :warning:", id="the code of a sign"),
    pytest.param("two\nlines\n\nand a third", id="several lines"),
    pytest.param("🐈‍⬛ 三毛猫 é́", id="signs of any width"),
    pytest.param("https://example.org/" + "long" * 60, id="longer than a line"),
]
WHERE = [
    pytest.param({"COLUMNS": "40", "FORCE_COLOR": "1"}, id="a narrow terminal"),
    pytest.param({"COLUMNS": "200", "FORCE_COLOR": "1"}, id="a wide terminal"),
    pytest.param({"COLUMNS": "80"}, id="a pipe"),
]
ESCAPES = re.compile(r"\x1b\[[\d;?]*\w")


@pytest.fixture(params=WHERE)
def shown(request, monkeypatch, capsys):
    """What was printed, less what says how, as often as there is each sign in it."""
    for name, value in request.param.items():
        monkeypatch.setenv(name, value)

    def signs():
        return signs_of(capsys.readouterr().out)

    return signs


def signs_of(text):
    return Counter("".join(ESCAPES.sub("", text).split()))


@pytest.mark.parametrize("text", WEIRD)
def test_a_description_is_listed_as_it_is(tmp_path, monkeypatch, shown, text):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pipelines").mkdir()
    (tmp_path / "pipelines/a.yaml").write_text(yaml.safe_dump({"description": text}))

    (tmp_path / "params.yaml").write_text("pipelines: [a]\n")

    listing.show()

    assert shown() == signs_of(f"pipeline measured description a active {text}")


@pytest.mark.parametrize("text", WEIRD)
def test_a_reason_to_run_is_shown_as_it_is(monkeypatch, shown, text):
    monkeypatch.setattr(plan, "plan", lambda *_: [plan.Step("tune@a", "runs", [text])])

    plan.show([])

    assert shown() == signs_of(f"stage takes why tune@a runs {text}")


@pytest.mark.parametrize("text", WEIRD)
def test_a_value_of_a_file_is_shown_as_it_is(edited, shown, text):
    path = edited()
    data = {**yaml.safe_load(path.read_text()), "description": text}
    path.write_text(yaml.safe_dump(data))

    show.show(Document(path))

    assert not signs_of(f"description {text}") - shown()


@pytest.mark.parametrize("text", WEIRD)
def test_what_came_of_a_run_is_shown_as_it_is(shown, text):
    model = {"method": text, "size_bytes": 0, "value": None, "refused": text}

    terminal.console().print(summary._models([model], "accuracy", {}))

    titles = "model size test accuracy latency, one thread"
    assert shown() == signs_of(f"{titles} {text} left out: it {text}")


def test_in_a_pipe_a_row_is_one_line(edited, monkeypatch, capsys):
    monkeypatch.delenv("COLUMNS", raising=False)

    show.show(Document(edited()))

    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["train.early_stopping.patience", "10"] in [row[:2] for row in rows]


@pytest.mark.parametrize("text", ["placed on [/device:CPU:0]", "[1/8] of [a-z]", ":cat:"])
def test_what_a_stage_says_of_itself_is_shown_as_it_is(tmp_path, monkeypatch, capsys, text):
    monkeypatch.chdir(tmp_path)
    for name, value in {"TERM": "xterm", "COLUMNS": "80", "FORCE_COLOR": "1"}.items():
        monkeypatch.setenv(name, value)
    console = terminal.console()

    def lines():
        yield "Running stage 'train@a':"
        yield f"warning: {text}"
        console.print("here")  # draws the line below it anew

    run._follow(lines(), console)

    assert f"train@a ... {text}" in ESCAPES.sub("", capsys.readouterr().out)
