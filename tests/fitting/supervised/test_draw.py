"""The pictures of a training."""

import numpy as np
import pytest

from components.fitting.supervised.draw import figures
from components.show import pictures

ROW = {
    "mean": 0.5, "deviation": 0.1, "low": 0.0, "high": 1.0, "histogram": [1] * 20, "dead": 0.25,
    "saturated": None, "gradient": 0.01, "weight": 0.1,
}  # fmt: skip


def learned(layers=3, looks=4, **changed):
    rows = [{**ROW, "layer": f"layer {place}", **changed} for place in range(layers)]
    return {
        "history": {"learning_rate": [0.01, 0.002]},
        "losses": [[2.0, 1.5], [1.0, 0.5]],
        "range_test": [[1e-4, 2.0], [1e-2, 1.0], [1.0, 5.0]],
        "layers": [{"epochs": number, "layers": rows} for number in range(looks)],
    }


def test_there_is_one_of_all_that_was_seen(tmp_path):
    found = figures(learned())

    assert [caption.partition(",")[0] for caption in found] == [
        "Loss of steps", "Range test", "Outputs of layers", "Gradients of layers"
    ]  # fmt: skip
    for number, figure in enumerate(found.values()):
        pictures.save(figure, tmp_path / f"{number}.png")


def test_of_what_was_not_looked_at_there_is_none():
    assert figures({"history": {}, "losses": [], "range_test": [], "layers": []}) == {}
    assert figures({"layers": [{"epochs": 0, "layers": []}]}) == {}
    assert figures({}) == {}  # of a learner of one's own


def test_the_loss_of_steps_lies_where_they_were():
    axes = figures(learned())["Loss of steps, means of a few, and their moving average"].axes[0]

    drawn, smooth = axes.lines
    np.testing.assert_allclose(drawn.get_xdata(), [0.25, 0.75, 1.25, 1.75])
    np.testing.assert_allclose(drawn.get_ydata(), [2.0, 1.5, 1.0, 0.5])
    assert smooth.get_ydata()[1] == pytest.approx((0.9 * 2.0 + 1.5) / 1.9)
    assert axes.get_yscale() == "log"


def test_a_loss_below_zero_is_not_drawn_by_powers():
    found = figures({"losses": [[-1.0, 2.0]]})

    assert next(iter(found.values())).axes[0].get_yscale() == "linear"


def test_the_rate_of_the_training_is_beside_the_suggested_one():
    found = figures(learned())
    axes = next(one for caption, one in found.items() if caption.startswith("Range")).axes[0]

    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["suggested 0.001", "highest of the training 0.01"]


def test_of_many_layers_some_are_drawn(tmp_path):
    found = figures(learned(layers=60, looks=51))
    outputs = next(one for caption, one in found.items() if caption.startswith("Outputs"))

    assert len(outputs.axes) == 12
    assert outputs.axes[0].get_title() == "layer 0"
    assert outputs.axes[-1].get_title() == "layer 59"
    for number, figure in enumerate(found.values()):
        pictures.save(figure, tmp_path / f"{number}.png")


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"histogram": None, "low": None, "high": None}, id="no numbers"),
        pytest.param({"low": 0.0, "high": 0.0}, id="all alike"),
        pytest.param({"gradient": None, "weight": None}, id="nothing learned"),
        pytest.param({"gradient": 0.0, "dead": None}, id="no gradient"),
        pytest.param({"dead": None, "gradient": None}, id="neither"),
    ],
)
def test_what_is_strange_is_drawn_too(tmp_path, changed):
    for number, figure in enumerate(figures(learned(**changed)).values()):
        pictures.save(figure, tmp_path / f"{number}.png")


def test_numbers_of_an_axis_are_plain():
    found = figures(learned())
    axes = next(one for caption, one in found.items() if caption.startswith("Range")).axes[0]
    figure = axes.figure
    figure.draw_without_rendering()

    texts = [label.get_text() for label in axes.get_xticklabels()]
    assert "0.01" in texts
    assert not any("$" in text for text in texts)
