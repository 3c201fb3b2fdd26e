"""Run pipelines: what `dvc repro` does, said in one line for each stage."""

import re
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from components.base import guard
from components.base.errors import KINDS, Invalid, Stop
from components.base.files import read_json
from components.base.words import duration
from components.cli import summary, terminal
from components.cli.project import check_merged
from components.fingerprint.run import write
from components.run.names import USES

CODE = Path("data", "code")

RUNS = re.compile(r"Running stage '([^']+)':")
RESTORED = re.compile(r"Stage '([^']+)' is cached - skipping run")
UNCHANGED = re.compile(r"Stage '([^']+)' didn't change")
FAILED = re.compile(
    r"^ERROR: failed to reproduce '(?P<stage>[^']+)': failed to run: .*, "
    r"exited with (?P<status>-?\d+)$",
    re.MULTILINE,
)
BUSY = re.compile(r"^ERROR: failed to reproduce '(?P<stage>[^']+)': .* is busy", re.MULTILINE)
BLOCKER = re.compile(r"^  \(PID \d+\): (?P<command>.*)$", re.MULTILINE)
FINGERPRINT = "fingerprint"
LIMIT_S = 300  # of another run's fingerprint, after which it has hung


def run(names: Sequence[str], pull: bool, force: bool) -> None:
    """Runs pipelines, brings the registry in line, and shows what came of it.

    Args:
        names: Of the pipelines, which are active.
        pull: Whether what others have run is fetched.
        force: Whether stages run whose inputs did not change.

    Raises:
        Invalid: A file has mistakes.
        Stop: A stage failed, whose exit status it has.
    """
    check_merged()
    write(Path("params.yaml"), CODE, names)  # so mistakes are ours to name, not DVC's
    options = [*(["--pull"] if pull else []), *(["--force"] if force else [])]
    log = Path("measured", names[0], "run.log")  # of this run, beside others in the checkout
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)  # another run of the pipeline, which DVC will stop, has its own
    with log.open("w", encoding="utf-8") as file:
        status, said = _line(names, options, file, terminal.console())
    if status:
        failed = FAILED.search(said)
        kind = KINDS.get(int(failed["status"]), Stop) if failed else Stop
        what = FAILED.sub(r"\g<stage> failed", said)
        raise kind(f"{what}\nthe whole log is in {log}")
    from components.register.run import register

    standings = {name: found.sentence for name, found in register(Path(), names)}
    summary.show(names, standings)


def _line(
    names: Sequence[str], options: Sequence[str], log: TextIO, console: Console
) -> tuple[int, str]:
    """Runs the stages; DVC's exit status, and what it said at the end.

    `fingerprint` is of all active pipelines: mistakes of the others, or another run that is there
    just now, are no reason to stop, as what it would write for those of this run can be written.
    """
    # One by one, and not by the last: so two runs in one checkout do not wait for each other.
    targets = [f"{stage}@{name}" for name in names for stage in USES]

    def again() -> tuple[int, str]:
        # A `fingerprint` that ended badly, here or in another run, has left nothing.
        write(Path("params.yaml"), CODE, names)
        return _repro(targets, options, log, console)

    status, said = _repro([FINGERPRINT, *targets], options, log, console)
    failed = FAILED.search(said)
    if failed and failed["stage"] == FINGERPRINT and int(failed["status"]) == Invalid.status:
        console.print(Text(f"{FAILED.sub('', said).strip()}\n(that is not of this run)"))
        status, said = again()
    until = time.monotonic() + LIMIT_S
    while status and (busy := _waiting(said, targets)) and time.monotonic() < until:
        time.sleep(1)
        targets = targets[targets.index(busy) :] if busy in targets else targets
        status, said = again()
    return status, said


def _waiting(said: str, targets: Sequence[str]) -> str | None:
    """The stage that DVC did not begin, where all that it met are runs of other pipelines.

    With them it shares the outputs of `fingerprint`, for a moment.
    """
    busy, blockers = BUSY.search(said), BLOCKER.findall(said)
    if busy is None or not blockers:
        return None
    ours = {target.partition("@")[2] for target in targets}
    for words in map(str.split, blockers):
        theirs = {word.partition("@")[2] for word in words if "@" in word}
        if "--single-item" not in words or not theirs or ours & theirs:
            return None
    return busy["stage"]


def _repro(
    targets: Sequence[str], options: Sequence[str], log: TextIO, console: Console
) -> tuple[int, str]:
    """Runs DVC, with its output in a file; its exit status, and what it said at the end."""
    repro = [sys.executable, "-m", "dvc", "repro", "--single-item", *options, *targets]
    said: list[str] = []
    with subprocess.Popen(  # noqa: S603  our own arguments
        guard.under(*repro),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",  # a library in C may say anything
        bufsize=1,
    ) as process:
        try:
            _follow(_kept(process.stdout or (), log, said), console)
        except BaseException:
            process.terminate()
            process.wait()  # until the stage has put away what it has begun
            raise
    return process.returncode, _tail(said)


def _kept(lines: Iterable[str], file: TextIO, said: list[str]) -> Iterator[str]:
    """Hands lines on that it has written, and remembers them from the last stage that began."""
    for line in lines:
        file.write(line)
        if RUNS.match(line):
            said.clear()
        said.append(line)
        yield line


def _follow(lines: Iterator[str], console: Console) -> None:
    """Says of each stage, when it has ended, how long it took and what came of it."""
    running, begun, unchanged = "", time.monotonic(), 0
    with console.status("") as status:
        for line in lines:
            started, restored = RUNS.match(line), RESTORED.match(line)
            if started or restored or UNCHANGED.match(line):
                _ended(running, begun, console)
                running, begun = started[1] if started else "", time.monotonic()
            if started:
                status.update(Text(f"{running} ..."))
            elif restored:
                console.print(f"{restored[1]:<22} restored")
            elif UNCHANGED.match(line):
                unchanged += 1
            elif running and ": " in line and not line.startswith((">", " ")):
                said = line.partition(": ")[2].strip()[:60]
                status.update(Text(f"{running} ... {said}"))
        _ended(running, begun, console)
    if unchanged:
        console.print(f"{unchanged} {'stage is' if unchanged == 1 else 'stages are'} up to date")


def _ended(stage: str, begun: float, console: Console) -> None:
    name, _, pipeline = stage.partition("@")
    measured = Path("measured", pipeline, f"{name}.json")
    if (
        not pipeline
        or not measured.exists()
        or measured.stat().st_mtime < time.time() - (time.monotonic() - begun)
    ):
        return  # it is not of a pipeline, or it failed
    finding = read_json(measured).get("finding", "")
    console.print(f"{stage:<22} {duration(time.monotonic() - begun):>6}  {finding}")


def _tail(said: Sequence[str]) -> str:
    """The end of what was said, less what names the stage and its command."""
    lines = [line.rstrip("\n") for line in said if not RUNS.match(line)]
    return "\n".join([line for line in lines if line and not line.startswith(">")][-30:])
