"""`millrace`, as a person calls it."""

import json
import subprocess
import sys

import pytest
import yaml
from project import ROOT, STAGES

from components.base.errors import Invalid
from components.cli import doctor, main
from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse

PIPELINES = ", ".join(sorted(path.stem for path in (ROOT / "pipelines").glob("*.yaml")))
COMMANDS = [
    "check",
    "plan",
    "run",
    "summary",
    "new",
    "accept",
    "list",
    "show",
    "register",
    "doctor",
    "schema",
    "docs",
]


def test_a_right_file_has_no_mistakes_and_says_what_it_will_cost(project):
    output = project.millrace("check", "digits")

    assert output.startswith(
        "pipelines/digits.yaml: no mistakes; 170,538 parameters, about 28.5 MB"
    )
    assert "for all epochs on this machine" in output
    assert project.read("measured/digits/check.json")["parameters"] == 170538
    assert "about " in project.millrace("plan", "digits")


def deep(path):
    document = Document(path)
    with pytest.raises(Invalid) as caught:
        examine(document, parse(document), ROOT / "sources/digits", seed=0)
    return str(caught.value).replace(f"{path}:", "")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        pytest.param(
            "batch_size: 64",
            "batch_size: 4096",
            "26: train.batch_size: a batch of 4096 is larger than the train split, which has 1259",
            id="a batch larger than the set",
        ),
        pytest.param(
            "load_digits",
            "load_wine",
            "22: model.architecture: resnet needs images; the examples are vectors of 13 features",
            id="images are wanted",
        ),
        pytest.param(
            "factor: 0.04",
            "factor: [1, 2, 3]",
            "20: augment.layers.1.RandomRotation: ",
            id="what only Keras can judge",
        ),
        pytest.param(
            "weight_decay: 1.0e-4",
            "clipnorm: 1, clipvalue: 1",
            "28: train.optimizer: ",
            id="arguments that exclude each other",
        ),
        pytest.param(
            "train:\n",
            "tune: {space: {train.batch_size: {IntDistribution: {low: 32, high: 8}}}}\ntrain:\n",
            "24: tune.space.train.batch_size: ",
            id="an empty distribution",
        ),
    ],
)
def test_what_the_yaml_cannot_show_is_found_before_anything_is_spent(edited, old, new, message):
    assert deep(edited((old, new))).startswith(message)


@pytest.mark.parametrize(
    ("end", "status", "message"),
    [
        (
            "sys.exit(0)",
            2,
            "pipelines/digits.yaml:14: preprocess.1.ends:Mine: ends ends the process when it is "
            "imported\n",
        ),
        (
            "os._exit(0)",
            1,
            "pipelines/digits.yaml: a module that it names ends the process: sys.exit, or "
            "os._exit\n",
        ),
    ],
)
def test_a_module_that_ends_the_process_is_named(project, tmp_path, end, status, message):
    layer = "import os, sys\n\nimport keras\n\n\nclass Mine(keras.layers.Layer):\n    pass\n\n\n"
    (tmp_path / "ends.py").write_text(f"{layer}{end}\n")
    project.edit(
        "pipelines/digits.yaml", ("GlobalContrastNormalization: {epsilon: 1.0e-8}", "'ends:Mine'")
    )

    said = project.millrace("check", "digits", PYTHONPATH=str(tmp_path), status=status)

    assert said == message


def test_a_command_that_is_interrupted_says_so(monkeypatch, capsys):
    def interrupted(**_):
        raise SystemExit(130)  # what typer makes of Ctrl-C

    monkeypatch.setattr(main, "app", interrupted)

    with pytest.raises(SystemExit, match="130"):
        main.main(["run"])

    assert capsys.readouterr().err == "interrupted; no output is half written\n"


def test_a_layer_from_elsewhere_is_checked_and_one_with_a_hidden_import_refused(
    project, tmp_path_factory
):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (project.root / "hidden.py").write_text("X = 1")
    layer = "from keras.layers import Identity\n\n\nclass Same(Identity):\n    pass\n"
    (elsewhere / "theirs.py").write_text(layer)
    project.edit("pipelines/digits.yaml", ("preprocess:\n", "preprocess:\n  - theirs:Same\n"))

    right = project.millrace("check", "digits", PYTHONPATH=str(elsewhere))
    with (elsewhere / "theirs.py").open("a") as file:
        file.write("\n\n__import__('hidden')\n")
    wrong = project.millrace("check", "digits", PYTHONPATH=str(elsewhere), status=1)

    assert "digits.yaml: no mistakes" in right
    assert wrong.startswith("hidden: imported in a way that the sources do not show")


def test_names_and_paths_are_both_understood_wherever_one_is(project):
    (project.root / "elsewhere").mkdir()
    by_name = project.millrace("show", "digits")

    assert project.millrace("show", "pipelines/digits.yaml") == by_name
    assert project.millrace("show", str(project.root / "pipelines/digits.yaml")) == by_name
    code = f"import sys; sys.path.insert(0, {str(project.root)!r})"
    below = subprocess.run(
        [sys.executable, "-c", f"{code}; from components.cli.main import main; main()", "list"],
        cwd=project.root / "elsewhere",
        capture_output=True,
        text=True,
        check=True,
    )
    assert "digits" in below.stdout


@pytest.mark.parametrize("command", ["check", "plan", "run", "summary", "show", "accept"])
def test_a_pipeline_that_there_is_not_is_named_with_the_nearest(project, command):
    assert project.millrace(command, "digts", status=2) == (
        "no pipeline 'digts'; did you mean 'digits'?\n"
    )


@pytest.mark.parametrize("command", ["plan", "run", "summary", "register", "accept"])
def test_a_pipeline_that_is_not_active_is_named(project, command):
    assert project.millrace(command, "mnist", status=2) == (
        "params.yaml: pipelines: mnist is not among the active ones\n"
    )


def test_outside_of_a_project_it_says_so(project, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside")

    done = subprocess.run(
        [sys.executable, "-m", "components", "list"],
        cwd=outside,
        env=project.environment(PYTHONPATH=str(project.root)),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert done.stderr == (
        f"{outside} is in no project: no folder above has dvc.yaml, params.yaml, pipelines\n"
    )


def test_in_another_checkout_than_its_own_it_says_so(project):
    code = "from components.cli.main import main; main()"

    said = project.run(*(sys.executable, "-P", "-c", code, "list"), status=2, PYTHONPATH=str(ROOT))

    assert said == (
        f"this is the millrace of {ROOT}, and not of {project.root}; "
        f"activate the environment there, or: cd {project.root}; python -m components\n"
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(project, command):
    shown = project.millrace(command, "--help")

    assert f"Example: millrace {command}" in shown


def test_a_misspelt_command_is_named_with_the_nearest(project):
    assert "No such command 'chek'. Did you mean 'check'" in project.millrace("chek", status=2)


def test_it_says_its_version(project):
    assert project.millrace("--version").startswith("millrace ")


def test_names_are_completed(project):
    shown = project.run(
        sys.executable,
        "-m",
        "components",
        _MILLRACE_COMPLETE="complete_bash",
        COMP_WORDS="millrace check fash",
        COMP_CWORD="2",
    )

    assert shown.split() == ["fashion-mnist", "fashion-mnist-gpu"]


def test_the_pipelines_are_listed(project):
    rows = project.millrace("list").splitlines()

    assert any(row.split()[:2] == ["digits", "active"] for row in rows)
    assert not any(row.split()[:2] == ["mnist", "active"] for row in rows)


def test_a_configuration_is_shown_with_where_each_value_comes_from(project):
    project.edit("pipelines/digits.yaml", ("{cosine: {initial: 2.0e-3, warmup: 2}}", "1e-3"))

    rows = project.millrace("show", "digits", COLUMNS="200").splitlines()

    assert rows[0].split() == ["key", "value", "from"]
    shown = {row.split()[0]: row.split() for row in rows[1:]}
    assert shown["train.batch_size"][1:] == ["64", "pipelines/digits.yaml:26"]
    assert shown["train.checkpoint.monitor"][1:] == ["val_loss", "default"]
    assert shown["train.learning_rate.constant.initial"][1:] == [
        "0.001",
        "pipelines/digits.yaml:29",
    ]
    assert shown["preprocess.0.Rescaling.scale"][1:] == ["0.0625", "pipelines/digits.yaml:13"]
    assert shown["task.classification.calibration_bins"][1:] == ["10", "default"]
    assert shown["train.learning_rate.constant.warmup"][1:] == ["0.0", "default"]
    assert shown["compress.methods.1.int8.calibration_examples"][1:] == ["256", "default"]


def test_the_doctor_looks_at_everything_and_removes_what_a_kill_has_left(project):
    left = project.root / "data" / "digits" / ".trained.a1b2c3.partial"
    left.mkdir(parents=True)

    said = project.millrace("doctor")

    assert "LOOK" not in said
    for what in ("python", "keras", "mlflow", "devices", "disk", "git", "pipelines"):
        assert f"ok    {what}" in said
    assert "was left by a kill, and is removed" in said
    assert not left.exists()


def test_the_doctor_says_what_is_wrong(project):
    project.edit("params.yaml", ("backend: tensorflow", "backend: tensrflow"))

    said = project.millrace("doctor", status=1)

    assert "LOOK  params" in said
    assert "must be 'tensorflow' or 'jax', is 'tensrflow'" in said


def test_the_doctor_says_why_a_device_cannot_be_asked(tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(doctor, "DEVICES", "raise SystemExit('starting\\nno driver')")

    assert list(doctor._devices()) == [("devices", False, "no driver")]


@pytest.mark.parametrize(
    "written",
    [
        pytest.param("register:\n  name: digits\n  gate: {min: 0.97}", id="a plain line"),
        pytest.param("register:\n  name: 'digits'   # ours\n  gate: {min: 0.97}", id="quoted"),
        pytest.param("register: {name: digits, gate: {min: 0.97}}", id="in one line"),
        pytest.param('register: {"name": "digits", gate: {min: 0.97}}', id="as JSON"),
        pytest.param("register:\n  gate: {min: 0.97}\n  name:\n    digits", id="on the next line"),
        pytest.param("register: {gate: {min: 0.97}, name: other}", id="of another name"),
    ],
)
def test_a_new_pipeline_never_registers_under_anothers_model(project, written):
    text = (project.root / "pipelines/digits.yaml").read_text()
    before = text[: text.index("register:")]
    (project.root / "pipelines/digits.yaml").write_text(before + written + "\n")

    output = project.millrace("new", "letters", "--from", "digits")

    assert output == (
        "pipelines/letters.yaml is active now; edit it, then: millrace check letters\n"
    )
    made = (project.root / "pipelines/letters.yaml").read_text()
    assert yaml.safe_load(made)["register"] == {"name": "letters", "gate": {"min": 0.97}}
    assert "# ZCAWhitening: {epsilon: 0.1} after these" in made  # comments stay
    original = yaml.safe_load((project.root / "pipelines/digits.yaml").read_text())
    assert {**yaml.safe_load(made), "register": 0} == {**original, "register": 0}


def test_a_new_pipeline_is_active_and_the_comments_of_params_yaml_stay(project):
    project.millrace("new", "letters", "--from", "pipelines/digits.yaml")

    params = (project.root / "params.yaml").read_text()
    assert "pipelines: [digits, letters]" in params
    assert "# of the split" in params
    assert "train@letters" in project.dvc("stage", "list")


def test_a_new_pipeline_may_have_its_data_elsewhere(project, tmp_path):
    (tmp_path / "my photos").mkdir()

    project.millrace("new", "flowers", "--from", "photos", "--source", str(tmp_path / "my photos"))

    assert (project.root / "sources/flowers").resolve() == tmp_path / "my photos"
    assert "sources/flowers" not in project.run("git", "status", "--porcelain")  # of this machine
    assert "train@flowers" in project.dvc("stage", "list")


@pytest.mark.parametrize(
    ("name", "folder", "message"),
    [
        ("flowers", "none", "none: no such folder\n"),
        ("flowers", "params.yaml", "params.yaml: no such folder\n"),
        ("photos", "pipelines", "pipelines/photos.yaml is there already\n"),
        ("met", "pipelines", "sources/met is there already, and cannot become a link to"),
        ("lost", "pipelines", "sources/lost is there already, and cannot become a link to"),
    ],
)
def test_a_folder_that_cannot_be_the_source_changes_nothing(project, name, folder, message):
    (project.root / "sources/met").mkdir()
    (project.root / "sources/lost").symlink_to("nowhere")
    before = project.run("git", "status", "--porcelain")

    said = project.millrace("new", name, "--from", "digits", "--source", folder, status=2)

    assert message in said
    assert project.run("git", "status", "--porcelain") == before


@pytest.mark.parametrize(
    ("name", "origin", "message"),
    [
        ("digits", "digits", "pipelines/digits.yaml is there already\n"),
        ("new", "digts", "no pipeline 'digts'; did you mean 'digits'?\n"),
        ("new", "xyz", f"no pipeline 'xyz'; there are {PIPELINES}\n"),
        ("a b", "digits", "'a b' is no name: small letters, digits, '_' and '-' make one\n"),
        ("a" * 101, "digits", "a name has at most 100 characters; this one has 101\n"),
        ("..", "digits", "'..' is no name: small letters, digits, '_' and '-' make one\n"),
    ],
)
def test_a_pipeline_that_cannot_be_made_says_why_and_changes_nothing(
    project, name, origin, message
):
    before = (project.root / "params.yaml").read_bytes()

    assert project.millrace("new", name, "--from", origin, status=2) == message
    assert (project.root / "params.yaml").read_bytes() == before
    assert project.run("git", "status", "--porcelain") == ""


def test_before_a_run_the_plan_is_everything(project):
    *rows, rate = project.millrace("plan", "digits").splitlines()[1:]
    assert rate.startswith("digits: learning rate ▁▅██")

    starts = [row for row in rows if "@digits  " in row and " runs " in row]
    assert len(starts) == len(STAGES)
    assert "it has not run yet" in rows[0]


def test_the_plan_of_a_pipeline_is_not_that_of_another_with_its_name_in_its_own(project):
    project.millrace("new", "my-digits", "--from", "digits")

    shown = project.millrace("plan", "digits")

    assert "train@digits" in shown
    assert "my-digits" not in shown
    assert "my-digits" in project.millrace("plan")


def test_before_a_run_there_is_no_summary(project):
    assert project.millrace("summary", status=1) == (
        "digits has not run to its end yet: millrace run digits\n"
    )


def test_without_pipelines_every_command_says_so(project):
    project.edit("params.yaml", ("pipelines: [digits]", "pipelines: []"))

    for command in ("summary", "plan", "run", "check"):
        assert project.millrace(command, status=2) == (
            "params.yaml:2: pipelines: must be 1 or more, is empty\n"
        )


def test_a_failing_stage_is_told_with_its_reason_and_where_the_whole_log_is(project):
    strict = "max_duplicate_fraction: 0.01\n  imbalance: error\n  max_imbalance: 1.0"
    project.edit("pipelines/digits.yaml", ("max_duplicate_fraction: 0.01", strict))

    said = project.millrace("run", status=1).splitlines()

    assert said[0].startswith("ingest@digits ")
    assert any(one.startswith("imbalance: class '3' has ") for one in said)
    log = "measured/digits/run.log"
    assert said[-1] == f"the whole log is in {log}"
    assert "Running stage 'validate@digits'" in (project.root / log).read_text()


@pytest.mark.parametrize("stage", ["ingest", "validate", "tune", "fingerprint"])
def test_a_stage_that_needs_no_framework_loads_none(stage):
    code = (
        "import sys\n"
        f"import components.{stage}.run\n"
        "print('>', sorted({'tensorflow', 'keras', 'jax', 'mlflow'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.partition("> ")[2] == "[]\n"


def test_the_registry_is_asked_without_a_framework():
    code = (
        "import sys, components.register.run\n"
        "print('>', sorted({'tensorflow', 'keras', 'jax'} & set(sys.modules)))"
    )

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.partition("> ")[2] == "[]\n"


def test_the_schema_command_writes_it(project):
    project.millrace("schema")

    assert json.loads((project.root / "docs/pipeline.schema.json").read_text())["title"]


def test_a_column_that_there_is_not_is_named_with_its_line(edited, tmp_path):
    path = edited(
        (
            "source: sklearn.datasets.load_digits",
            "source: table\n  file: labels.csv\n  columns: {image: Image, lable: ClassLabel}",
        )
    )
    (tmp_path / "labels.csv").write_text("image,label\na.png,a\n")
    document = Document(path)

    with pytest.raises(Invalid) as caught:
        examine(document, parse(document), tmp_path, seed=0)

    assert str(caught.value) == (
        f"{path}:10: ingest.columns.lable: no column 'lable' in labels.csv; did you mean 'label'?"
    )


def write_validation(project, problems):
    folder = project.root / "data" / "digits"
    folder.mkdir(parents=True)
    report = {"problems": problems, "statistics": {"categories": {"value label": {"0": 3}}}}
    (folder / "validation.json").write_text(json.dumps(report))


def test_an_accepted_dataset_is_what_later_ones_are_compared_with(project):
    write_validation(project, [])

    output = project.millrace("accept", "digits")

    kept = project.root / "accepted" / "digits" / "statistics.json"
    assert json.loads(kept.read_text()) == {"categories": {"value label": {"0": 3}}}
    assert output == (
        "accepted/digits/statistics.json: later versions of the data are compared with this one\n"
    )


def test_a_dataset_with_problems_is_not_accepted(project):
    write_validation(project, ["corrupt: 1 of 9 examples"])

    assert project.millrace("accept", "digits", status=1) == (
        "data/digits/validation.json: not to be accepted:\ncorrupt: 1 of 9 examples\n"
    )


def test_what_was_not_validated_is_not_accepted(project):
    assert project.millrace("accept", "digits", status=1) == (
        "data/digits/validation.json: no such file; run: millrace run digits\n"
    )
