"""A training before its first step: the network, the batches, the optimizer."""

from dataclasses import dataclass
from typing import Any

import keras

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.building import build as build_named
from components.config.pipeline import Pipeline
from components.fitting.data import Data
from components.fitting.supervised import Supervised, rates
from components.fitting.supervised.augmentation import on_host, within
from components.fitting.supervised.batches import Batches
from components.fitting.supervised.build import build
from components.fitting.supervised.examples import Examples
from components.fitting.supervised.schedule import Course
from components.fitting.supervised.weights import weights
from components.tasks.head import Head


@dataclass(frozen=True)
class Prepared:
    """All that a training needs."""

    model: keras.Model
    """The network, from model-ready examples to the head."""
    trained: keras.Model
    """Compiled, with the augmentation before it where that is its place."""
    batches: Batches
    course: Course
    examples: Examples
    guess: float | None
    """The loss of an answer that does not look at its input; None where there is none."""


def prepare(file: Pipeline, head: Head, data: Data, seed: int) -> Prepared:
    """Builds and compiles.

    Args:
        file: How and what to fit.
        head: Of the task.
        data: What to fit to.
        seed: Of order and augmentation.

    Raises:
        Mistakes: Keras refuses a setting, or the network does not fit the data.
    """
    config = settings(file)
    model = build(file.model, data.train.schema, head)
    # Loaded layers have drawn their seeds already; a clone draws them from `seed`.
    augmentation = keras.models.clone_model(data.augmentation)
    augment = on_host(augmentation, data.train.schema.moving, config.augment_on)
    trained = within(model, None if augment else augmentation)
    weighed = weights(config, file.task, data.train)
    examples = Examples(data.train, head, weighed)
    batches = Batches(data.train, config.batch_size, head.targets, seed, augment, weighed)
    course = config.course(len(data.train))
    trained.compile(optimizer=optimizer(config, course), loss=head.loss, metrics=head.metrics)
    guess = None if _adds_to_its_loss(model, examples) else examples.guess()
    return Prepared(model, trained, batches, course, examples, guess)


def _adds_to_its_loss(model: keras.Model, examples: Examples) -> bool:
    """Whether layers do, besides by their weights: with what, no guess can be compared."""
    inputs, _ = examples.of(examples.some(1))
    model(inputs, training=False)
    return len(model.losses) > sum(one.regularizer is not None for one in model.trainable_variables)


def settings(file: Pipeline) -> Supervised:
    """The `train` section."""
    assert isinstance(file.train, Supervised)  # noqa: S101
    return file.train


def optimizer(config: Supervised, course: Course) -> Any:
    """The Keras optimizer with its schedule; `Mistakes` where Keras refuses an argument."""
    rate = rates.Scheduled(course)
    try:
        made = build_named(config.optimizer, learning_rate=rate)
        rate.belong_to(made)
        return made
    except Exception as error:  # whatever it raises about its arguments
        raise Mistakes([Problem(("train", "optimizer"), reason(error))]) from None
