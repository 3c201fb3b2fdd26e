"""Promise 5, by chance: whatever a file holds, its mistakes are named, each with a place, soon."""

import random
import signal
from contextlib import contextmanager

import pytest
import yaml
from project import ROOT

from components.base.errors import Stop
from components.config.document import Document
from components.config.pipeline import parse

SEED = 20260
FILES = 1000
TRIED = 20  # of the accepted ones, with Keras and data
LIMIT_S = 20  # of computing, for one file: it hangs
ORIGINALS = [
    yaml.safe_load(path.read_text()) for path in sorted((ROOT / "pipelines").glob("*.yaml"))
]
WORDS = [
    "digits",
    "classification",
    "supervised",
    "int8",
    "table",
    "keras.layers:Layer",
    "_private.of:Mine",
    ":",
    "a..b:C",
    "Image",
    "resnet",
    "mlp",
    "Rescaling",
    "keras.layers:Dense",
    "image_folder",
    "by",
    "source",
    "..",
    "$(touch x)",
    "😀",
    "\u202e\u0000\u0007",
    "\ud7ff\ufeff",
    "x" * 5000,
    "0",
    "true",
    "",
    " ",
    "@daily",
    "* * * * *",
    "(",
    "{{",
    "2026-02-31",
]
NUMBERS = [
    *(0, 1, -1, 2, 7, 0.5, 1e-3, 64, 255, 65536, 65537, 2**31, 2**63, 2**64, 10**30),
    *(1e30, 1e308, 5e-324, -0.0, float("nan"), float("inf"), float("-inf")),
]


def anything(draw, depth=0):
    """A value of any kind."""
    kind = draw.randrange(9 if depth < 4 else 6)
    if kind < 2:
        return draw.choice(NUMBERS)
    if kind == 2:
        return draw.choice(WORDS)
    if kind == 3:
        return draw.choice([True, False, None])
    if kind == 4:
        return "".join(chr(draw.randrange(1, 0x3000)) for _ in range(draw.randrange(12)))
    if kind == 5:
        return nested(draw.choice([3, 20, 40, 100]))
    if kind == 6:
        return [anything(draw, depth + 1) for _ in range(draw.randrange(5))]
    return {key(draw): anything(draw, depth + 1) for _ in range(draw.randrange(4))}


def key(draw):
    """Nearly always text."""
    return draw.choice([*WORDS, *(name for one in ORIGINALS for name in one), 3, None, 1.5, True])


def nested(depth):
    value = 1
    for level in range(depth):
        value = [value] if level % 2 else {"a": value}
    return value


def places(value, seen=frozenset()):
    """Every container of a file with every key or position in it."""
    if isinstance(value, dict | list) and id(value) not in seen:
        for name in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, name
            yield from places(value[name], seen | {id(value)})


def mutate(draw, file):
    """Changes something somewhere."""
    found = list(places(file))
    if not found:
        return
    inside, name = draw.choice(found)
    other, other_name = draw.choice(found)
    how = draw.randrange(8)
    if how == 0:
        del inside[name]
    elif how == 1 and isinstance(inside, dict):
        inside[key(draw)] = inside.pop(name)
    elif how == 2 and isinstance(inside, dict) and isinstance(name, str) and name:
        place = draw.randrange(len(name))
        inside[name[:place] + draw.choice("xaeS_.") + name[place + 1 :]] = inside.pop(name)
    elif how == 3 and isinstance(inside, list):
        inside.insert(name, inside[name])
    elif how == 4:  # may make a value that contains itself
        inside[name] = other[other_name]
    elif how == 5:
        inside[name] = draw.choice(NUMBERS)
    elif how == 6:
        nudge(draw, inside, name)
    else:
        inside[name] = anything(draw)


def nudge(draw, inside, name):
    """A change that often leaves the file right."""
    value = inside[name]
    if isinstance(value, bool):
        inside[name] = not value
    elif isinstance(value, int):
        inside[name] = max(0, value + draw.choice([-1, 1, 2]))
    elif isinstance(value, float):
        inside[name] = value * draw.choice([0.5, 0.9, 1.1, 2])
    elif isinstance(value, str):
        inside[name] = value[::-1]


def damaged(draw, text):
    """Changes the text itself, so that it may be no YAML."""
    for _ in range(draw.randrange(1, 4)):
        place = draw.randrange(len(text))
        cut = draw.randrange(6)
        with_ = draw.choice(
            ["", "\t", "\x00", "\x1b", "&a ", "*a", "!!int ", "[", "}", ": ", "\n", "'"]
        )
        text = text[:place] + with_ + text[place + cut :]
    return text


def files(count=FILES):
    """The texts, and whether each is of the mild kind, of which many are right."""
    draw = random.Random(SEED)  # noqa: S311
    for number in range(count):
        file = yaml.safe_load(yaml.safe_dump(draw.choice(ORIGINALS)))
        if number % 20 == 0:
            file = anything(draw)
        for _ in range(draw.choice([1, 1, 2, 5])):
            mutate(draw, file)
        text = yaml.safe_dump(file, allow_unicode=bool(draw.randrange(2)), sort_keys=False)
        yield damaged(draw, text) if number % 5 == 0 else text


@contextmanager
def within(limit_s):
    """Raises where the body computes longer, however busy the machine is besides."""

    def late(*_):
        raise AssertionError(f"no answer in {limit_s} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def read(path, text):
    """The file, or None where it has mistakes, which are then looked at."""
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    try:
        with within(LIMIT_S):
            return parse(Document(path))
    except Stop as error:
        explain(error, path)
        return None


def explain(error, path):
    """Each line of a message names the file, and says something, in no words of Python's."""
    for line in str(error).splitlines():
        assert line.startswith(f"{path}:"), line
        where, _, what = line.removeprefix(f"{path}:").strip().partition(": ")
        assert where
        assert what or where.startswith(("and ", "stands ", "nested ", "not "))
        assert "pydantic" not in line
        assert "[key]" not in line
        assert "function-" not in line


def test_a_thousand_files_of_chance_are_accepted_or_explained(tmp_path):
    path = tmp_path / "digits.yaml"
    accepted = 0
    for number, text in enumerate(files()):
        try:
            accepted += read(path, text) is not None
        except Exception as error:
            raise AssertionError(f"file {number}:\n{text[:3000]}") from error

    assert 50 < accepted < FILES - 500


@pytest.mark.filterwarnings("ignore")  # of layers about settings of chance
def test_what_is_accepted_never_breaks_the_deep_check(tmp_path, monkeypatch):
    from components.cli.deep import examine

    class Full:  # no step is tried: to compile each network takes seconds
        total, available = 10**11, 1

    monkeypatch.setattr("psutil.virtual_memory", Full)
    path, tried, source = tmp_path / "digits.yaml", 0, ROOT / "sources/digits"
    for number, text in enumerate(files(2 * FILES)):  # of which enough are right
        pipeline = read(path, text)
        if pipeline is None or "load_digits" not in text:
            continue
        if tried == TRIED:
            break
        tried += 1
        try:
            with within(20):
                examine(Document(path), pipeline, source, seed=0)
        except Stop as error:
            explain(error, path)
        except Exception as error:
            raise AssertionError(f"file {number}:\n{text[:3000]}") from error

    assert tried == TRIED
