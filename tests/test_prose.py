"""The whole line on a small text, every stage in this process."""

import csv
import json
import shutil
import subprocess
import sys

import numpy as np
import pytest
from markupsafe import escape
from prose_line import ProseLine
from stages import run_line

from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse
from components.data import dataset
from components.fitting.counts import fit
from components.tasks.outcomes import read_outcomes


def rows(project, path):
    with (project.root / path).open(newline="") as file:
        return list(csv.DictReader(file))


def split(project, stage, name):
    return dataset.open_split(project.root / "data/prose" / stage, name)


def test_each_sentence_is_an_example_under_the_name_of_its_file(prose_line):
    every = [split(prose_line, "raw", name) for name in dataset.SPLITS]

    texts = [text for one in every for text in one.input]
    names = {one.name(row) for one in every for row in range(len(one))}
    assert len(texts) == len(names) == 602
    assert {"north/book.txt:1", "south/book.txt:301"} <= names
    assert texts.count("A title") == 2


def test_a_sentence_that_occurs_again_is_in_one_split_alone(prose_line):
    train, validation, test = (set(split(prose_line, "raw", name).input) for name in dataset.SPLITS)

    assert not train & test
    assert not train & validation
    assert not validation & test


def test_what_occurs_again_is_reported_with_its_words(prose_line):
    report = prose_line.read("data/prose/validation.json")

    assert {(one["kind"], one["policy"]) for one in report["findings"]} >= {("duplicates", "warn")}
    assert prose_line.read("data/prose/verdict.json")["dropped"] == {
        name: [] for name in dataset.SPLITS
    }
    page = (prose_line.root / "reports/prose/data.html").read_text()
    (duplicates,) = (one for one in report["findings"] if one["kind"] == "duplicates")
    first = duplicates["examples"][0]
    said = split(prose_line, "raw", first["split"]).input[first["row"]]
    assert f"<b>{said}</b><br>{first['name']}<br>{first['split']}<br>" in page
    assert "words of text" in page


def test_preprocess_and_augment_leave_texts_as_they_are(prose_line):
    for name in dataset.SPLITS:
        raw, ready = split(prose_line, "raw", name), split(prose_line, "ready", name)
        assert list(ready.input) == list(raw.input)
        assert [ready.name(row) for row in range(len(ready))] == [
            raw.name(row) for row in range(len(raw))
        ]
    assert len(split(prose_line, "augmented", "train")) == 0
    assert not list((prose_line.root / "data/prose").glob("*/*.keras"))
    found = {name: run.finding for name, run in prose_line.runs.items()}
    assert found["preprocess"] == "602 examples, as they are"
    assert found["augment"] == "0 layers; 0 copies on disk"
    assert (prose_line.root / "reports/prose/augmentation.png").exists()


def test_what_is_measured_follows_from_the_kept_probabilities(prose_line):
    found = prose_line.read("reports/prose/evaluate.json")
    kept = read_outcomes(prose_line.root / "data/prose/evaluation/outcomes.csv")
    logs = np.array(kept.answers["log10"], float)
    tokens = np.array(kept.truth["tokens"], int)

    assert found["perplexity"] == pytest.approx(10 ** (-logs.sum() / tokens.sum()))
    assert 1 < found["perplexity_low"] < found["perplexity"] < found["perplexity_high"] < 30
    assert found["bits_a_word"] == pytest.approx(np.log2(found["perplexity"]))
    assert found["words"] == (tokens - 1).sum()
    assert found["examples"] == len(kept) == len(split(prose_line, "raw", "test"))
    assert found["share_of_unknown_words"] == 0
    assert found["adjusted_perplexity"] == found["perplexity"]


def test_each_sentence_has_its_row_the_most_surprising_first(prose_line):
    test = split(prose_line, "raw", "test")

    found = rows(prose_line, "data/prose/evaluation/sentences.csv")

    assert [*found[0]] == ["row", "name", "log10_probability", "tokens", "unknown", "text"]
    assert sorted(int(one["row"]) for one in found) == list(range(len(test)))
    for one in found:
        assert one["name"] == test.name(int(one["row"]))
        assert one["text"] == test.input[int(one["row"])]
    rates = [float(one["log10_probability"]) / int(one["tokens"]) for one in found]
    assert rates == sorted(rates)


def test_people_see_a_histogram_and_drawn_sentences(prose_line):
    names = [path.name for path in (prose_line.root / "reports/prose/evaluate").iterdir()]

    page = (prose_line.root / "reports/prose/report.html").read_text()

    assert names == ["bits_a_word.png"]
    assert "<h2>Drawn from the model; &lt;unk&gt; stands for any word" in page
    drawn = prose_line.read("data/prose/evaluation/measures.json")["details"]["samples"]
    assert len(drawn) == 10
    assert all(f"<td>{escape(one)}</td>" in page for one in drawn)


def test_what_is_compressed_is_measured_against_what_was_evaluated(prose_line):
    models = prose_line.read("data/prose/compressed/models.json")

    perplexity = prose_line.read("reports/prose/evaluate.json")["perplexity"]
    assert [(one["method"], one["file"]) for one in models] == [
        ("cutoff", "cutoff.arpa"),
        ("bins", "bins.npz"),
    ]
    whole = (prose_line.root / "data/prose/trained/model.arpa").stat().st_size
    for one in models:
        assert one["size_bytes"] < whole
        assert one["drop"] == pytest.approx(one["value"] - perplexity)
        assert one["drop_low"] <= one["drop"] <= one["drop_high"]
        path = prose_line.root / "data/prose/compressed" / one["file"]
        assert path.stat().st_size == one["size_bytes"]


def test_it_is_registered_and_every_stage_says_what_it_found(prose_line):
    assert prose_line.standing.sentence == "prose version 1 is the champion: there was no champion"
    found = {name: run.finding for name, run in prose_line.runs.items()}
    assert found["ingest"].startswith("602 examples: ")
    assert found["tune"] == "no search is declared"
    assert found["train"].startswith("loss ")
    assert found["evaluate"].startswith("test perplexity ")
    assert found["compress"].startswith("cutoff ")
    assert found["package"] == "ready to be registered"


def test_check_tries_it(prose_line):
    document = Document(prose_line.root / "pipelines/prose.yaml")

    estimate = examine(document, parse(document), prose_line.root / "sources/prose", 0)

    assert (estimate.parameters, estimate.seconds) == (None, None)


SERVED = """
import json, sys
import mlflow, pandas
mlflow.set_tracking_uri(sys.argv[1])
model = mlflow.pyfunc.load_model("models:/prose@champion")
texts = json.load(open("texts.json"))
found = model.predict(pandas.DataFrame({"text": texts}))
ours = sorted(name for name in sys.modules if name.startswith("components"))
print("> " + json.dumps({"ours": ours, **found.to_dict(orient="list")}))
"""


def test_raw_texts_are_served_as_was_measured_without_our_code(prose_line, tmp_path):
    measured = rows(prose_line, "data/prose/evaluation/sentences.csv")
    (tmp_path / "texts.json").write_text(json.dumps([one["text"] for one in measured]))

    done = subprocess.run(
        [sys.executable, "-P", "-c", SERVED, prose_line.tracking_uri()],
        cwd=tmp_path,
        env=prose_line.environment(),
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    (said,) = (json.loads(row[2:]) for row in done.stdout.splitlines() if row[:2] == "> ")
    assert said["ours"] == []
    expected = [float(one["log10_probability"]) for one in measured]
    assert said["log10_probability"] == pytest.approx(expected, abs=1e-9)
    assert said["tokens"] == [int(one["tokens"]) for one in measured]
    assert said["unknown"] == [int(one["unknown"]) for one in measured]


def test_another_run_on_a_cluster_gives_the_same_bytes(
    prose_line, tmp_path, cluster, empty_store, monkeypatch
):
    monkeypatch.setattr(fit, "PART", 100)
    project = ProseLine(tmp_path)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    project.edit("params.yaml", ("dask:  ", f"dask: {cluster}  "))

    with project.entered():
        run_line(tmp_path, "prose")

    assert project.outputs() == prose_line.outputs()
