"""Sections that are found by their names, and classes of one's own."""

import sys

import pytest

from components.config.compress import Compressor, Method
from components.config.extension import home
from components.config.task import Config, Task
from components.tasks.classification import Classification


class Derived(Classification):
    """Has what it is derived from, and another setting."""

    thirds: int = 3


class Bare(Compressor):
    """Has nothing."""


def test_a_class_does_with_the_parts_of_what_it_is_derived_from():
    assert Derived.part("learn").__name__ == "components.tasks.classification.learn"
    assert Derived.lacking() == []


def test_what_a_class_must_have_itself_is_named():
    assert Bare.lacking() == ["compress", "takes"]
    assert {"head", "metrics", "figures"} <= set(Task.lacking())
    assert "diagnose" not in Task.lacking()


@pytest.mark.parametrize("annotation", [Config, Method])
def test_every_package_of_a_kind_is_found_by_its_name_and_says_it_again(annotation):
    where = home(annotation)

    for name in where.names():
        section = where.find(name)
        assert section.lacking() == []
        assert where.name(section()) == name
        assert where.validate(where.dump(section())) == section()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("raise SystemExit", "own: cannot be imported: {own}:4: SystemExit"),
        ("import sys\nsys.exit('enough')", "own: cannot be imported: {own}:5: enough"),
        ("class Mine(Classification):\n    share: 'Nothing'", "own:Mine cannot be used: name"),
        ("class Mine(Classification):\n    metrics = ()", "own:Mine lacks metrics"),
        ("class Mine(Classification):\n    metrics = ('accuracy',)", "own:Mine lacks metrics"),
        ("class Mine:\n    pass", "own:Mine is no task: no class derived from"),
    ],
)
def test_a_class_of_ones_own_that_cannot_be_used_is_named(tmp_path, monkeypatch, text, message):
    before = "from components.tasks.classification import Classification\n\n\n"
    (tmp_path / "own.py").write_text(before + text)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "own", raising=False)

    with pytest.raises(LookupError) as caught:
        home(Config).find("own:Mine")

    assert str(caught.value).startswith(message.format(own=tmp_path / "own.py"))
