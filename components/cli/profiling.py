"""Where the time and the memory of a run went: `millrace run --profile`.

py-spy looks at the run and at all that it starts, some times a second, from outside: nothing of a
stage changes. What it saw is drawn as a flame graph, and counted by what was done.
"""

import os
import re
import signal
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import psutil

from components.base import guard
from components.base.errors import Unavailable
from components.base.words import size_of
from components.cli.terminal import console, table
from components.run.names import USES

RATE = 20  # samples a second
LOOK_S = 0.5  # between two looks at the memory
LEAST_S = 0.05  # that is shown
STAGE = re.compile(rf"-m components\.({'|'.join(USES)}) '?pipelines/([\w-]+)\.yaml")
SVG = "{http://www.w3.org/2000/svg}"
INFERNO = "{http://github.com/jonhoo/inferno}"
PROCESS = re.compile(r"process \d+:")
THREAD = re.compile(r"thread \(\w+\)(: (?P<name>\S+))?")
WHOLE = {
    "importing": r"\(<frozen importlib",
    "compiling": r"_concrete_function \(tensorflow|func_graph_from_py_func \(tensorflow"
    r"|\(jax/_src/(compiler|interpreters/(mlir|partial_eval))\.py",
}
"""What is done in all that such a frame calls."""
KINDS = {
    "MLflow": r"\((mlflow/|components/run/tracking\.py)",
    "stepping": r"\(keras/src/backend/\w+/trainer\.py",
    "decoding": r"\((PIL/|components/data/codecs\.py)",
    "drawing": r"\((matplotlib/|components/show/)",
    "writing": r"(^|\.)_?(write|save|copy)\w* \((components|numpy|pyarrow|shutil)",
    "reading": r"(^|\.)_?(read|load|open)\w* \((components|numpy|pyarrow|datasets)",
    "waiting": r"\((threading|selectors|subprocess|queue|concurrent/futures|multiprocessing)\b"
    r"|^_kept \(components/cli/run\.py",
}
"""What else is done, by the frames that say so; of several, the innermost counts."""
COLUMNS = (*WHOLE, *KINDS, "else")
Seconds = dict[str, float]  # by kind
_KIND = re.compile("|".join(f"(?P<{kind}>{frame})" for kind, frame in KINDS.items()))


@dataclass(frozen=True)
class Sampled:
    """A stack, and how many samples ended in it."""

    stage: str
    """`train@digits`; empty for DVC and Millrace itself."""
    is_worker: bool
    frames: tuple[str, ...]
    samples: int


def run(names: Sequence[str], options: Sequence[str]) -> None:
    """Runs pipelines as `millrace run` does, and shows where time and memory went.

    Args:
        names: Of the pipelines.
        options: Of `millrace run`.

    Raises:
        Unavailable: py-spy may not look at other processes here.
    """
    folder = Path("measured", names[0])
    folder.mkdir(parents=True, exist_ok=True)
    flames = folder / "profile.svg"
    flames.unlink(missing_ok=True)
    guard.exit_on(signal.SIGTERM, signal.SIGHUP)
    guard.adopt_orphans()
    with TemporaryDirectory() as temporary, (folder / "profile.log").open("w") as log:
        ended = Path(temporary, "status")
        peaks = _watch(_spied(flames, ended, ["run", *names, *options]), log.fileno())
        status = int(ended.read_text()) if ended.exists() else None
    if status is None or not flames.exists():
        raise Unavailable(f"py-spy could not look at the run: {_last(folder / 'profile.log')}")
    _show(tally(sampled(flames)), peaks)
    console().print(f"flame graph  {flames}")
    sys.exit(status)


def _spied(flames: Path, ended: Path, command: Sequence[str]) -> list[str]:
    spy = str(Path(sys.executable).with_name("py-spy"))
    # --idle, since a step that TensorFlow's own threads take is idle to Python.
    looks = ("record", "--idle", "--threads", "--subprocesses", "--rate", str(RATE))
    python = [sys.executable, "-m", "components.cli.profiling", str(ended)]
    return [spy, *looks, "--format", "flamegraph", "--output", str(flames), "--", *python, *command]


def _watch(command: Sequence[str], log: int) -> dict[str, int]:
    """Waits for a command; the most memory that each stage had, in bytes, with its workers."""
    peaks: dict[str, int] = defaultdict(int)
    streams = [str(os.dup(one.fileno())) for one in (sys.stdout, sys.stderr)]
    variables = {**os.environ, "MILLRACE_STREAMS": " ".join(streams)}
    with subprocess.Popen(  # noqa: S603  our own arguments
        command, stdout=log, stderr=log, env=variables, pass_fds=[int(one) for one in streams]
    ) as process:
        try:
            while process.poll() is None:
                for stage, size in _memory():
                    peaks[stage] = max(peaks[stage], size)
                time.sleep(LOOK_S)
        except BaseException:
            guard.end_children()
            raise
    return peaks


def _memory() -> Iterator[tuple[str, int]]:
    """The memory of the stages that are at work; what processes share is shared out."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.NoSuchProcess):
            if (name := stage_of(" ".join(process.cmdline()))) and process.name() != "sh":
                every = [process, *process.children(recursive=True)]
                yield name, sum(map(_size, every))


def _size(process: psutil.Process) -> int:
    try:
        found = process.memory_full_info()
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return 0
    return int(getattr(found, "pss", found.rss))


def stage_of(command: str) -> str:
    """`train@digits` of the command of a stage; empty of another."""
    found = STAGE.search(command)
    return f"{found[1]}@{found[2]}" if found else ""


def sampled(flames: Path) -> Iterator[Sampled]:
    """The stacks of a flame graph, less those of threads beside the main ones."""
    for path, samples in _stacks(flames):
        thread = next((THREAD.match(one) for one in path if THREAD.match(one)), None)
        if thread is None or thread["name"] not in (None, "MainThread"):
            continue
        above = path.index(thread.string)
        stages = [stage_of(one) for one in path[:above] if PROCESS.match(one)]
        stage = next((one for one in reversed(stages) if one), "")
        is_worker = bool(stage) and not stages[-1]
        yield Sampled(stage, is_worker, tuple(path[above + 1 :]), samples)


def _stacks(flames: Path) -> Iterator[tuple[list[str], int]]:
    """Every stack, from the outermost call on, and how many samples ended in it."""
    path: list[str] = []
    left: list[int] = []  # of the samples of each of the path, those not met again further in
    for depth, width, name in _bars(flames):
        while len(path) > depth:
            yield list(path), left.pop()
            path.pop()
        if left:
            left[-1] -= width
        path.append(name)
        left.append(width)
    while path:
        yield list(path), left.pop()
        path.pop()


def _bars(flames: Path) -> Iterator[tuple[int, int, str]]:
    """Depth, samples and name of each call, which comes before all that it has called."""
    found = []
    for group in ElementTree.parse(flames).iter(f"{SVG}g"):  # noqa: S314  py-spy's own
        title, bar = group.find(f"{SVG}title"), group.find(f"{SVG}rect")
        if title is None or bar is None or f"{INFERNO}w" not in bar.keys():  # noqa: SIM118
            continue
        start, top, width = (int(bar.get(key, 0)) for key in (f"{INFERNO}x", "y", f"{INFERNO}w"))
        found.append((start, top, width, str(title.text).rpartition(" (")[0]))
    levels = sorted({top for _, top, _, _ in found})
    for _, top, width, name in sorted(found):
        yield levels.index(top), width, name


def kind_of(frames: Sequence[str]) -> str:
    """What was done in a stack."""
    for kind, whole in WHOLE.items():
        if any(re.search(whole, frame) for frame in frames):
            return kind
    for frame in reversed(frames):
        if (found := _KIND.search(frame)) is not None:
            return str(found.lastgroup)
    return "else"


def tally(samples: Iterable[Sampled]) -> dict[str, Seconds]:
    """Seconds by stage, or stage and workers, and kind; of what is no stage, as DVC's."""
    counts: dict[str, Seconds] = defaultdict(lambda: dict.fromkeys(COLUMNS, 0.0))
    for one in samples:
        kind = kind_of(one.frames)
        if one.stage or kind != "waiting":  # for a stage
            name = f"{one.stage}, workers" if one.is_worker else one.stage or "DVC, Millrace"
            counts[name][kind] += one.samples / RATE
    return counts


def _show(counts: Mapping[str, Seconds], peaks: Mapping[str, int]) -> None:
    shown = [kind for kind in COLUMNS if any(one[kind] >= LEAST_S for one in counts.values())]
    rows = table("seconds")
    for kind in ("all", *shown, "memory"):
        rows.add_column(kind, justify="right")
    for name, seconds in sorted(counts.items(), key=_place):
        cells = [seconds[kind] for kind in shown]
        every = [f"{one:.1f}" if one >= LEAST_S else "" for one in (sum(seconds.values()), *cells)]
        rows.add_row(name, *every, size_of(peaks[name]) if name in peaks else "")
    console().print(rows)


def _place(row: tuple[str, Seconds]) -> tuple[str, int]:
    """Pipelines by name, and their stages as they run."""
    stage, _, pipeline = row[0].partition("@")
    return pipeline, [*USES, stage].index(stage)


def _last(log: Path) -> str:
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "it said nothing"


def main(ended: str, *command: str) -> None:
    """What py-spy looks at: a command of Millrace, whose exit status is written to a file."""
    guard.end_with_parent(signal.SIGTERM)  # py-spy may die, and ends nobody
    for number, kept in enumerate(os.environ.pop("MILLRACE_STREAMS").split(), start=1):
        os.dup2(int(kept), number)  # where py-spy itself says nothing
    from components.cli.main import main

    status: object = 1
    try:
        main(list(command))
    except SystemExit as left:
        status = left.code or 0
        raise
    finally:
        Path(ended).write_text(str(status))


if __name__ == "__main__":
    main(*sys.argv[1:])
