"""What a training tries before it begins."""

import keras
import numpy as np
import pytest

from components.base.errors import Mistakes
from components.fitting.diverged import Diverged
from components.fitting.supervised import Checks
from components.fitting.supervised import rates as rates_module
from components.fitting.supervised import rehearsal as rehearsal_module
from components.fitting.supervised.rates import Scheduled
from components.fitting.supervised.rehearsal import Range, Rehearsal
from components.fitting.supervised.schedule import Course, Decay
from components.fitting.watch import Watch
from tests.fitting.jax import on_jax
from tests.fitting.made import SECTIONS, pipeline, points
from tests.fitting.told import Told

OFF = {"first_step": False, "overfit": False, "range_test": False, "layers": False}
ONLY = {name: Checks(**{**OFF, name: True}) for name in OFF}
GUESS = float(np.log(2))


def batches(count=10, size=16, seed=0):
    """Points with the side of a line that each is on."""
    drawn = np.random.default_rng(seed).normal(size=(count, size, 2)).astype(np.float32)
    return [(one, (one.sum(axis=1) > 0).astype(np.int64)) for one in drawn]


def rehearsal(given=None, rate=0.05, epochs=100, layers=(), head=None, optimizer="Adam"):
    """Of a small network."""
    keras.utils.set_random_seed(0)
    given = given or batches()
    hidden = layers or [keras.layers.Dense(8, "relu")]
    last = head or keras.layers.Dense(2, "softmax")
    model = keras.Sequential([keras.Input((2,)), *hidden, last])
    schedule = Scheduled(Course(Decay(initial=rate), epochs, len(given), 16))
    made = getattr(keras.optimizers, optimizer)(schedule)
    schedule.belong_to(made)
    model.compile(made, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return Rehearsal(model, given, epochs, GUESS)


def random_labels():
    random = np.random.default_rng(0)
    return [(x, random.integers(0, 2, len(x))) for x, _ in batches()]


def test_a_sound_training_has_nothing_said_of_it():
    assert list(rehearsal().run(Checks())) == []


def test_it_leaves_every_variable_as_it_was():
    tried = rehearsal(layers=[keras.layers.Dense(8), keras.layers.BatchNormalization(),
                              keras.layers.Dropout(0.5)])  # fmt: skip
    model = tried.model
    model.optimizer.build(model.trainable_variables)
    variables = [*model.variables, *model.optimizer.variables]
    before = [np.array(one) for one in variables]

    list(tried.run(Checks()))

    assert all(map(np.array_equal, before, map(np.array, variables)))
    assert all(float(one) == 0 for one in model.metrics_variables)


def test_inputs_that_are_not_scaled_are_told_by_the_first_loss():
    given = [(300 * x, y) for x, y in random_labels()]

    (note,) = rehearsal(given).run(ONLY["first_step"])

    assert note.startswith("the first loss is ")
    assert note.endswith(
        "that of a guess 0.693: the inputs are not scaled, or the first weights are too large"
    )


@pytest.mark.parametrize(("deviations", "is_told"), [(2, False), (30, True)])
def test_a_loss_of_squares_is_told_by_the_size_of_its_errors(deviations, is_told):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, kernel_initializer="ones")])
    schedule = Scheduled(Course(Decay(initial=0.05), 100, 10, 16))
    made = keras.optimizers.Adam(schedule)
    schedule.belong_to(made)
    model.compile(made, keras.losses.MeanSquaredError())
    given = [(deviations * x, x[:, 0]) for x, _ in batches()]

    found = list(Rehearsal(model, given, 100, 1.0).run(ONLY["first_step"]))

    assert bool(found) == is_told


def test_the_answer_among_the_inputs_is_told_by_it_too():
    told = keras.initializers.Constant([[-9, 9], [-9, 9]])
    head = keras.layers.Dense(2, "softmax", kernel_initializer=told)

    (note,) = rehearsal(layers=[keras.layers.Identity()], head=head).run(ONLY["first_step"])

    assert note.endswith("the inputs have the answer in them, or the loss is not what it seems")


@pytest.mark.parametrize("check", ["first_step", "overfit"])
def test_decay_does_not_count(check):
    decayed = keras.layers.Dense(64, "relu", kernel_regularizer=keras.regularizers.L2(0.1))
    tried = rehearsal(layers=[decayed])

    assert list(tried.run(ONLY[check])) == []
    assert check == "first_step" or tried.by_heart < 0.5


def test_a_loss_below_0_has_a_range_test_and_no_share_of_a_guess():
    tried = rehearsal()
    tried.model.compile(tried.model.optimizer, lambda y, p: -keras.ops.mean(p[:, 0]))
    tried.guess = None

    assert list(tried.run(Checks(layers=False))) == []
    assert tried.by_heart is None
    assert len(tried.range.rates) > 20


def test_a_loss_that_begins_with_0_has_nothing_said_of_it():
    tried = rehearsal()
    tried.model.compile(tried.model.optimizer, lambda y, p: 0.0 * keras.ops.mean(p))
    tried.guess = None

    assert list(tried.run(Checks(layers=False))) == []
    assert (tried.by_heart, tried.range.suggested) == (None, None)


def test_with_a_few_steps_what_is_not_learned_by_heart_is_no_wonder():
    tried = rehearsal(random_labels(), rate=1e-6, epochs=60)

    assert 20 <= tried.steps < 50
    assert list(tried.run(ONLY["overfit"])) == []
    assert tried.by_heart > 0.9


def test_a_first_loss_that_is_no_number_stops():
    spoiled = batches()
    spoiled[0][0][3, 1] = np.nan

    tried = rehearsal(spoiled, layers=[keras.layers.Dense(8)])

    with pytest.raises(Diverged, match="not a number before anything is learned"):
        list(tried.run(ONLY["first_step"]))


@pytest.mark.parametrize(
    "error", [MemoryError("no"), RuntimeError("RESOURCE_EXHAUSTED: out of memory, 9 GiB")]
)
@pytest.mark.parametrize(("fits", "said"), [(4, "one of 4 does"), (0, "nor does one of a single")])
def test_a_batch_that_does_not_fit_is_answered_with_the_largest_that_does(
    monkeypatch, error, fits, said
):
    tried = rehearsal()
    real = tried.model.train_on_batch

    def limited(inputs, *rest, **named):
        if len(inputs) > fits:
            raise error
        return real(inputs, *rest, **named)

    monkeypatch.setattr(tried.model, "train_on_batch", limited)

    with pytest.raises(Mistakes) as caught:
        list(tried.run(ONLY["first_step"]))

    (problem,) = caught.value.problems
    assert problem.location == ("train", "batch_size")
    assert problem.message.startswith("a step of 16 examples does not fit into the memory; " + said)


def test_another_error_of_a_step_is_not_taken_for_want_of_memory(monkeypatch):
    tried = rehearsal()

    def broken(*_, **__):
        raise RuntimeError("a layer of one's own")

    monkeypatch.setattr(tried.model, "train_on_batch", broken)

    with pytest.raises(RuntimeError, match="a layer of one's own"):
        list(tried.run(ONLY["first_step"]))


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param({"rate": 1e-8}, id="a rate that is far too low"),
        pytest.param({"layers": [keras.layers.Dense(8), keras.layers.Lambda(lambda x: 0 * x)]},
                     id="a layer that lets nothing through"),
    ],
)  # fmt: skip
def test_what_cannot_be_learned_by_heart_is_told(settings):
    (note,) = rehearsal(**settings).run(ONLY["overfit"])

    assert note.startswith("32 examples are not learned by heart in 50 steps: their loss went from")


def test_labels_that_mean_nothing_can_be_learned_by_heart():
    tried = rehearsal(random_labels(), layers=[keras.layers.Dense(64, "relu")])

    assert list(tried.run(ONLY["overfit"])) == []


def test_a_range_test_finds_a_rate_that_learns_and_one_that_does_not():
    found = rehearsal(batches(100), epochs=100).range_test()

    assert 1e-3 < found.suggested < 0.5
    assert found.highest is None or found.highest > found.suggested
    assert (np.diff(np.log(found.rates)) > 0).all()


def test_a_rate_beyond_the_range_is_told():
    tried = rehearsal(batches(100), rate=1e4, optimizer="SGD")
    made = Range(np.array([1e-3, 1e-2, 1e-1, 1.0, 10.0]), np.array([0.7, 0.5, 0.3, 0.9, 4.0]))

    assert made.suggested == pytest.approx(0.01)
    assert made.highest == 1.0
    assert list(tried.strange(made)) == [
        "train.learning_rate comes to 1e+04; the range test suggests 0.01, and from 1 on the loss "
        "grows"
    ]
    tame = rehearsal(batches(100), rate=0.5)
    assert list(tame.strange(made)) == []


def test_a_short_training_is_its_own_trial(monkeypatch):
    tried = rehearsal(epochs=20)  # of 200 steps, of which 5 % are too few to tell
    monkeypatch.setattr(tried, "overfit", None)
    monkeypatch.setattr(tried, "range_test", None)

    assert list(tried.run(Checks())) == []


def test_each_can_be_switched_off(monkeypatch):
    monkeypatch.setattr(Rehearsal, "_step", None)

    assert list(rehearsal().run(Checks(**OFF))) == []


def history(checks, state=None, **sections):
    train = {**SECTIONS["train"], "checks": checks, "epochs": 120, **sections}
    file = pipeline(train=train)
    data = points(augment=keras.layers.GaussianNoise(0.05))
    told = Told()
    fitted = file.train.fit(file, data, 7, Watch(told, state=state))
    return fitted.history, [one.tobytes() for one in fitted.model.get_weights()], told.notes


def test_what_comes_of_a_training_is_the_same_without():
    with_them, without = history({}), history(OFF)

    assert with_them[:2] == without[:2]


def test_on_jax_too():
    """In a process of its own, which has the other backend."""
    on_jax("""
from tests.fitting.supervised.test_rehearsal import OFF, history
assert history({})[:2] == history(OFF)[:2]
""")


def test_what_was_said_is_said_again_where_it_goes_on(tmp_path, monkeypatch):
    from tests.fitting.mortal import Killed, Mortal

    monkeypatch.setattr(rehearsal_module, "OFF", 0.1)  # so that something is strange
    *_, whole = history({})
    with pytest.raises(Killed):
        history({}, Mortal(tmp_path / "state.npz", 6))
    monkeypatch.setattr(Rehearsal, "run", None)

    *_, again = history({}, Mortal(tmp_path / "state.npz"))

    assert again == whole != []


def test_a_search_does_without():
    train = pipeline().train

    assert train.checks == Checks()
    assert train.unchecked().checks == Checks(**OFF)


class Deaf(keras.optimizers.SGD):
    """Of a user's, with a rate of its own."""

    def __init__(self, learning_rate, **kwargs):
        super().__init__(0.1, **kwargs)


def test_an_optimizer_that_does_not_follow_the_rate_is_named():
    schedule = Scheduled(Course(Decay(initial=0.1), 1, 1, 1))
    with pytest.raises(Mistakes, match="Deaf does not follow the learning rate that it is given"):
        rates_module.schedule_of(Deaf(schedule))


def test_rare_classes_and_weights_make_no_first_loss_strange():
    given = [(x, (np.arange(len(x)) == 0).astype(np.int64)) for x, _ in batches(size=64)]
    tried = rehearsal(given)
    tried.guess = 0.08

    assert list(tried.run(ONLY["first_step"])) == []
    assert history({}, class_weight={"below": 20.0, "above": 20.0})[-1] == []
