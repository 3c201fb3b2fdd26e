"""What goes together and what does not, over several sections. Loads no framework."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, get_args

from components.base.errors import Problem
from components.base.words import yaml_of
from components.config.augment import Config as Augment
from components.config.fitting import Fitting, Step
from components.config.ingest import Split
from components.config.lookup import ancestry, makes
from components.config.models import Config as Model
from components.config.preprocess import Config as Preprocess
from components.config.tasks import Flips, Task

if TYPE_CHECKING:
    from components.data.dataset import Facts

# Which head a Keras loss reads as probabilities; with from_logits=True, all read "linear".
HEADS = {
    "SparseCategoricalCrossentropy": "softmax",
    "CategoricalCrossentropy": "softmax",
    "CategoricalFocalCrossentropy": "softmax",
    "KLDivergence": "softmax",
    "BinaryCrossentropy": "sigmoid",
    "BinaryFocalCrossentropy": "sigmoid",
    "Hinge": "linear",
    "SquaredHinge": "linear",
    "CategoricalHinge": "linear",
}


MIXING = frozenset({"MixUp", "CutMix"})
"""Keras layers that make one example of two."""
MODES = tuple(one for one in get_args(Flips) if one != "none")


def problems(
    task: Task, preprocess: Preprocess, augment: Augment, model: Model, train: Fitting
) -> list[Problem]:
    """Every disagreement between sections."""
    return [
        *_random(preprocess),
        *_mixing(augment),
        *_flips(task, augment),
        *_loss(model, train),
        *_schedule(train),
    ]


def _random(preprocess: Preprocess) -> Iterator[Problem]:
    for position, layer in enumerate(preprocess):
        if makes(layer.definition, "SeedGenerator"):
            message = f"{layer.name} draws at random; it belongs under augment.layers"
            yield Problem(("preprocess", position), message)


def _mixing(augment: Augment) -> Iterator[Problem]:
    for position, layer in enumerate(augment.layers):
        if not MIXING.isdisjoint(ancestry(layer.definition)):
            message = f"{layer.name} mixes examples, and would have to mix their labels, which"
            yield Problem(("augment", "layers", position), f"{message} augment.layers does not do")


def _flips(task: Task, augment: Augment) -> Iterator[Problem]:
    allowed = task.classification.label_preserving_flips
    for position, layer in enumerate(augment.layers):
        if layer.name != "RandomFlip":
            continue
        where = ("augment", "layers", position, "RandomFlip", "mode")
        mode = layer.arguments.get("mode", "horizontal_and_vertical")
        if mode not in MODES:
            yield Problem(where, f"must be one of {', '.join(MODES)}, is {yaml_of(mode)}")
        elif allowed not in (mode, "horizontal_and_vertical"):
            yield Problem(
                where,
                f"a {mode.replace('_', ' ')} flip changes the label: "
                f"task.classification.label_preserving_flips is {allowed}",
            )


def _loss(model: Model, train: Fitting) -> Iterator[Problem]:
    name = train.loss.name if train.loss else "SparseCategoricalCrossentropy"
    from_logits = bool(train.loss and train.loss.arguments.get("from_logits"))
    head = model.head_activation or "softmax"
    wanted = "linear" if from_logits else HEADS.get(name)
    if wanted and head != wanted:
        yield Problem(
            ("train", "loss"),
            f"{name}{' with from_logits' if from_logits else ''} needs a {wanted} head; "
            f"model.head_activation is {head}",
        )


def _schedule(train: Fitting) -> Iterator[Problem]:
    """A schedule that does not fit into the training."""
    name, settings = train.learning_rate.chosen
    where = ("train", "learning_rate", name)
    if settings.warmup_epochs >= train.epochs and settings.warmup_epochs:
        message = f"a warm-up of {settings.warmup_epochs:g} epochs; train.epochs is {train.epochs}"
        yield Problem((*where, "warmup_epochs"), message)
    if isinstance(settings, Step):
        late = [one for one in settings.boundaries if one >= train.epochs]
        if late:
            message = f"{late[0]:g} is after the last epoch; train.epochs is {train.epochs}"
            yield Problem((*where, "boundaries"), message)
        if settings.boundaries[0] <= settings.warmup_epochs:
            message = f"{settings.boundaries[0]:g} lies in the warm-up"
            yield Problem((*where, "boundaries"), message)


def _shares(facts: "Facts", split: Split) -> Iterator[Problem]:
    """Shares of so few examples that a split by class has to take more."""
    total, classes = sum(facts.counts.values()), len(facts.classes)
    for name in ("validation", "test") if split.by == "class" else ():
        share = split.shares[name]
        if share * total < classes:
            message = (
                f"{share:g} of {total} examples is less than one for each of {classes} classes"
            )
            yield Problem(("ingest", "split", name), message)


def fact_problems(
    facts: "Facts", split: Split, preprocess: Preprocess, model: Model, train: Fitting
) -> list[Problem]:
    """Every disagreement between the file and the data, found before anything is spent."""
    found = []
    size = facts.counts.get("train", 0)
    if train.batch_size > size:
        message = f"a batch of {train.batch_size} is larger than the train split, which has {size}"
        found.append(Problem(("train", "batch_size"), message))
    if facts.is_ragged and not (preprocess and preprocess[0].name == "Resizing"):
        message = "the images have several sizes; the first layer must be a Resizing"
        found.append(Problem(("preprocess",), message))
    if model.architecture in ("cnn", "resnet") and not facts.is_image:
        shape = "x".join(map(str, facts.shape))
        message = f"{model.architecture} needs images; the examples are vectors of {shape} features"
        found.append(Problem(("model", "architecture"), message))
    if "train" in facts.counts:
        found += _shares(facts, split)
    empty = [name for name, count in facts.counts.items() if not count]
    if empty and "train" in facts.counts:
        message = f"the {' and the '.join(empty)} split would have no example"
        found.append(Problem(("ingest", "split"), message))
    if len(facts.classes) < 2:
        found.append(Problem(("ingest", "source"), "the data has fewer than two classes"))
    return found
