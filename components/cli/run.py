"""Run pipelines: what `dvc repro` does, said in one line for each stage."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from rich.console import Console
from rich.text import Text

from components.base import guard
from components.base.errors import KINDS, Stop, Unavailable
from components.base.files import read_json
from components.base.imports import importing
from components.base.rwlock import free_lock, readers
from components.base.words import duration
from components.cli import summary, terminal
from components.cli.project import active, check_merged
from components.fingerprint.run import differing, fingerprints, keep
from components.run.names import USES

PARAMS, CODE = Path("params.yaml"), Path("data", "code")

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
GONE = re.compile(
    r"^ERROR: failed to reproduce '(?P<stage>[^']+)': .*No such file .*/data/code/", re.MULTILINE
)
DAMAGED = re.compile(
    r"^(?:ERROR: )?'(?:\./)?dvc\.lock' .*(?:invalid|failed|corrupted)", re.MULTILINE
)
REPAIR = (
    "a kill has left half of dvc.lock: git checkout dvc.lock, or remove it where git has none; "
    "what was made is restored"
)
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
        Unavailable: Another run is at it, or a signal has ended a stage.
        Stop: A stage failed, whose exit status it has.
    """
    check_merged()
    guard.exit_on(signal.SIGTERM, signal.SIGHUP)  # Ctrl-C has an exception of its own
    free_lock()
    found = fingerprints(PARAMS, names)  # so mistakes are ours to name, not DVC's
    for name in differing(found, CODE):
        if at_work := readers(CODE / name):
            raise Unavailable(
                f"{name} was changed while a run of it is going on (process {at_work[0]}), which "
                "has begun with what it was; run it again when that has ended"
            )
    keep(found, CODE)
    console = terminal.console()
    first = [FINGERPRINT] if _is_whole(names, console) else []
    options = [*(["--pull"] if pull else []), *(["--force"] if force else [])]
    log = Path("measured", names[0], "run.log")  # of this run, beside others in the checkout
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)  # another run of the pipeline, which DVC will stop, has its own
    with log.open("w", encoding="utf-8", buffering=1) as file:
        status, said = _line(names, first, options, file, console)
    if status:
        raise _failure(status, said, log)
    with importing():
        from components.register.run import register
    standings = {name: found.sentence for name, found in register(Path(), names)}
    summary.show(names, standings)


def _is_whole(names: Sequence[str], console: Console) -> bool:
    """Whether `fingerprint`, which is of all active pipelines, will find no mistake.

    One of another pipeline is shown, and is no reason to stop: what `fingerprint` would write for
    those of this run has been written.
    """
    others = [name for name in active() if name not in names]
    try:
        if others:
            fingerprints(PARAMS, others)
    except Stop as error:
        console.print(Text(f"{error}\n(that is not of this run)"))
        return False
    return True


def _failure(status: int, said: str, log: Path) -> Stop:
    """What to raise of a run that failed."""
    failed = FAILED.search(said)
    by = guard.ended_by(int(failed["status"]) if failed else status)
    what = FAILED.sub(lambda found: f"{found['stage']} {by or 'failed'}", said)
    if by and not failed:
        what = f"{what}\nDVC {by}".strip()
    if DAMAGED.search(said):
        what = f"{what}\n{REPAIR}"
    kind = KINDS.get(int(failed["status"]), Stop) if failed else Stop
    if by or BUSY.search(said):
        kind = Unavailable
    return kind(f"{what}\nthe whole log is in {log}")


def _line(
    names: Sequence[str],
    first: Sequence[str],
    options: Sequence[str],
    log: TextIO,
    console: Console,
) -> tuple[int, str]:
    """Runs the stages; DVC's exit status, and what it said at the end.

    Another run that is at `fingerprint` just now is no reason to stop.
    """
    # One by one, and not by the last: so two runs in one checkout do not wait for each other.
    targets = [f"{stage}@{name}" for name in names for stage in USES]
    status, said = _repro([*first, *targets], options, log, console)
    before, until = None, 0.0
    while status and (busy := _waiting(said, targets)):
        if busy != before:
            before, until = busy, time.monotonic() + LIMIT_S
        if time.monotonic() >= until:
            break
        time.sleep(1)
        targets = targets[targets.index(busy) :] if busy in targets else targets
        # A `fingerprint` of another run that ended badly has left nothing.
        keep(fingerprints(PARAMS, names), CODE)
        status, said = _repro(targets, options, log, console)
    return status, said


def _waiting(said: str, targets: Sequence[str]) -> str | None:
    """The stage that DVC did not begin, where all that it met are runs of other pipelines.

    With them it shares the outputs of `fingerprint`, for a moment.
    """
    if gone := GONE.search(said):
        return gone["stage"]
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
    dvc = [sys.executable, "-m", "dvc", "--wait-for-lock"]  # which another one has for a moment
    repro = [*dvc, "repro", "--single-item", *options, *targets]
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
