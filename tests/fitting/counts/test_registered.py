"""A saved model, loaded in a process that has none of our code."""

import json
import subprocess
import sys
import time

import mlflow
import pytest

from components.fitting.counts.pyfunc_code import NgramModel
from components.fitting.predictor import load, open_registered, package
from tests.fitting.counts.made import fitted, sentences, split

LOAD = """
import json, sys, mlflow, pandas
texts = json.load(sys.stdin)
found = mlflow.pyfunc.load_model(sys.argv[1]).predict(pandas.DataFrame({"text": texts}))
assert not [name for name in sys.modules if name.startswith("components")]
print(json.dumps(found.to_dict(orient="list")))
"""
FEW = split(["The captain saw the ship.", ""])


def packaged(folder, **model):
    """The folder of a model, and what its predictor says."""
    (folder / "trained").mkdir(parents=True)
    fitted(**model).save(folder / "trained")
    package(folder / "trained", FEW, folder / "model")
    return folder / "model", load(folder / "trained")


@pytest.mark.parametrize(
    "model",
    [{"order": 1}, {"order": 4, "smoothing": "GoodTuring", "lower": False}],
    ids=str,
)
def test_a_loaded_model_gives_texts_our_probabilities(model, tmp_path):
    folder, ours = packaged(tmp_path / "a", **model)
    folder = folder.rename(tmp_path / "moved")
    texts = [*sentences(50, seed=9), "", "never seen", "<s> the </s>", "a\0b", "The CAPTAIN"]

    answer = subprocess.run(
        [sys.executable, "-P", "-c", LOAD, folder],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )

    found, expected = json.loads(answer.stdout), ours.score(texts)
    assert found["log10_probability"] == pytest.approx(expected.logs.tolist(), abs=1e-9)
    assert found["tokens"] == expected.tokens.tolist()
    assert found["unknown"] == expected.unknown.tolist()
    again = open_registered(folder).score(texts)
    assert again.logs.tolist() == expected.logs.tolist()


def test_the_signature_and_an_example_say_what_goes_in_and_out(tmp_path):
    folder, _ = packaged(tmp_path / "a")

    model = mlflow.pyfunc.load_model(str(folder))
    signature = model.metadata.signature
    assert str(signature.inputs) == "['text': string (required)]"
    assert str(signature.outputs) == (
        "['log10_probability': double (required), 'tokens': long (required), "
        "'unknown': long (required)]"
    )
    assert list(model.input_example["text"]) == list(FEW.input)


def test_the_same_model_is_the_same_bytes(tmp_path):
    one, _ = packaged(tmp_path / "a")
    time.sleep(1.1)
    other, _ = packaged(tmp_path / "b")

    files = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
    assert files
    assert [(one / name).read_bytes() for name in files] == [
        (other / name).read_bytes() for name in files
    ]
    assert not any(str(tmp_path).encode() in (one / name).read_bytes() for name in files)


def test_a_row_without_a_text_is_named():
    with pytest.raises(ValueError, match=r"^row 1 has no text$"):
        NgramModel().predict(None, {"text": ["a", None]})
