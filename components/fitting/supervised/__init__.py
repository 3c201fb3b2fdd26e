"""Learning from examples by gradients: a Keras network, an optimizer, epochs."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag

from components.base.errors import Location, Problem
from components.config.lookup import near
from components.config.models import Architecture
from components.config.section import (
    Named,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    Section,
)
from components.config.task import Task, unknown_monitor
from components.config.train import Illness, Learner
from components.fitting.supervised.remedies import remedies
from components.fitting.supervised.schedule import Course, Decay, Plateau, Rate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts


SKETCHED = 100  # steps of an epoch that is only sketched


class Optimizer(Named):
    """A Keras optimizer by its name."""

    homes = ("keras.optimizers",)
    kind, base = "optimizer", "BaseOptimizer"
    reserved = frozenset({"learning_rate", "name"})
    given = frozenset({"learning_rate"})


class Loss(Named):
    """A Keras loss by its name, or one's own, derived from `keras.losses.Loss`.

    Its `call(y_true, y_pred)` gives a number for each example. In a classification `y_true` is
    one-hot, `(n, classes)`; only Keras's sparse losses, of which the default is one, are given
    class numbers, `(n,)`. In a regression it is `(n, 1)`, in a segmentation class numbers
    `(n, height, width)`.

    ```python
    class Focal(keras.losses.Loss):
        def call(self, y_true, y_pred):
            p = keras.ops.sum(y_true * y_pred, axis=-1)
            return -((1 - p) ** 2) * keras.ops.log(p + 1e-7)
    ```
    """

    homes = ("keras.losses",)
    kind, base = "loss", "Loss"
    reserved = frozenset({"name", "reduction", "dtype"})


class EarlyStopping(Section):
    """When to stop before the last epoch (`keras.callbacks.EarlyStopping`)."""

    monitor: str = "val_loss"
    """The column of the learning curves that must improve, such as `val_loss`."""
    patience: NonNegativeInt = 10
    """Epochs without improvement after which training stops."""
    min_delta: NonNegativeFloat = 0.0
    """Smallest change that counts as an improvement."""


class Checkpoint(Section):
    """Which epoch's weights are kept (`keras.callbacks.ModelCheckpoint`)."""

    monitor: str = "val_loss"
    """The column of the learning curves whose best value marks the best epoch."""


class Checks(Section):
    """What a training tries before it begins, and looks at; none of it changes what comes of it."""

    first_step: bool = True
    """Whether a step is made: it must fit into the memory, and its loss be near that of a guess."""
    overfit: bool = True
    """Whether two batches are learned by heart, as any model should that can learn."""
    range_test: bool = True
    """Whether the loss is looked at while the learning rate grows step by step."""
    layers: bool = True
    """Whether outputs and gradients of each layer are looked at, before and after epochs; not of
    one that is used more than once."""


def _is_balanced(value: object) -> object:
    if value != "balanced" and not isinstance(value, Mapping):
        raise ValueError("must be balanced, or a weight for each class by its name")
    return value


ClassWeight = Annotated[
    Annotated[dict[str, PositiveFloat], Tag("")] | Annotated[Literal["balanced"], Tag("balanced")],
    Discriminator(lambda value: "balanced" if value == "balanced" else ""),
    BeforeValidator(_is_balanced),
]


class Supervised(Learner):
    """A Keras network, fitted to the train split by gradients."""

    takes_arrays = True
    exported = "float32"

    learner: str = "supervised"
    """What fits the model; left out, what goes with its architecture."""
    epochs: Annotated[PositiveInt, Field(le=1_000_000)]
    """Passes over the train split, at most."""
    batch_size: PositiveInt = 32
    """Examples in one step of the optimizer."""
    precision: Literal["float32", "mixed_bfloat16", "mixed_float16", "bfloat16", "float16"] = (
        "float32"
    )
    """Keras dtype policy of the model; its head and its loss stay float32."""
    augment_on: Literal["host", "device"] | None = None
    """Where `augment.layers` vary a batch: `device`, as a part of the step; `host`, before it, in
    a TensorFlow graph on the CPU. Left out, where the backend does it faster. What other columns
    move with, such as masks, is varied on the host."""
    optimizer: Optimizer = Field("Adam")  # type: ignore[assignment]
    """A Keras optimizer; its learning rate is set by `learning_rate`. `AdamW`, as Keras
    has it, decays biases and the scales of normalization too."""
    learning_rate: Rate = Field(1e-3)  # type: ignore[assignment]
    """The schedule; or a number."""
    loss: Loss | None = None
    """A Keras loss; left out, the task's own."""
    class_weight: ClassWeight | None = None
    """How much the examples of each class count in the loss, 1 where nothing is said; `balanced`
    is in inverse proportion to their number, 1 on average."""
    early_stopping: EarlyStopping | None = None
    """When to stop early; left out, never."""
    checkpoint: Checkpoint = Checkpoint()
    """Which epoch's weights are kept."""
    checks: Checks = Checks()
    """What is tried before, at most a fifth of the steps, and looked at; nothing in a search."""

    @property
    def monitored(self) -> str:
        """What chooses the best epoch."""
        return self.checkpoint.monitor

    def sketch(self) -> str | None:
        """The learning rate; in steps, nothing is known before the examples are counted."""
        from components.fitting.supervised.sketch import sketch

        if self._schedule.unit == "steps":
            return None
        rates = sketch(self.course(SKETCHED * self.batch_size))
        return f"learning rate {rates}, {self.epochs} epochs"

    def remedies(self, file: "Pipeline") -> Iterator[tuple[Illness, str, Any]]:
        """Other rates, epochs, and widths."""
        return remedies(self, file)

    def figures(self, learned: Mapping[str, Any]) -> "Mapping[str, Figure]":
        """The loss of steps, the range test, and the layers."""
        return self.part("draw").figures(learned)  # type: ignore[no-any-return]

    def suggest(self, file: "Pipeline", data: Any, seed: int) -> Any:
        """Precision, where to augment, batch size, learning rate."""
        return self.part("suggest").suggest(file, data, seed)

    def unchecked(self) -> Self:
        """The same, without what is tried and looked at."""
        none = dict.fromkeys(Checks.model_fields, False)
        return self.model_copy(update={"checks": Checks(**none)})

    @property
    def allowed(self) -> int:
        """All epochs."""
        return self.epochs

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """No network, monitors that the task does not have, a schedule that does not fit."""
        model = type(file.model)
        if model.build is Architecture.build and model.module_of("network") is None:
            what = f"this learner is for networks; {file.model.architecture} goes with learner:"
            yield Problem(("train", "learner"), f"{what} {model.learner}")
        for where, monitor in self._monitors:
            if monitor not in file.task.monitors:
                yield unknown_monitor((*where, "monitor"), monitor, file.task.monitors)
        if self._schedule.unit == "epochs":
            yield from self._rate_problems(self.epochs, f"train.epochs is {self.epochs}")
        if isinstance(self._schedule, Plateau) and self._schedule.patience >= self.epochs:
            where = ("train", "learning_rate", "plateau", "patience")
            message = f"{self._schedule.patience} epochs; train.epochs is {self.epochs}"
            yield Problem(where, message)
        if self.class_weight is not None and type(file.task).classes is Task.classes:
            yield Problem(("train", "class_weight"), "the task learns no classes to be weighted")

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """A batch that the train split cannot fill."""
        if self.batch_size > (size := facts.counts.get("train", 0)):
            message = (
                f"a batch of {self.batch_size} is larger than the train split, which has {size}"
            )
            yield Problem(("train", "batch_size"), message)
        elif self._schedule.unit == "steps":
            steps = self.course(size * (1 + file.augment.copies)).steps
            yield from self._rate_problems(steps, f"{self.epochs} epochs are {steps:,} steps")
        if isinstance(self.class_weight, Mapping):
            yield from self._class_problems(self.class_weight, file.task.classes(facts.schema))

    def course(self, examples: int) -> Course:
        """The learning rates of a training with so many examples in an epoch."""
        steps = -(-examples // self.batch_size)
        gathered = self.optimizer.arguments.get("gradient_accumulation_steps") or 1
        return Course(self._schedule, self.epochs, steps, self.batch_size * gathered)

    @property
    def _schedule(self) -> Decay:
        return self.learning_rate.chosen[1]

    @property
    def _monitors(self) -> Iterator[tuple[Location, str]]:
        """Every column of the learning curves that is looked at, and where that is said."""
        if self.early_stopping is not None:
            yield ("train", "early_stopping"), self.early_stopping.monitor
        yield ("train", "checkpoint"), self.checkpoint.monitor
        if isinstance(self._schedule, Plateau):
            yield ("train", "learning_rate", "plateau"), self._schedule.monitor

    def _rate_problems(self, length: int, end: str) -> Iterator[Problem]:
        """A schedule that does not fit into a training."""
        name, settings = self.learning_rate.chosen
        for key, what in settings.problems(length, end):
            yield Problem(("train", "learning_rate", name, key), what)

    def _class_problems(self, given: Iterable[str], names: Sequence[str]) -> Iterator[Problem]:
        """Weights of classes that there are not."""
        for name in (one for one in given if one not in names):
            hint = near(name, names) or f"; there are {', '.join(names[:10])}"
            yield Problem(("train", "class_weight", name), f"no class '{name}'{hint}")
