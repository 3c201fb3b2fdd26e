"""How many small mistakes in what computes and decides the tests notice.

    python scripts/mutants.py [--count 320] [--workers 2] [--again] [FILE ...]

Sites are those of components/ and dags/, less the modules that only write words, HTML or
pictures (`WORDS`), and there less annotations, decorators, f-strings and what a `raise` says. A
site is a comparison, an operator, a constant, a `min` or `max`, a condition, or a statement that
can be left out; `mutations` has them all. Each has a name that has no line number, and the draw is
the first of them by a hash of `SEED` and that name, so that an edit elsewhere draws the same again.

A mutant is run in a copy of the checkout, by a process that is forked when TensorFlow, Keras and
their like are imported. It runs the test modules that import the mutated one, nearest first, or
all where none does, and stops at the first that fails, or when `BUDGET_S` are over. Tests that run
a real `dvc repro`, or a cluster, are left out (`SLOW`). The table is in measured/mutants.tsv.

mutmut, cosmic-ray and mutatest run a command or one process for each mutant: seconds of imports
each time, and no choice of tests by what they import.
"""

import argparse
import ast
import contextlib
import functools
import gc
import hashlib
import importlib
import inspect
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections import Counter, deque
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass
from fnmatch import fnmatch
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.yaml")
TABLE = ROOT / "measured" / "mutants.tsv"
SEED = 20
BAR, EQUIVALENT_AT_MOST = 0.9, 0.05
BUDGET_S = 90  # of processor time for one mutant, whatever else the machine does
CHECK_S = 3600  # of all tests, without a mutation
TEST_S = 240  # of one test, which then has hung
WORDS = (
    "components/cli/docs.py",
    "components/cli/main.py",
    "components/cli/schema.py",
    "components/show/*",
    "components/tasks/*/draw.py",
    "components/*/report.py",
    "components/register/card.py",
    "components/run/quiet.py",
    "components/base/words.py",
)
SLOW = ("tests/test_end_to_end.py",)
SLOW_FIXTURES = {"line", "cluster"}
WHOLE = "tests/test_photos.py"  # runs every stage, whatever it imports
HEAVY = (
    "keras",
    "tensorflow",
    "mlflow",
    "optuna",
    "datasets",
    "sklearn.datasets",
    "scipy.stats",
    "matplotlib.pyplot",
    "pandas",
    "cleanlab",
    "imagehash",
    "dvc.repo",
)

OTHER: dict[type[ast.AST], type[ast.AST]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.FloorDiv: ast.Div,
    ast.Mod: ast.Mult,
    ast.Pow: ast.Mult,
    ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd,
    ast.And: ast.Or,
    ast.Or: ast.And,
}
EXTREMES = {"min": "max", "max": "min", "minimum": "maximum", "maximum": "minimum"}


def mutations(node: ast.AST) -> Iterator[tuple[ast.AST, str]]:
    """Parts of a node, and what to write in their place."""
    match node:
        case ast.Compare(ops=ops):
            for place, op in enumerate(ops):
                others = [*ops[:place], OTHER[type(op)](), *ops[place + 1 :]]
                yield node, ast.unparse(_with(node, ops=others))
        case ast.BinOp(op=op) if type(op) in OTHER and not _is_words(node):
            yield node, f"({ast.unparse(_with(node, op=OTHER[type(op)]()))})"
        case ast.BoolOp(op=op):
            yield node, f"({ast.unparse(_with(node, op=OTHER[type(op)]()))})"
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield node, f"({ast.unparse(operand)})"
        case ast.Constant(value=bool(value)):
            yield node, str(not value)
        case ast.Constant(value=int(value) | float(value)):
            yield node, repr(0 if value == 1 else value + 1 if value < 100 else 2 * value)
        case ast.Call(func=ast.Name(id=name) as function) if name in EXTREMES:
            yield function, EXTREMES[name]
        case ast.Call(func=ast.Attribute(value=of, attr=name) as function) if name in EXTREMES:
            yield function, f"{ast.unparse(of)}.{EXTREMES[name]}"
        case ast.If(test=test) | ast.IfExp(test=test):
            yield test, "False"
        case ast.AugAssign() | ast.Raise() | ast.Expr(value=ast.Call()):
            yield node, "pass"


def _with(node: Any, **fields: Any) -> Any:
    changed = copy(node)
    for name, value in fields.items():
        setattr(changed, name, value)
    return changed


def _is_words(node: ast.BinOp) -> bool:
    """Text that is put together, a path of fixed parts, or a type."""
    sides = (node.left, node.right)
    return any(
        isinstance(side, ast.JoinedStr)
        or (isinstance(side, ast.Constant) and (side.value is None or isinstance(side.value, str)))
        for side in sides
    )


@dataclass(frozen=True)
class Mutant:
    """A checkout in which one thing is otherwise."""

    file: str
    function: str
    text: str
    """What it is, and what it becomes."""
    source: bytes
    """Of the whole file."""

    @property
    def name(self) -> tuple[str, str, str]:
        """What it is known by."""
        return self.file, self.function, self.text


def mutants() -> list[Mutant]:
    """All that there can be, in the order of the draw."""
    files = sorted([*ROOT.glob("components/**/*.py"), *ROOT.glob("dags/*.py")])
    names = [path.relative_to(ROOT).as_posix() for path in files]
    found = [
        mutant
        for name in names
        if not any(fnmatch(name, pattern) for pattern in WORDS)
        for mutant in _of_file(name)
    ]

    def drawn(mutant: Mutant) -> bytes:
        return hashlib.sha256(f"{SEED} {mutant.name}".encode()).digest()

    return sorted(found, key=drawn)


def _of_file(name: str) -> Iterator[Mutant]:
    source = (ROOT / name).read_bytes()
    starts = [0]
    for line in source.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))

    def span(node: Any) -> tuple[int, int]:
        first, last = starts[node.lineno - 1], starts[node.end_lineno - 1]
        return first + node.col_offset, last + node.end_col_offset

    seen = Counter[tuple[str, str]]()
    for function, parents, node in _nodes(ast.parse(source), (), ()):
        for part, written in mutations(node):
            begin, end = span(part)
            around = _around(parents, part, span)
            before, after = source[around[0] : begin], source[end : around[1]]
            old = " ".join(source[slice(*around)].decode().split())
            new = " ".join((before + written.encode() + after).decode().split())
            seen[function, f"{old} => {new}"] += 1
            number = seen[function, f"{old} => {new}"]
            text = f"{old} => {new}" + (f" ({number})" if number > 1 else "")
            mutated = source[:begin] + written.encode() + source[end:]
            yield Mutant(name, function, text, mutated)


def _nodes(
    node: ast.AST, names: tuple[str, ...], parents: tuple[ast.AST, ...]
) -> Iterator[tuple[str, tuple[ast.AST, ...], ast.AST]]:
    if isinstance(node, ast.JoinedStr):
        return
    if isinstance(node, ast.FunctionDef | ast.ClassDef):
        names = (*names, node.name)
    yield ".".join(names), parents, node
    if isinstance(node, ast.Raise):
        return
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns", "decorator_list"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _nodes(child, names, (*parents, node))


def _around(parents: tuple[ast.AST, ...], part: ast.AST, span: Any) -> tuple[int, int]:
    """What is shown of a mutation: the largest expression about it that is still short."""
    around: tuple[int, int] = span(part)
    for parent in reversed(parents):
        if not isinstance(parent, ast.expr | ast.keyword | ast.Assign | ast.AnnAssign | ast.Return):
            continue
        wider = span(parent)
        if wider[0] > around[0] or wider[1] - wider[0] > 90:
            break
        around = wider
    return around


@functools.cache
def imports(path: Path) -> frozenset[Path]:
    """The files of the checkout that a file imports."""
    found = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    homes = (ROOT, ROOT / "tests", ROOT / "dags", path.parent)
    return frozenset(
        file
        for name in found
        for home in homes
        for end in (".py", "/__init__.py")
        if (file := home / (name.replace(".", "/") + end)).exists()
    )


def distances(test: Path) -> dict[Path, int]:
    """The files that a test module imports, and by way of how many others."""
    found, waiting = {test: 0}, deque([test])
    while waiting:
        path = waiting.popleft()
        for other in imports(path) - found.keys():
            found[other] = found[path] + 1
            waiting.append(other)
    return found


@functools.cache
def tests_of(file: str) -> list[str]:
    """The test modules that can notice a change of a file, nearest first.

    A test in the folder of a package, or called after it, is near also where it only runs it;
    that of the whole line comes last.
    """
    path, parts = ROOT / file, Path(file).with_suffix("").parts
    packages = {*parts[1:], parts[0] if parts[0] == "dags" else ""}
    ranks = {}
    for name in fast_suite():
        test = ROOT / name
        stem = test.stem.removeprefix("test_")
        is_named = bool(packages & {*(test.relative_to(ROOT / "tests").parts[:-1] or (stem,))})
        distance = distances(test).get(path)
        if is_named or distance is not None:
            ranks[name] = (not is_named, stem != parts[-1], distance or 99, name)
    if parts[0] == "components" and parts[1] != "cli":
        ranks[WHOLE] = (True, True, 99, WHOLE)
    return sorted(ranks, key=ranks.__getitem__) or fast_suite()


@functools.cache
def fast_suite() -> list[str]:
    """All test modules but the slow ones."""
    names = (path.relative_to(ROOT).as_posix() for path in ROOT.glob("tests/**/test_*.py"))
    return sorted(set(names) - set(SLOW))


class Watch:
    """A plugin of pytest: what has failed, and when to stop."""

    def __init__(self, budget_s: float, words: set[str]) -> None:  # noqa: D107
        self.words = words
        self.ends = sum(os.times()[:4]) + budget_s
        self.failed, self.ended = "", False

    def pytest_collection_modifyitems(self, items: list[Any]) -> None:
        """Leaves out what is slow; of a module, the tests that name what is mutated come first."""
        items[:] = [one for one in items if SLOW_FIXTURES.isdisjoint(one.fixturenames)]
        modules = list(dict.fromkeys(one.module for one in items))

        def rank(item: Any) -> tuple[int, bool]:
            text = inspect.getsource(item.function)
            return modules.index(item.module), not any(word in text for word in self.words)

        items.sort(key=rank)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Ends a test that hangs, and the session when its time is over."""

        def hung(*_: Any) -> None:
            self.failed = self.failed or f"{item.nodeid} (hung)"
            pytest.fail(f"longer than {TEST_S} s")

        signal.signal(signal.SIGALRM, hung)
        signal.alarm(TEST_S)
        done = yield
        signal.alarm(0)
        if sum(os.times()[:4]) > self.ends:
            self.ended, item.session.shouldstop = True, "enough"
        return done

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remembers what has failed."""
        self._remember(report)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Remembers a module that cannot even be imported."""
        self._remember(report)

    def _remember(self, report: Any) -> None:
        if report.failed:
            self.failed, self.ended = self.failed or report.nodeid or "collection", True


class Slot:
    """A copy of the checkout, and the process that runs a mutant in it."""

    def __init__(self, folder: Path) -> None:  # noqa: D107
        self.folder, self.tree = folder, folder / "checkout"
        _git("clone", "-q", str(ROOT), str(self.tree), at=ROOT)
        for name in _git("ls-files", "-com", "--exclude-standard", at=ROOT).splitlines():
            if (ROOT / name).is_file():
                (self.tree / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, self.tree / name)
        self.pid = 0

    def start(self, mutant: Mutant | None, tests: list[str], number: int, limit_s: float) -> None:
        """Forks a process that runs tests; without a mutant, on what there is."""
        self.mutant, self.ends = mutant, time.monotonic() + 10 * limit_s + TEST_S
        self.begun = time.monotonic()
        (self.folder / "failed").unlink(missing_ok=True)
        if mutant:
            path = self.tree / mutant.file
            path.write_bytes(mutant.source)
            os.utime(path, (number, number))  # compiled files are known by their date
        self.pid = os.fork()
        if not self.pid:
            try:
                self._run(tests, limit_s)
            except BaseException:
                (self.folder / "error").write_text(traceback.format_exc())
            finally:
                os._exit(0)

    def _run(self, tests: list[str], limit_s: float) -> None:
        os.setsid()
        os.chdir(self.tree)
        log = os.open(self.folder / "log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        for name in ("tmp", "home"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            (self.folder / name).mkdir()
        sys.path[:] = [str(self.tree), *(one for one in sys.path if Path(one) not in AT_HOME)]
        os.environ |= {
            "PYTHONPATH": str(self.tree),
            "TMPDIR": str(self.folder / "tmp"),
            "HOME": str(self.folder / "home"),
        }
        tempfile.tempdir = None
        # The process that the libraries have started is the parent's own.
        resource_tracker._resource_tracker.__init__()  # type: ignore[misc, attr-defined]
        names = (Path(self.mutant.file).stem, self.mutant.function) if self.mutant else ()
        watch = Watch(limit_s, {name.rpartition(".")[2] for name in names} - {""})
        base = ["--rootdir", str(self.tree), "--basetemp", str(self.folder / "tmp" / "pytest")]
        options = ["-x", "-p", "no:cacheprovider", "--disable-plugin-autoload"]
        status = pytest.main([*base, *options, *tests], plugins=[watch])
        if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) and not watch.ended:
            if not all((self.tree / name).exists() for name in tests):
                raise FileNotFoundError("a test has come since the checkout was copied")
            watch.failed = "loading the tests"
        (self.folder / "failed").write_text(json.dumps(watch.failed))

    def done(self) -> str | None:
        """What has failed, if it has ended: empty where nothing has, `time` where it hung."""
        ended = os.waitpid(self.pid, os.WNOHANG)[0] == self.pid
        if not ended and time.monotonic() < self.ends:
            return None
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if not ended:
            os.waitpid(self.pid, 0)
        if self.mutant:
            shutil.copy2(ROOT / self.mutant.file, self.tree / self.mutant.file)
        self.pid = 0
        if (self.folder / "error").exists():
            sys.exit((self.folder / "error").read_text())
        path = self.folder / "failed"
        return str(json.loads(path.read_text())) if path.exists() else "time"


AT_HOME = {ROOT, ROOT / "scripts", ROOT / "tests", ROOT / "dags"}


def _git(*command: str, at: Path) -> str:
    call = ["git", *command]
    done = subprocess.run(call, cwd=at, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout


def import_libraries() -> None:
    """What every process then has."""
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "TF_CPP_MIN_LOG_LEVEL": "3"}
    for name in HEAVY:
        importlib.import_module(name)
    gc.freeze()


def check(slots: list[Slot]) -> None:
    """Runs the tests on what there is: where one fails there, its failure says nothing."""
    everything = fast_suite()
    for number, slot in enumerate(slots):
        slot.start(None, everything[number :: len(slots)], 0, CHECK_S)
    while any(slot.pid for slot in slots):
        for slot in slots:
            if slot.pid and (failed := slot.done()):
                log = (slot.folder / "log").read_text(errors="replace")
                sys.exit(f"{log[-4000:]}\nwithout a mutation, this fails: {failed}")
        time.sleep(0.05)


def run(slots: list[Slot], chosen: list[Mutant]) -> Iterator[tuple[Mutant, str, float]]:
    """Each mutant, the test that has failed or nothing, and the seconds of it."""
    waiting = deque(enumerate(chosen, 1))
    while waiting or any(slot.pid for slot in slots):
        for slot in slots:
            if slot.pid and (failed := slot.done()) is not None and slot.mutant:
                yield slot.mutant, failed, time.monotonic() - slot.begun
            if not slot.pid and waiting:
                number, mutant = waiting.popleft()
                slot.start(mutant, tests_of(mutant.file), number, BUDGET_S)
        time.sleep(0.05)


def main() -> None:
    """Runs the draw, and writes the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*", help="only mutants of these files")
    parser.add_argument("--count", type=int, default=320)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--again", action="store_true", help="only those that are not yet killed")
    args = parser.parse_args()
    drawn = mutants()[: args.count]
    drawn = [mutant for mutant in drawn if not args.files or mutant.file in args.files]
    listed = yaml.safe_load(EQUIVALENT.read_text(encoding="utf-8")) or []
    same = {(one["file"], one["function"], one["mutation"]) for one in listed}
    outcomes = _table() if args.again else {}
    counted = [mutant for mutant in drawn if mutant.name not in same]
    left = [mutant for mutant in counted if not outcomes.get(mutant.name)]
    begun = time.monotonic()
    import_libraries()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        slots = [Slot(Path(folder) / str(number)) for number in range(args.workers)]
        if not args.again:
            check(slots)
        for number, (mutant, failed, seconds) in enumerate(run(slots, left), 1):
            outcomes[mutant.name] = failed
            _write(outcomes)
            said = failed or "SURVIVED"
            line = f"{number}/{len(left)} {seconds:.0f} s {' '.join(mutant.name)}: {said}\n"
            sys.stdout.write(line)
            sys.stdout.flush()
    killed = sum(bool(outcomes[mutant.name]) for mutant in counted)
    equivalent = len(drawn) - len(counted)
    share, minutes = killed / len(counted), (time.monotonic() - begun) / 60
    said = f"{killed} of {len(counted)} killed ({share:.1%}), {equivalent} equivalent"
    sys.stdout.write(f"{said}, in {minutes:.0f} min\n")
    is_enough = killed >= BAR * len(counted) and equivalent <= EQUIVALENT_AT_MOST * len(drawn)
    sys.exit(0 if is_enough else 1)


def _table() -> dict[tuple[str, ...], str]:
    rows = [line.split("\t") for line in TABLE.read_text(encoding="utf-8").splitlines()[1:]]
    return {tuple(row[:3]): row[3].removeprefix("survived") for row in rows}


def _write(outcomes: dict[tuple[str, ...], str]) -> None:
    rows = ["\t".join((*name, failed or "survived")) for name, failed in sorted(outcomes.items())]
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text("\n".join(["file\tfunction\tmutation\tkilled by", *rows]) + "\n")


if __name__ == "__main__":
    main()
