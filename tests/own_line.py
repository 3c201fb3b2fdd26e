"""All that a user may bring to a line, in one module."""

from dataclasses import dataclass, field
from pathlib import Path
from shutil import copyfile

import keras
import numpy as np
from mlflow.models import Model

from components.config.compress import Compressor
from components.config.ingest import Source
from components.config.section import NonNegativeFloat, PositiveInt, kind
from components.config.task import Metric
from components.config.train import Learner
from components.data.features.class_label import ClassLabel
from components.data.features.value import Value
from components.data.listing import Listing
from components.data.schema import Schema
from components.fitting.estimate import Estimate
from components.fitting.mlflow_files import forget
from components.fitting.predictor import describe
from components.fitting.supervised.predictor import KerasPredictor
from components.fitting.watch import Work
from components.models import keras_files
from components.tasks.classification import Classification
from components.tasks.interval import Interval

ERROR = Metric("error", "lower", "error", highest=1)


class Quarters(Source):
    """Points of a square, of which opposite quarters are of one class."""

    points: PositiveInt = 200

    @property
    def kinds(self):
        return {"at": kind("Value"), "quarters": kind("ClassLabel")}

    @property
    def learned(self):
        return ("quarters",)

    def listing(self, folder):
        at = np.random.default_rng(0).uniform(-1, 1, (self.points, 2)).astype(np.float32)
        kinds = {"at": Value("float32", (2,)), "quarters": ClassLabel(("even", "odd"))}
        rows = {"at": at, "quarters": (at.prod(axis=1) < 0).astype(np.int64)}
        return Listing(Schema(kinds, self.learned), rows)


class Products(keras.Layer):
    """Numbers, and behind them their product times a factor."""

    def __init__(self, factor=1.0, **settings):
        super().__init__(**settings)
        self.factor = factor

    def call(self, inputs):
        product = keras.ops.prod(inputs, axis=-1, keepdims=True)
        return keras.ops.concatenate([inputs, self.factor * product], axis=-1)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def bent(inputs, width):
    """One layer, with the numbers themselves beside it."""
    return keras.layers.concatenate([inputs, keras.layers.Dense(width, "tanh")(inputs)])


class LeastSquares(Learner):
    """A line for each class, through what the network as it was drawn makes of the examples."""

    gives = "lines"

    ridge: NonNegativeFloat = 1e-3

    def trial(self, file, few, counts, augmentation):
        return Estimate()

    def room(self, file, few):
        pass

    def fit(self, file, data, seed, watch):
        watch.begin(Work(1, 1, len(data.train)))
        keras.utils.set_random_seed(seed)
        inputs = keras.Input(data.train.schema.input.shape)
        network = keras.Model(inputs, file.model.build(inputs))
        given = np.asarray(network.predict_on_batch(data.train.input[:]))
        wanted = np.eye(2)[data.train.target[:]]
        inner = given.T @ given + self.ridge * np.eye(given.shape[1])
        lines = np.linalg.solve(inner, given.T @ wanted)
        history = {"loss": [float(np.mean((given @ lines - wanted) ** 2))]}
        watch.epoch(0, {"loss": history["loss"][0]})
        watch.end()
        return Fitted(network, lines, data.ready, history)


@dataclass(frozen=True)
class Fitted:
    network: keras.Model
    lines: np.ndarray
    ready: Path
    history: dict
    best: int = 0
    numbers: dict = field(default_factory=dict)

    def save(self, folder):
        before = keras_files.load(self.ready / "preprocessing.keras")
        layers = [keras.Input(before.input_shape[1:]), *before.layers, self.network]
        keras_files.save(keras.Sequential(layers), folder / "network.keras")
        np.save(folder / "lines.npy", self.lines)
        describe("own_line", folder)


class Predictor:
    """The share of each class, as far as lines are shares."""

    def __init__(self, network, path):
        self.network, self.path = network, path
        self.lines = np.load(path)

    def predict(self, split):
        shares = np.clip(self.network.predict(split) @ self.lines, 1e-3, None)
        return shares / shares.sum(axis=1, keepdims=True)

    def latency_ms(self, split):
        return 0.0


def load(folder):
    network = KerasPredictor(keras_files.load(folder / "network.keras"))
    return Predictor(network, folder / "lines.npy")


def package(trained, examples, folder):
    folder.mkdir()
    for name in ("network.keras", "lines.npy"):
        copyfile(trained / name, folder / name)
    Model(flavors={"lines": {}}).save(str(folder / "MLmodel"))
    forget(folder)


class Rounded(Compressor):
    """Lines of fewer digits."""

    takes = frozenset({"lines"})

    digits: PositiveInt = 1

    def compress(self, predictor, train, seed, path):
        there = path.with_suffix(".npy")
        np.save(there, np.round(predictor.lines, self.digits).astype(np.float16))
        return Predictor(predictor.network, there)


class Careful(Classification):
    """Classification that is judged by the share of its errors."""

    metrics = (ERROR, *Classification.metrics)

    def measure(self, answers, split):
        found = super().measure(answers, split)
        error = self.value(ERROR.name, self.outcomes(answers, split, split.schema))
        return found.model_copy(update={"metrics": {ERROR.name: error, **found.metrics}})

    def value(self, metric, found):
        if metric != ERROR.name:
            return super().value(metric, found)
        right = super().value("accuracy", found)
        return Interval(1 - right.value, 1 - right.high, 1 - right.low)

    def difference(self, metric, ours, theirs):
        if metric != ERROR.name:
            return super().difference(metric, ours, theirs)
        return super().difference("accuracy", theirs, ours)
