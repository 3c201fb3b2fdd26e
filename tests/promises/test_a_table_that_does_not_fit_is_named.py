"""Promise 5, of tables: whatever does not go with the columns is named before it costs anything."""

from pathlib import Path

import pytest
import yaml

from components.base.errors import Stop
from components.cli.deep import examine
from components.config.document import Document
from components.config.pipeline import parse

DATA = yaml.safe_load((Path(__file__).parent / "tables.yaml").read_text())


@pytest.fixture
def looked_at(tmp_path):
    """What the check finds out of the file with some changes, in this process."""
    cities, sides = ("Rome", "Oslo", "Bern"), ("up", "down")
    lines = [
        f"{row},{row * row % 7},{cities[row % 3]},words of {row},{sides[row % 2]},{row % 5}"
        for row in range(40)
    ]
    (tmp_path / "t.csv").write_text("\n".join(["a,b,city,words,y,price", *lines]) + "\n")

    def examined(change):
        text = DATA["file"]
        for old, new in change.items():
            assert old in text
            text = text.replace(old, new)
        path = tmp_path / "t.yaml"
        path.write_text(text)
        document = Document(path)
        return examine(document, parse(document), tmp_path, seed=0)

    return examined


@pytest.mark.parametrize("row", [pytest.param(row, id=row["id"]) for row in DATA["rows"]])
def test_what_does_not_fit_is_named_with_its_line(looked_at, tmp_path, row):
    with pytest.raises(Stop) as caught:
        looked_at(row["change"])

    said = str(caught.value).replace(f"{tmp_path}/", "")
    if (start := row.get("starts")) is not None:
        said = said[: len(start)]
    assert said == row.get("message", start)


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"    b: Value\n": "", ", b: float": ""},  # one column, and a FeatureSpace
        {
            "    b: Value\n": "",
            "    a: Value": "    city: {Value: {dtype: string}}",
            "a: float, b: float": "city: categorical",
        },
    ],
)
def test_what_fits_is_estimated(looked_at, change):
    assert looked_at(change).parameters > 0
