"""Promise 5: every mistake is named before it costs anything: file and line, all at once."""

import json
import os
import re
import resource
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from project import ROOT, Project

from components.base.errors import Invalid, Mistakes, Stop
from components.base.words import reason
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import parse
from components.fingerprint.run import write as write_fingerprints
from components.run.command import Run

HERE = Path(__file__).parent
DATA = yaml.safe_load((HERE / "mistakes.yaml").read_text())
DIGITS = (ROOT / "pipelines/digits.yaml").read_text()
LIMIT_S = 5  # of computing, for one file of which only the text is looked at


def rows(section):
    return [pytest.param(row, id=row["id"]) for row in DATA[section]]


@pytest.fixture(scope="module", autouse=True)
def of_a_user(tmp_path_factory):
    """The package of a user whose layers and architectures the files name."""
    folder = tmp_path_factory.mktemp("user")
    (folder / "of_a_user").mkdir()
    for name, text in DATA["modules"].items():
        (folder / "of_a_user" / name).write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(folder))
        yield folder


@pytest.fixture
def changed(tmp_path):
    """Writes the digits file with the changes of a row, and gives its path."""

    def write(change):
        text = DIGITS
        for old, new in change.items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "digits.yaml"
        path.write_text(text)
        return path

    return write


def said(error, *folders):
    """The message, whatever this machine's folders are and however much memory it has."""
    text = str(error)
    for folder in (*folders, ROOT):
        text = text.replace(f"{folder}/", "")
    return re.sub(r"this machine has [\d.]+ \w+", "this machine has ROOM", text)


@pytest.mark.parametrize("row", rows("yaml"))
def test_a_mistake_in_the_file_is_named_with_its_line(changed, of_a_user, row):
    path = changed(row["change"])
    begun = time.process_time()

    with pytest.raises(Invalid) as caught:
        parse(Document(path))

    assert said(caught.value, path.parent, of_a_user) == row["message"]
    assert time.process_time() - begun < LIMIT_S


@pytest.mark.parametrize("row", rows("right"))
def test_what_is_right_is_accepted(changed, row):
    parse(Document(changed(row["change"])))


BOMB = "".join(
    f"  - {{RandomRotation: {{factor: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]}}}}\n"
    if level
    else "  - {RandomRotation: {factor: &a0 [0, 0, 0, 0, 0, 0, 0, 0, 0]}}\n"
    for level in range(12)
)
LAYERS = "    - RandomRotation: {factor: 0.04}\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param("", "digits.yaml:1: must be a mapping of sections, such as 'ingest:'", id="0"),
        pytest.param(
            "# later\n",
            "digits.yaml:1: must be a mapping of sections, such as 'ingest:'",
            id="a comment alone",
        ),
        pytest.param(
            "- ingest\n",
            "digits.yaml:1: must be a mapping of sections, such as 'ingest:'",
            id="a list",
        ),
        pytest.param(
            "digits",
            "digits.yaml:1: must be a mapping of sections, such as 'ingest:'",
            id="a word",
        ),
        pytest.param(
            DIGITS.replace("Handwritten", "Handwritten " * 900_000),
            "digits.yaml: 10548 kB is more than the 256 kB of a long file",
            id="a description of 10 MB",
        ),
        pytest.param(
            DIGITS + "".join(f"k{number}: 1\n" for number in range(300_000)),
            "digits.yaml: 3115 kB is more than the 256 kB of a long file",
            id="300,000 unknown keys",
        ),
        pytest.param(
            DIGITS.replace("epochs: 40", f"epochs: {'[' * 5000}{']' * 5000}"),
            "digits.yaml: nested too deeply; 32 levels are enough",
            id="nested 5,000 times",
        ),
        pytest.param(
            DIGITS.replace("epochs: 40", f"epochs: {'[' * 40}{']' * 40}"),
            "digits.yaml:25: nested too deeply; 32 levels are enough",
            id="nested 40 times",
        ),
        pytest.param(
            DIGITS.replace(LAYERS, BOMB.replace("  -", "    -")),
            "digits.yaml: stands for more than 50000 values, its aliases resolved",
            id="an alias bomb as a layer's argument",
        ),
        pytest.param(
            DIGITS + f"a: &a [{'[], ' * 200}]\nb: [{'*a, ' * 300}]\n",
            "digits.yaml: stands for more than 50000 values, its aliases resolved",
            id="many aliases of nothing",
        ),
        pytest.param(
            DIGITS.replace("compress:\n", "evaluate: &again {shown: [*again]}\ncompress:\n"),
            "digits.yaml: stands for more than 50000 values, its aliases resolved",
            id="a value that contains itself",
        ),
        pytest.param(
            DIGITS.replace("Handwritten", "\ud800").encode("utf-8", "surrogatepass"),
            "digits.yaml: not UTF-8 text: invalid continuation byte at byte 85",
            id="half a character",
        ),
        pytest.param(
            DIGITS.replace("Handwritten", "Zahlen für").encode("latin-1"),
            "digits.yaml: not UTF-8 text: invalid start byte at byte 93",
            id="another encoding",
        ),
    ],
)
def test_what_no_person_writes_is_refused_at_once(tmp_path, text, message):
    path = tmp_path / "digits.yaml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    begun = time.process_time()

    with pytest.raises(Invalid) as caught:
        parse(Document(path))

    assert said(caught.value, tmp_path) == message
    assert time.process_time() - begun < LIMIT_S


def test_a_thousand_mistakes_are_counted_and_fifty_shown(changed):
    many = "evaluate:\n" + "".join(f"  k{number}: 1\n" for number in range(999))

    with pytest.raises(Invalid) as caught:
        parse(Document(changed({"compress:\n": f"{many}compress:\n"})))

    lines = said(caught.value, changed({}).parent).splitlines()
    assert len(lines) == 51
    assert lines[0] == "digits.yaml:32: evaluate.k0: unknown key; there are shown"
    assert lines[-1] == "digits.yaml: and 949 more"


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")],
    ids=["a folder", "a pipe", "a device"],
)
def test_what_is_no_file_is_not_read(tmp_path, make):
    make(tmp_path / "digits.yaml")

    with pytest.raises(Invalid, match=r"digits\.yaml: not a file$"):
        Document(tmp_path / "digits.yaml")


def test_a_number_without_an_end_is_refused(tmp_path):
    path = tmp_path / "digits.yaml"
    path.write_text(DIGITS.replace("epochs: 40", f"epochs: 0x{'f' * 6000}"))

    with pytest.raises(Invalid, match=r"digits\.yaml:25: a number of 6002 digits$"):
        Document(path)


def looked_at(path, source=ROOT / "sources/digits"):
    """What the deep check finds out, in this process."""
    from components.cli.deep import examine

    document = Document(path)
    return examine(document, parse(document), source, seed=0)


@pytest.mark.parametrize("row", rows("keras"))
def test_a_mistake_that_only_keras_or_the_data_show_is_named_with_its_line(changed, of_a_user, row):
    path = changed(row["change"])

    with pytest.raises(Invalid) as caught:
        looked_at(path)

    assert said(caught.value, path.parent, of_a_user) == row["message"]


def test_layers_that_are_right_pass_the_deep_check(changed):
    layers = (
        "Normalization: {mean: [0.485], variance: [0.05]}\n"
        "  - of_a_user:Mine: {width: 3}\n"
        "  - of_a_user:Fields: {width: 3}"
    )

    found = looked_at(changed({"GlobalContrastNormalization: {epsilon: 1.0e-8}": layers}))

    assert found.parameters == 170538
    assert found.seconds > 0


def test_a_network_for_which_nothing_is_free_now_is_not_tried(changed, monkeypatch):
    class Full:
        total, available = 10**12, 10**6

    monkeypatch.setattr("psutil.virtual_memory", Full)

    assert looked_at(changed({})).seconds is None


def test_what_was_only_counted_is_never_made():
    """Keras would otherwise make the variables at its next occasion: 11 TB of them."""
    import keras

    from components.data.features.class_label import ClassLabel
    from components.data.features.image import Image
    from components.data.schema import Schema
    from components.fitting.supervised.size import size
    from components.models.resnet import ResNet
    from components.tasks.head import Head

    image = Image((32, 32, 3), is_file=False)
    schema = Schema({"image": image, "label": ClassLabel("ab")}, ("label",))
    head = Head(keras.layers.Dense(10), keras.losses.MeanSquaredError(), (), dict)
    found = size(ResNet(architecture="resnet", filters=65536), schema, head)
    with keras.StatelessScope():
        keras.layers.Dense(3)

    assert found.parameters > 10**12


def test_training_refuses_what_has_no_room_before_it_makes_it():
    from components.fitting.watch import Watch
    from tests.fitting.made import pipeline, points

    huge = pipeline(
        model={"architecture": "mlp", "units": [65536] * 32}, train={"epochs": 1, "batch_size": 2}
    )

    with pytest.raises(Mistakes, match=r"^133,\d{3},\d{3},\d{3} parameters and batches of 2 need"):
        huge.train.fit(huge, points(), seed=0, watch=Watch())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (
            "{{function_node __wrapped}} output dimensions must be positive [Op:Resize] name:",
            "output dimensions must be positive",
        ),
        (
            "Exception encountered when calling Reshape.call().\n\n\x1b[1mNo room.\x1b[0m\n\n"
            "Arguments received by Reshape.call():\n  • args=...",
            "No room.",
        ),
    ],
)
def test_the_reason_is_shown_and_not_what_is_around_it(text, shown):
    assert reason(ValueError(text)) == shown


def test_a_class_without_a_file_is_named(changed, tmp_path):
    from PIL import Image

    for name in ("ant", "bee"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(30):
            Image.new("L", (8, 8), number).save(tmp_path / "photos" / name / f"{number}.png")
    (tmp_path / "photos" / "wasp").mkdir()
    (tmp_path / "photos" / "wasp" / ".hidden").touch()
    path = changed(
        {
            "source: sklearn.datasets.load_digits": "source: image_folder\n  path: photos",
            "{train: 0.7, validation": "{by: content, train: 0.7, validation",
        }
    )

    with pytest.raises(Exception, match="wasp") as caught:
        looked_at(path, tmp_path)

    assert str(caught.value) == (
        f"{tmp_path}/photos: a class has examples; there is no file in wasp"
    )


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """A checkout for commands; whoever changes a file puts it back."""
    return Project(tmp_path_factory.mktemp("checkout"))


def test_the_command_names_the_mistakes_of_all_files_and_ends_with_2(checkout, of_a_user):
    chosen = [
        row
        for row in DATA["yaml"]
        if row["id"]
        in {
            "a control character",
            "a layer of a module with a syntax error",
            "a mode that is a list",
        }
    ]
    names = []
    for number, row in enumerate(chosen):
        text = DIGITS
        for old, new in row["change"].items():
            text = text.replace(old, new)
        names.append(f"broken-{number}")
        (checkout.root / "pipelines" / f"broken-{number}.yaml").write_text(text)
    begun = time.monotonic()

    shown = checkout.millrace("check", *names, status=2, PYTHONPATH=str(of_a_user))

    expected = [
        row["message"].replace("digits.yaml", f"pipelines/{name}.yaml")
        for name, row in zip(names, chosen, strict=True)
    ]
    assert said(shown, of_a_user) == "\n".join(expected) + "\n"
    assert time.monotonic() - begun < 30
    for name in names:
        (checkout.root / "pipelines" / f"{name}.yaml").unlink()


def test_the_command_names_what_keras_says_without_a_traceback(checkout):
    path = checkout.root / "pipelines/deep.yaml"
    path.write_text(DIGITS.replace("blocks: [2, 2]", "blocks: [1, 1, 1, 1, 1, 1, 1, 1]"))

    shown = checkout.millrace("check", "deep", status=2)

    path.unlink()
    assert shown == (
        "pipelines/deep.yaml:21: model: does not fit examples of shape (8, 8, 1): "
        "8 stages halve images of 8x8 to less than a pixel\n"
    )


PARAMS = [pytest.param(row["text"], row["message"], id=row["id"]) for row in DATA["params"]]


@pytest.fixture
def with_params(tmp_path):
    """Writes params.yaml beside the pipelines of the project, and gives its path."""
    (tmp_path / "pipelines").symlink_to(ROOT / "pipelines")

    def write(text):
        (tmp_path / "params.yaml").write_text(text)
        return tmp_path / "params.yaml"

    return write


@pytest.mark.parametrize(("text", "message"), PARAMS)
def test_a_mistake_in_params_yaml_is_named_wherever_it_is_read(
    with_params, tmp_path, text, message
):
    path = with_params(text)
    readers = {
        "the command line": lambda: Params.load(path),
        "the first stage": lambda: write_fingerprints(path, tmp_path / "code"),
        "every stage": Run(
            stage="train", params_path=path, pipeline_path=ROOT / "pipelines/digits.yaml"
        ).load,
    }

    for read in readers.values():
        with pytest.raises(Invalid) as caught:
            read()

        assert said(caught.value, tmp_path) == message
    assert not (tmp_path / "code").exists()


def test_the_dag_of_a_params_yaml_with_mistakes_says_them(checkout):
    code = (
        "import json, sys; from pathlib import Path\n"
        "from dags import graph\n"
        "before, found = Path('params.yaml').read_text(), []\n"
        "for text in json.loads(sys.argv[1]):\n"
        "    Path('params.yaml').write_text(text)\n"
        "    found.append({line.name: line.mistakes for line in graph.read(Path.cwd())})\n"
        "Path('params.yaml').write_text(before)\n"
        "print('>', json.dumps(found))"
    )

    shown = checkout.run(
        sys.executable, "-c", code, json.dumps([row["text"] for row in DATA["params"]])
    )

    lines = json.loads(shown.rpartition("> ")[2].splitlines()[0])
    for row, found in zip(DATA["params"], lines, strict=True):
        told = [line for text in found.values() for line in text.splitlines()]
        assert set(row["message"].splitlines()) <= set(told), row["id"]


@pytest.mark.parametrize(
    "change",
    [
        ("backend: tensorflow", 'backend: "tensorflow; touch x"'),
        ("seed: 0 ", 'seed: "0; touch x" '),
        ("pipelines: [digits]", "pipelines: [\"digits'; touch x; '\"]"),
        ("pipelines: [digits]", 'pipelines: ["$(touch x)"]'),
    ],
    ids=["backend", "seed", "a name that ends its quotes", "a name that is a command"],
)
def test_no_value_of_params_yaml_is_run_by_a_shell(checkout, change):
    before = (checkout.root / "params.yaml").read_text()
    checkout.edit("params.yaml", change)

    shown = checkout.dvc("repro", status=255)

    (checkout.root / "params.yaml").write_text(before)
    assert "params.yaml:" in shown
    assert "Traceback" not in shown
    assert not list(checkout.root.rglob("x"))


def stage(checkout, limit=None, **variables):
    """The ingest stage by its own command, perhaps with a limit on the size of a file."""
    paths = {
        "params": "params.yaml",
        "code": "data/code/digits/ingest.json",
        "source": "sources/digits",
        "out": "data/digits/raw",
        "metrics": "reports/digits/ingest.json",
        "measured": "measured/digits/ingest.json",
    }
    given = [part for name, path in paths.items() for part in (f"--{name}", path)]
    return subprocess.run(
        [sys.executable, "-m", "components.ingest", "pipelines/digits.yaml", *given],
        cwd=checkout.root,
        env=checkout.environment(**variables),
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=lambda: limit and resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
    )


def test_a_disk_that_says_no_is_told_in_words(checkout):
    checkout.run(
        *(sys.executable, "-m", "components.fingerprint", "--params", "params.yaml"),
        *("--out", "data/code"),
    )

    found = stage(checkout, limit=20_000)

    assert (found.returncode, found.stderr) == (1, "File too large; no output is half written\n")
    (checkout.root / "data/digits").rmdir()
    (checkout.root / "data/digits").touch()
    found = stage(checkout)
    assert (found.returncode, found.stderr) == (
        1,
        "File exists: data/digits; no output is half written\n",
    )
    (checkout.root / "data/digits").unlink()


def test_a_server_that_never_answers_is_named(changed, tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_DOWNLOAD_TIMEOUT", 1)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}/a.zip"
        archive = f"archive: {{url: '{address}', sha256: {'a' * 64}}}"
        source = "source: sklearn.datasets.load_digits"
        path = changed({source: f"source: image_folder\n  {archive}"})
        begun = time.monotonic()

        with pytest.raises(Stop) as caught:
            looked_at(path)

    assert str(caught.value) == (
        f"{address} was not downloaded: timed out; "
        "without internet, set MILLRACE_MIRROR to a folder that has a.zip"
    )
    assert time.monotonic() - begun < 20
