"""A few steps of a training, before anything is spent."""

import math
import time
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import psutil

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.fitting.estimate import Estimate
from components.fitting.supervised.augmentation import within
from components.fitting.supervised.build import build
from components.fitting.supervised.fit import optimizer, settings
from components.fitting.supervised.precision import check_precision
from components.fitting.supervised.size import Size, check_memory, size
from components.tasks.head import Head

STEPS = 3  # of a real training that are timed, or as many as TIMED_S has room for
TIMED_S = 10.0


def room(file: Pipeline, few: Split) -> Size:
    """How large the network is; `Mistakes` where it does not fit the data or this machine."""
    check_precision(settings(file).precision)
    head = file.task.head(file, few)
    try:
        counted = size(file.model, few.schema, head)
    except Mistakes:
        raise
    except Exception as error:  # whatever a network of the user's raises
        raise Mistakes([Problem(("model",), reason(error))]) from None
    check_memory(counted, settings(file).batch_size)
    return counted


def trial(
    file: Pipeline, few: Split | None, counts: Mapping[str, int], augmentation: keras.Model | None
) -> Estimate | None:
    """Builds everything that the section names, and times a few steps; without examples, neither.

    Raises:
        Mistakes: Keras refuses a setting, or the network does not fit the data or the memory.
    """
    problems: list[Problem] = []
    counted = None
    for make in (
        lambda: optimizer(settings(file), settings(file).course(1)),
        lambda: room(file, few) if few is not None else None,
    ):
        try:
            counted = make()
        except Mistakes as error:
            problems += error.problems
    if problems:
        raise Mistakes(problems)
    if few is None or not isinstance(counted, Size):
        return None
    needed = counted.step_bytes(settings(file).batch_size)
    has_room = needed < psutil.virtual_memory().available and augmentation is not None
    seconds = _timed(file, few, counts["train"], augmentation) if has_room else None
    return Estimate(counted.parameters, needed, seconds)


def _timed(file: Pipeline, few: Split, count: int, augmentation: Any) -> float:
    """Seconds of the whole training, by a few steps of it on the same few examples."""
    train = settings(file)
    keras.config.set_dtype_policy(train.precision)
    head = file.task.head(file, few)
    network = build(file.model, few.schema, head)
    trained = within(network, augmentation, few.schema.moving)
    examples = count * (1 + file.augment.copies)
    steps = math.ceil(examples / train.batch_size)
    trained.compile(optimizer(train, train.course(examples)), head.loss, metrics=head.metrics)
    rows = np.resize(np.arange(len(few)), train.batch_size)
    inputs = np.asarray(few.input[:])[rows]
    targets = head.targets({name: few[name][:][rows] for name in few.schema.targets})
    if train.loss is not None:
        _check_loss(head, targets[:1], network(inputs[:1]))
    trained.train_on_batch(inputs, targets)  # compiles
    begun, done = time.perf_counter(), 0
    while done < STEPS and time.perf_counter() - begun < TIMED_S:
        trained.train_on_batch(inputs, targets)
        done += 1
    return (time.perf_counter() - begun) / done * steps * train.epochs


def _check_loss(head: Head, target: Any, output: Any) -> None:
    """Raises `Mistakes` where a loss of one's own does not take what the head gives: `(1, ...)`."""
    try:
        head.loss(target, output)
    except Exception as error:  # whatever a loss of the user's raises
        is_bare = isinstance(error, NotImplementedError)
        what = "it has no method `call(y_true, y_pred)`" if is_bare else reason(error)
        raise Mistakes([Problem(("train", "loss"), what)]) from None
