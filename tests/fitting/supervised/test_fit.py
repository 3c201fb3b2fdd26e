"""Fitting a small model to small data."""

from types import SimpleNamespace

import jax
import keras
import numpy as np
import pytest

from components.base.errors import Mistakes, Stop
from components.data.dataset import Split
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.schema import Schema
from components.fitting.diverged import Diverged
from components.fitting.supervised import precision as precision_module
from components.fitting.supervised import prepared
from components.fitting.supervised.augmentation import on_host, within
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.size import Size, check_memory
from components.fitting.watch import Built, Watch, Watcher, Work
from components.tasks.head import values
from tests.fitting.made import SECTIONS, pipeline, points
from tests.fitting.told import Told


@pytest.fixture
def data():
    """Two classes of points that a line parts."""
    return points(augment=keras.layers.GaussianNoise(0.05))


@pytest.fixture(autouse=True)
def _policy():
    yield
    keras.config.set_dtype_policy("float32")


def fitted(data, seed=0, watch=None, **settings):
    file = pipeline(train={**SECTIONS["train"], **settings})
    return file.train.fit(file, data, seed, watch or Watch())


def test_it_learns(data):
    result = fitted(data)

    assert result.history["val_accuracy"][result.best] > 0.9


def test_what_is_refused_when_all_is_built_costs_no_step(data):
    told = Told()

    def refuse():
        raise Stop("not known")

    with pytest.raises(Stop, match=r"^not known$"):
        fitted(data, watch=Watch(told, Built(refuse)))

    assert (told.works, told.steps, told.epochs) == ([], 0, [])


def test_whoever_watches_is_told_of_every_step_and_epoch(data):
    told = Told()

    result = fitted(data, epochs=3, watch=Watch(told))

    assert told.works == [Work(epochs=3, steps=4, examples=60)]
    assert (told.steps, told.ends) == (12, 1)
    columns = ("loss", "accuracy", "val_loss", "val_accuracy", "learning_rate")
    assert told.epochs == [
        (epoch, {name: result.history[name][epoch] for name in columns}) for epoch in range(3)
    ]


def test_whoever_watches_may_end_the_fit(data):
    told = Told(last=1)

    result = fitted(data, watch=Watch(told, Watcher()))

    assert len(result.history["loss"]) == len(told.epochs) == 2
    assert told.ends == 1


def test_the_same_seed_gives_the_same_model(data):
    first, again, other = (fitted(data, seed) for seed in (3, 3, 4))

    assert first.history == again.history
    assert all(map(np.array_equal, first.model.get_weights(), again.model.get_weights()))
    assert first.history != other.history


def test_the_weights_are_those_of_the_best_epoch(data):
    result = fitted(data, learning_rate=1.0)

    result.model.compile(loss="sparse_categorical_crossentropy")
    loss = result.model.evaluate(data.validation.input, data.validation.target, verbose=0)

    assert loss == pytest.approx(min(result.history["val_loss"]), rel=1e-4)


def test_a_training_that_does_not_improve_stops_early(data):
    result = fitted(
        data,
        epochs=50,
        learning_rate=1e-9,
        early_stopping={"monitor": "loss", "patience": 2, "min_delta": 0.1},
    )

    assert len(result.history["loss"]) == 3


def test_a_training_whose_accuracy_still_rises_goes_on(data):
    stopping = {"monitor": "accuracy", "patience": 2}

    result = fitted(data, learning_rate=0.003, epochs=12, early_stopping=stopping)

    accuracy = result.history["accuracy"]
    assert accuracy[0] == min(accuracy) < max(accuracy)
    assert len(accuracy) > 3


@pytest.mark.parametrize("loss", ["CategoricalCrossentropy", "CategoricalFocalCrossentropy"])
def test_a_loss_that_wants_one_hot_targets_gets_them(data, loss):
    assert fitted(data, loss=loss).history["val_accuracy"][-1] > 0.9


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "bfloat16"])
def test_a_half_precision_learns_and_its_head_stays_whole(data, precision, monkeypatch):
    monkeypatch.setattr(precision_module, "devices", lambda: ["cpu:0", "gpu:0"])

    result = fitted(data, precision=precision)

    assert result.history["val_accuracy"][result.best] > 0.85
    assert result.model.layers[-1].compute_dtype == "float32"


@pytest.mark.parametrize("precision", ["mixed_float16", "float16"])
def test_float16_is_refused_where_there_is_no_gpu(data, precision):
    told = Told()

    with pytest.raises(Mistakes) as caught:
        fitted(data, precision=precision, watch=Watch(told))

    (problem,) = caught.value.problems
    assert problem.location == ("train", "precision")
    assert problem.message == (
        f"{precision} is for GPUs, and this machine has none that Keras sees; take float32, or "
        f"{precision.replace('f', 'bf', 1)}, which a CPU computes in, too"
    )
    assert told.works == []


def test_what_keras_refuses_is_a_mistake_with_its_place(data):
    with pytest.raises(Mistakes, match="weight_decay") as caught:
        fitted(data, optimizer={"AdamW": {"weight_decay": None}})

    assert caught.value.problems[0].location == ("train", "optimizer")


def test_a_loss_that_is_no_number_stops_with_advice(data):
    with pytest.raises(Diverged) as caught:
        fitted(data, optimizer="SGD", learning_rate=1e30)

    assert str(caught.value) == (
        "train: the loss is not a number from step 2 of epoch 1 on; "
        "a lower train.learning_rate, a warm-up or clipnorm keeps it finite"
    )


@pytest.mark.parametrize("monitor", ["val_loss", "val_accuracy"])
def test_the_kept_epoch_is_the_one_with_the_best_value(data, monitor):
    result = fitted(data, epochs=12, learning_rate=0.5, checkpoint={"monitor": monitor})

    values = result.history[monitor]
    best = max(values) if monitor == "val_accuracy" else min(values)
    assert result.best == values.index(best)
    probabilities = np.asarray(result.model(data.validation.input))
    accuracy = (probabilities.argmax(axis=1) == data.validation.target).mean()
    assert accuracy == pytest.approx(result.history["val_accuracy"][result.best])


def test_a_first_value_that_is_not_a_number_is_never_the_best(data, monkeypatch):
    seen = []
    real = keras.callbacks.EarlyStopping.get_monitor_value

    def spoiled(self, logs):
        seen.append(real(self, logs))
        return float("nan") if len(seen) == 1 else seen[-1]

    monkeypatch.setattr(keras.callbacks.EarlyStopping, "get_monitor_value", spoiled)

    result = fitted(data)

    assert result.best > 0
    result.model.compile(loss="sparse_categorical_crossentropy")
    loss = result.model.evaluate(data.validation.input, data.validation.target, verbose=0)
    assert loss == pytest.approx(result.history["val_loss"][result.best], rel=1e-4)


def test_the_dtype_policy_is_left_as_it_was(data):
    before = keras.config.dtype_policy()

    fitted(data, precision="mixed_bfloat16", epochs=1)

    assert keras.config.dtype_policy() == before


def test_the_model_that_is_fitted_is_never_the_model_itself(data):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2)])
    nothing = keras.Sequential([keras.Input((2,))])

    assert within(model, nothing) is not model
    assert within(model, None).layers == [model]
    assert within(model, data.augmentation).layers == [data.augmentation, model]
    assert on_host(data.augmentation) is None


def test_what_the_host_augments_is_the_train_split_alone(data, monkeypatch):
    sizes = []

    def seen(batch, columns, seed):
        sizes.append(len(batch))
        return batch, columns

    monkeypatch.setattr(prepared, "on_host", lambda *_: seen)

    fitted(data, epochs=2)

    file = pipeline()
    ready = prepared.prepare(file, file.task.head(file, data.train), data, 0)
    assert [layer.name for layer in ready.trained.layers] == [ready.model.name]
    assert set(sizes) == {16, 60 % 16}
    assert sum(sizes) >= 2 * 60


def test_on_a_cpu_jax_leaves_image_layers_to_the_host(monkeypatch):
    flips = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.RandomFlip("vertical", seed=0)])
    noise = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GaussianNoise(1.0)])
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    with monkeypatch.context() as patch:
        patch.setattr(keras.backend, "backend", lambda: "jax")
        augment, other = on_host(flips), on_host(noise)

    images = np.arange(64 * 16, dtype=np.float32).reshape(64, 4, 4, 1)
    varied, columns = augment(images, {"label": images[:, 0, 0, 0]}, (0, 0, 0))

    is_same = (varied == images).all(axis=(1, 2, 3))
    is_flipped = (varied == images[:, ::-1]).all(axis=(1, 2, 3))
    assert (is_same | is_flipped).all()
    assert np.array_equal(columns["label"], images[:, 0, 0, 0])
    assert 0 < is_flipped.sum() < 64
    assert other is None


def test_on_the_host_every_mask_moves_with_its_image():
    flips = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.RandomFlip("vertical", seed=0)])
    images = np.arange(128, dtype=np.float32).reshape(8, 4, 4, 1)
    masks = images[..., 0].astype(np.uint8)

    both = {"mask": masks, "edge": masks + 100}
    varied, columns = on_host(flips, ("mask", "edge"))(images, both, (0, 0, 0))

    assert not np.array_equal(varied, images)
    assert np.array_equal(columns["mask"], varied[..., 0])
    assert np.array_equal(columns["edge"], varied[..., 0] + 100)


NUMBERED = Schema({"number": Value("float32", (1,)), "row": ClassLabel(())}, ("row",))


def numbered(count):
    """Examples that are numbered as their labels are."""
    numbers = np.arange(count, dtype=np.float32)[:, None]
    return Split(NUMBERED, {"number": numbers, "row": np.arange(count)})


def test_a_batch_is_varied_on_the_host_and_keeps_its_labels():
    batches = Batches(numbered(10), 4, values, 0, lambda batch, columns, _: (batch + 100, columns))

    for position in range(len(batches)):
        varied, labels = batches[position]
        assert varied[:, 0].tolist() == (labels + 100).tolist()


def test_what_varies_a_batch_may_move_its_targets_too():
    def moved(batch, columns, seed):
        return batch + 1, {name: found + 1 for name, found in columns.items()}

    inputs, targets = Batches(numbered(4), 4, values, augment=moved)[0]

    assert inputs[:, 0].tolist() == targets.tolist() == [1, 2, 3, 4]


def test_every_example_is_in_an_epoch_once():
    batches = Batches(numbered(10), 4, values, seed=0)

    labels = np.concatenate([batches[position][1] for position in range(len(batches))])

    assert [len(batches[position][1]) for position in range(3)] == [4, 4, 2]
    assert sorted(labels) == list(range(10))


def test_the_order_follows_from_seed_and_epoch():
    first, again = (Batches(numbered(100), 10, values, seed=1) for _ in range(2))

    before = first.order.copy()
    first.begin(1)
    again.begin(1)

    assert first.order.tolist() == again.order.tolist() != before.tolist()


def test_an_epoch_that_is_gone_on_with_has_the_batches_that_are_left():
    whole = Batches(numbered(10), 4, values, 1, lambda batch, columns, seed: (batch, {"row": seed}))
    left = Batches(numbered(10), 4, values, 1, lambda batch, columns, seed: (batch, {"row": seed}))
    whole.begin(2)

    left.begin(2, first=1)

    assert (len(whole), len(left), left.total) == (3, 2, 3)
    for position in range(2):
        inputs, seed = left[position]
        assert (inputs.tolist(), seed) == (whole[position + 1][0].tolist(), (1, 2, position + 1))


def test_without_a_seed_the_order_stays():
    batches = Batches(numbered(5), 2, values)
    batches.begin(1)

    assert batches.order.tolist() == [0, 1, 2, 3, 4]


def test_a_target_is_what_the_task_makes_of_all_target_columns():
    batches = Batches(numbered(5), 5, lambda columns: {**columns, "twice": 2 * columns["row"]})

    _, targets = batches[0]

    assert {name: found.tolist() for name, found in targets.items()} == {
        "row": [0, 1, 2, 3, 4],
        "twice": [0, 2, 4, 6, 8],
    }


def test_layers_stay_in_the_model_wherever_they_are_as_fast_there(monkeypatch):
    flips = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.RandomFlip(seed=0)])
    monkeypatch.setattr(jax, "default_backend", lambda: "cpu")
    monkeypatch.setattr(keras.backend, "backend", lambda: "tensorflow")
    assert on_host(flips) is None

    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert on_host(flips) is None


def test_a_step_that_is_larger_than_the_machine_is_refused_and_one_that_fits_is_not(monkeypatch):
    found = Size(parameters=1_000, activations=100)
    memory = SimpleNamespace(total=4 * (4 * 1_000 + 2 * 8 * 100))
    monkeypatch.setattr("psutil.virtual_memory", lambda: memory)

    check_memory(found, 8)
    with pytest.raises(Mistakes) as caught:
        check_memory(found, 9)

    (problem,) = caught.value.problems
    assert problem.location == ("model",)
    assert problem.message == (
        "1,000 parameters and batches of 9 need about 23.2 kB a training step; "
        "this machine has 22.4 kB"
    )
