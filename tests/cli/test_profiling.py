"""Where a run's time and memory went, as `millrace run --profile` tells it."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from prose_line import ProseLine

from components.base.errors import Unavailable
from components.cli import profiling

BARS = """\
<svg xmlns="http://www.w3.org/2000/svg" xmlns:fg="http://github.com/jonhoo/inferno">
{}
</svg>
"""
BAR = """\
<g><title>{name} ({samples} samples, 1%)</title>
<rect y="{top}" fg:x="{start}" fg:w="{samples}"/></g>
"""
TRAIN = "python -m components.train 'pipelines/a.yaml' --params params.yaml"


def flames(folder, *bars):
    """A flame graph as py-spy draws it, of bars with depth, start, samples and name."""
    names = {"top": 0, "start": 0}
    drawn = [
        BAR.format(**{**names, "top": 100 + 16 * depth, "start": start}, samples=count, name=name)
        for depth, start, count, name in bars
    ]
    path = folder / "profile.svg"
    path.write_text(BARS.format("".join(drawn)))
    return path


@pytest.mark.parametrize(
    ("frames", "kind"),
    [
        (["_find_and_load (<frozen importlib._bootstrap>:1178)", "f (mlflow/a.py:1)"], "importing"),
        (["fit (keras/src/backend/jax/trainer.py:5)"], "stepping"),
        (
            [
                "Trainer.fit (keras/src/backend/tensorflow/trainer.py:5)",
                "_create_concrete_function (tensorflow/python/eager/x/tracing_compilation.py:1)",
                "train_step (keras/src/backend/tensorflow/trainer.py:9)",
            ],
            "compiling",
        ),
        (
            [
                "Trainer.fit (keras/src/backend/tensorflow/trainer.py:5)",
                "call_function (tensorflow/python/eager/x/tracing_compilation.py:1)",
                "quick_execute (tensorflow/python/eager/execute.py:53)",
            ],
            "stepping",
        ),
        (
            [
                "Trainer.fit (keras/src/backend/tensorflow/trainer.py:5)",
                "Tracking.on_epoch_end (components/run/tracking.py:2)",
                "post (mlflow/x.py:1)",
                "wait (threading.py:320)",
            ],
            "waiting",
        ),
        (["read (components/data/dataset.py:1)", "decode (components/data/codecs.py:90)"],
         "decoding"),
        (["save (components/data/shards.py:1)"], "writing"),
        (["Shard._write (components/data/shards.py:1)"], "writing"),
        (["read_json (components/base/files.py:1)"], "reading"),
        (["savefig (matplotlib/figure.py:1)", "write (io.py:1)"], "drawing"),
        (["run (components/cli/run.py:1)", "_kept (components/cli/run.py:2)"], "waiting"),
        (["overwritten (components/a.py:1)", "opened (elsewhere/b.py:1)"], "else"),
        ([], "else"),
    ],
)  # fmt: skip
def test_what_was_done_is_told_by_the_frames(frames, kind):
    assert profiling.kind_of(frames) == kind


def test_each_sample_counts_once_where_it_ended(tmp_path):
    path = flames(
        tmp_path,
        (0, 0, 100, 'process 7:"python -m dvc repro"'),
        (1, 0, 60, f'process 8:"{TRAIN}"'),
        (2, 0, 40, "thread (8): MainThread"),
        (3, 0, 30, "fit (keras/src/backend/jax/trainer.py:5)"),
        (4, 0, 10, "wait (threading.py:320)"),
        (2, 40, 20, "thread (9): Thread-1 (beat)"),
        (1, 60, 40, "thread (7): MainThread"),
        (2, 60, 35, "wait (subprocess.py:1264)"),
        (2, 95, 5, "main (dvc/cli/__init__.py:9)"),
    )

    found = profiling.tally(profiling.sampled(path))

    kinds = {name: {kind: one for kind, one in row.items() if one} for name, row in found.items()}
    assert kinds == {
        "train@a": {"stepping": 1.0, "waiting": 0.5, "else": 0.5},
        "DVC, Millrace": {"else": 0.25},
    }


def test_worker_processes_have_a_row_of_their_own(tmp_path):
    path = flames(
        tmp_path,
        (0, 0, 60, f'process 8:"{TRAIN.replace("train", "validate")}"'),
        (1, 0, 40, "process 9:&quot;python -c from multiprocessing.forkserver import main&quot;"),
        (2, 0, 40, "thread (9)"),
        (3, 0, 40, "decode (components/data/codecs.py:90)"),
        (1, 40, 20, "thread (8): MainThread"),
    )

    found = profiling.tally(profiling.sampled(path))

    assert found["validate@a, workers"]["decoding"] == 2.0
    assert sum(found["validate@a"].values()) == 1.0


def test_where_py_spy_may_not_look_that_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(profiling.guard, "exit_on", lambda *_: None)
    monkeypatch.setattr(profiling.guard, "adopt_orphans", lambda: None)
    says = [sys.executable, "-c", "import sys; sys.exit('Permission Denied: Try running again')"]
    monkeypatch.setattr(profiling, "_spied", lambda *_: says)

    with pytest.raises(Unavailable, match=r"^py-spy could not look at the run: Permission Denied"):
        profiling.run(["a"], [])


@pytest.fixture(scope="module")
def line(tmp_path_factory):
    """A small line, where py-spy may look at processes that it has started."""
    sees = ["record", "--format", "raw", "--output", os.devnull, "--", sys.executable, "-c"]
    spy = Path(sys.executable).with_name("py-spy")
    tried = subprocess.run([spy, *sees, "import time; time.sleep(0.5)"], capture_output=True)
    if tried.returncode:
        pytest.skip(f"py-spy may not look at processes here: {tried.stderr.decode().strip()}")
    return ProseLine(tmp_path_factory.mktemp("profiled"))


@pytest.fixture
def profiled(line):
    """What a run says, with its table by name and column."""

    def run(*options, status=0):
        said = line.millrace("run", "prose", "--profile", *options, status=status)
        table = said[said.index(" seconds") :].splitlines()
        columns = table[0].split()[1:]
        starts = [table[0].index(column) + len(column) for column in columns]
        rows = {}
        for row in table[1 : table.index(next(one for one in table if "flame graph" in one))]:
            name = re.match(r" (\S+@\w+(?:, workers)?|DVC, Millrace)", row)[1]
            cells = [row[start:end].strip() for start, end in zip(
                [len(name) + 1, *starts[:-1]], [*starts[:-1], len(row)], strict=True
            )]  # fmt: skip
            rows[name] = dict(zip(columns, cells, strict=True))
        return said, rows

    return run


def test_a_run_is_told_by_stage_and_by_what_was_done(line, profiled):
    said, rows = profiled()

    stages = [f"{stage}@prose" for stage in profiling.USES]
    assert [name for name in rows if "@" in name and "workers" not in name] == stages
    assert float(rows["evaluate@prose"]["importing"]) > 0
    assert rows["evaluate@prose"]["memory"].endswith("MB")
    seconds = {name: float(row["all"]) for name, row in rows.items()}
    for stage in ("ingest", "evaluate", "package"):  # a sample in a twentieth of a second
        took = re.search(rf"^{stage}@prose +([\d.]+) s", said, re.MULTILINE)[1]
        assert float(took) * 0.4 < seconds[f"{stage}@prose"] <= float(took) + 0.5
    assert "is the champion" in said
    assert (line.root / "measured/prose/profile.svg").read_text().endswith("</svg>")


def test_of_a_run_that_fails_the_status_and_the_time_are_told(line, profiled):
    path = line.root / "pipelines/prose.yaml"
    text = path.read_text()
    path.write_text(text.replace('"*/*.txt"', '"*/*.none"'))
    try:
        said, rows = profiled(status=2)
    finally:
        path.write_text(text)

    assert "no file sources/prose/*/*.none" in said
    assert set(rows) == {"ingest@prose", "DVC, Millrace"}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_profiled_run_that_is_ended_leaves_nothing_running(line, number):
    command = [sys.executable, "-m", "components", "run", "prose", "--force", "--profile"]
    with subprocess.Popen(
        command, cwd=line.root, env=line.environment(), stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:  # fmt: skip
        log = line.root / "measured/prose/run.log"
        begun = time.time()
        while not (log.exists() and log.stat().st_mtime > begun and "Running" in log.read_text()):
            assert process.poll() is None
            time.sleep(0.05)
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(number)

    assert process.returncode == 128 + number
    _, left = psutil.wait_procs(below, timeout=10)
    assert not left
