"""What is seen in each layer, and said of it."""

import json

import keras
import numpy as np
import pytest

from components.fitting.supervised.layers import _named, ailing, measured, passing
from components.fitting.watch import Watch
from tests import own_models
from tests.fitting.jax import on_jax
from tests.fitting.made import SECTIONS, pipeline, points
from tests.fitting.told import Told

DEEP = {"architecture": "mlp", "units": [16] * 8, "activation": "sigmoid"}
OFF = {"first_step": False, "overfit": False, "range_test": False}


def fitted(*watchers, **sections):
    train = {**SECTIONS["train"], "epochs": 3, "checks": OFF, **sections.pop("train", {})}
    file = pipeline(train=train, **sections)
    return file.train.fit(file, points(), 7, Watch(*watchers))


def test_every_layer_is_looked_at_before_and_after_each_epoch():
    told = Told()

    found = fitted(told)

    looks = found.record.layers
    assert [look["epochs"] for look in looks] == [0, 1, 2, 3]
    assert [[row["layer"] for row in look["layers"]] for look in looks] == [["dense", "head"]] * 4
    hidden = looks[0]["layers"][0]
    assert sum(hidden["histogram"]) == 32 * 8  # a power of two of the 60 examples
    sent = {step: values for step, values in told.sent if "layers/dead_most" in values}
    assert sorted(sent) == [0, 1, 2, 3]
    both = [row["gradient"] / row["weight"] for row in looks[2]["layers"]]
    assert sent[2] == {
        "layers/gradient_smallest": min(both),
        "layers/gradient_largest": max(both),
        "layers/dead_most": looks[2]["layers"][0]["dead"],
    }


def test_what_is_seen_is_what_the_network_gives():
    """Of the last epoch, whose weights are kept here."""
    found = fitted(train={"epochs": 1})

    rows = points().train.input[np.linspace(0, 59, 32).astype(int)]
    hidden = next(one for one in found.model.layers if isinstance(one, keras.layers.Dense))
    outputs = np.asarray(hidden(np.asarray(rows)))
    seen = found.record.layers[-1]["layers"][0]
    assert seen["mean"] == pytest.approx(outputs.mean(), rel=1e-5)
    assert seen["deviation"] == pytest.approx(outputs.std(), rel=1e-5)
    kernel = np.asarray(hidden.kernel)
    assert seen["weight"] == pytest.approx(np.sqrt((kernel**2).mean()), rel=1e-5)


def test_of_a_long_training_some_epochs_are_looked_at():
    found = fitted(train={"epochs": 120, "batch_size": 60})

    assert [look["epochs"] for look in found.record.layers] == [0, *range(3, 121, 3)]


def test_the_last_epoch_of_an_early_stop_is_looked_at_too():
    early = {"monitor": "val_loss", "patience": 0, "min_delta": 10}

    found = fitted(train={"epochs": 9, "early_stopping": early})

    assert len(found.record.layers) == 1 + len(found.history["loss"]) < 10


def test_it_can_be_left_out():
    assert fitted(train={"checks": {**OFF, "layers": False}}).record.layers == []


def test_a_look_changes_nothing_of_a_network_with_statistics_and_dropout():
    inputs = keras.Input((4,))
    hidden = keras.layers.Dense(8, name="hidden")(inputs)
    normal = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(hidden))
    inside = keras.Model(inputs, [hidden, keras.layers.Dense(3)(normal)])
    before = [np.array(one) for one in inside.variables]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    x = np.random.default_rng(0).normal(size=(8, 4)).astype(np.float32)

    (seen,), gradients = passing(inside, loss)(x, np.arange(8) % 3)

    for was, now in zip(before, inside.variables, strict=True):
        np.testing.assert_array_equal(was, np.array(now))
    np.testing.assert_allclose(seen, np.asarray(inside.layers[1](x)), rtol=1e-6)
    assert set(gradients) == {id(one) for one in inside.trainable_variables}


def test_the_gradient_is_that_of_the_loss():
    """Of a square of one weight: d/dw (w x - y)^2 = 2 x (w x - y)."""
    inputs = keras.Input((1,))
    layer = keras.layers.Dense(1, use_bias=False, kernel_initializer=keras.initializers.Constant(3))
    inside = keras.Model(inputs, [inputs, layer(inputs)])
    outputs, gradients = passing(inside, keras.losses.MeanSquaredError())(
        np.array([[2.0]], np.float32), np.array([[1.0]], np.float32)
    )

    row = measured(layer, outputs[0], gradients, is_last=True)

    assert row["gradient"] == pytest.approx(2 * 2 * (3 * 2 - 1))
    assert row["weight"] == pytest.approx(3)


def row_of(layer, output):
    layer.build((None, output.shape[-1]))
    return measured(layer, output.astype(np.float32), {}, is_last=False)


def test_dead_is_a_unit_that_is_zero_for_every_example():
    output = np.tile(np.array([[0.0, 1, 0], [0, 0, 2]]), (8, 1))

    assert row_of(keras.layers.ReLU(), output)["dead"] == pytest.approx(1 / 3)
    assert row_of(keras.layers.ReLU(), output - 1)["dead"] is None  # of what goes below 0


def test_of_few_outputs_none_is_called_dead():
    """Half of all units are 0 for one example, by chance."""
    assert row_of(keras.layers.ReLU(), np.zeros((15, 4)))["dead"] is None


@pytest.mark.parametrize(
    "output",
    [[[1, 1.0000001]], [[0.0, 0.0]], [[1e-30, 2e-30]], [[-3e38, 3e38]], [[5e7, 5e7 + 4]]],
)
def test_outputs_that_are_nearly_alike_or_far_apart_have_a_histogram(output):
    found = row_of(keras.layers.LeakyReLU(), np.array(output, np.float32))

    assert sum(found["histogram"]) == 2
    assert found["low"] < found["high"]


@pytest.mark.parametrize("network", [own_models.nested, own_models.embedded, own_models.shared])
def test_networks_of_every_form_are_looked_at(network):
    model = {"architecture": f"{own_models.__name__}:{network.__name__}"}

    looks = fitted(model=model).record.layers

    assert looks[0]["layers"][-1]["layer"] == "head"
    assert all(row["gradient"] is None or row["gradient"] > 0 for row in looks[0]["layers"])


@pytest.mark.parametrize(
    ("activation", "output", "share"),
    [
        ("tanh", [[-0.99, 0.0], [0.95, 1.0]], 0.75),
        ("sigmoid", [[0.01, 0.5], [0.3, 0.99]], 0.5),
        ("relu", [[0.1, 5.0]], None),
    ],
)
def test_saturated_is_an_output_at_an_end(activation, output, share):
    found = row_of(keras.layers.Dense(2, activation=activation), np.array(output))

    assert found["saturated"] == share


def test_what_is_not_finite_has_no_histogram():
    found = row_of(keras.layers.ReLU(), np.array([[1.0, np.inf]]))

    assert found["histogram"] is found["mean"] is None


def row(layer, gradient=0.01, weight=0.1, dead=None, saturated=None):
    return {
        "layer": layer, "gradient": gradient, "weight": weight, "dead": dead, "saturated": saturated
    }  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("a"), row("b", None), row("head")], []),
        ([row("a", 1e-6), row("head")], ["gradients vanish: beside its weights 0.0001 times"]),
        ([row("a", 9.0), row("head")], ["gradients explode: beside its weights 9e+02 times"]),
        ([row("a", float("nan")), row("head")], ["gradients explode"]),
        ([row("a", dead=0.6), row("b", dead=0.7), row("head")], ["units are dead: 70% of b"]),
        ([row("a", saturated=0.9), row("head")], ["outputs are saturated: 90% of a"]),
        ([row("a", dead=0.5, saturated=0.5), row("head")], []),
        ([row("head", 0.0)], []),
        ([row("a", 1e-6), row("head", weight=1e-4)], []),  # which is to begin with nothing
    ],
)
def test_what_ails_is_named(rows, said):
    found = list(ailing(rows))

    assert len(found) == len(said)
    assert all(one.startswith(start) for one, start in zip(found, said, strict=True))


def test_a_deep_network_of_sigmoids_is_told_that_its_gradients_vanish():
    found = fitted(model=DEEP)

    assert [when for when, what in found.record.notes if what.startswith("gradients vanish")] == [
        "before the first step"
    ]
    assert not [what for _, what in fitted().record.notes]


def test_layers_are_numbered_from_the_first_of_their_network():
    keras.layers.Dense(1)
    every = [keras.layers.Dense(1), keras.layers.ReLU(), keras.layers.Dense(1)]
    every += [keras.layers.Dense(1, name="stem_7"), keras.layers.Conv2D(1, 1)]

    assert list(_named(every)) == ["dense", "re_lu", "dense_1", "stem_7", "conv2d"]


SAME = """
import json
from tests.fitting.supervised.test_layers import fitted
found = fitted()
other = fitted(train={"checks": {"layers": False}})
both = [[w.tobytes() for w in one.model.get_weights()] for one in (found, other)]
same = both[0] == both[1]
rows = [[row["gradient"] for row in look["layers"]] for look in found.record.layers]
print(json.dumps([same, rows[0]]))
"""


def test_on_jax_too():
    """In a process of its own, which has the other backend; the first weights are the same."""
    same, gradients = json.loads(on_jax(SAME).splitlines()[-1])

    assert same
    assert all(one > 0 for one in gradients)
