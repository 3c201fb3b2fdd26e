"""A few steps of a training, before anything is spent."""

import math
import time
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
import psutil
from numpy.typing import NDArray

from components.base.errors import Mistakes, Problem
from components.base.words import reason
from components.config.pipeline import Pipeline
from components.data.dataset import Split
from components.fitting.estimate import Estimate
from components.fitting.supervised.augmentation import on_host, within
from components.fitting.supervised.build import build
from components.fitting.supervised.precision import check_precision, computing_in
from components.fitting.supervised.prepared import optimizer, settings
from components.fitting.supervised.rates import schedule_of
from components.fitting.supervised.size import Size, check_memory, size
from components.tasks.head import Head

STEPS = 3  # of a real training that are timed, or as many as TIMED_S has room for
TIMED_S = 10.0
UNMOVED = (
    "no step changes a weight: the loss cannot fall, since all gradients are 0; look at the loss, "
    "at first weights of 0, and at layers that pass no gradient on"
)


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
    seconds = None
    if has_room:
        with computing_in(settings(file).precision):
            seconds = _timed(file, few, counts["train"], augmentation)
    return Estimate(counted.parameters, needed, seconds)


def _timed(file: Pipeline, few: Split, count: int, augmentation: Any) -> float:
    """Seconds of the whole training, by a few steps of it on the same few examples."""
    train = settings(file)
    head = file.task.head(file, few)
    is_apart = on_host(augmentation, few.schema.moving, train.augment_on) is not None
    network = build(file.model, few.schema, head)
    trained = within(network, None if is_apart else augmentation)
    examples = count * (1 + file.augment.copies)
    steps = math.ceil(examples / train.batch_size)
    trained.compile(optimizer(train, train.course(examples)), head.loss, metrics=head.metrics)
    rows = np.resize(np.arange(len(few)), train.batch_size)
    inputs = np.asarray(few.input[:])[rows]
    targets = head.targets({name: few[name][:][rows] for name in few.schema.targets})
    if train.loss is not None:
        _check_loss(head, targets[:1], network(inputs[:1]))
    before = [np.array(one) for one in network.trainable_variables]
    schedule = schedule_of(trained.optimizer)
    schedule.go_at(schedule.highest)  # the first rate of a warm-up may be 0
    try:
        trained.train_on_batch(inputs, targets)  # compiles
    except ValueError as error:  # so says Keras on TensorFlow; on JAX, they are 0
        if "No gradients provided" in str(error):
            raise Mistakes([Problem(("model",), UNMOVED)]) from None
        raise
    begun, done = time.perf_counter(), 0
    while done < STEPS and time.perf_counter() - begun < TIMED_S:
        trained.train_on_batch(inputs, targets)
        done += 1
    seconds = (time.perf_counter() - begun) / done * steps * train.epochs
    if not train.optimizer.arguments.get("gradient_accumulation_steps"):
        _check_learns(network, before)
    return seconds


def _check_learns(network: keras.Model, before: Sequence[NDArray[Any]]) -> None:
    """Raises `Mistakes` where steps have moved no weight, or no unit of a layer unlike others."""
    weights = network.trainable_variables
    moved = (not np.array_equal(was, one) for was, one in zip(before, weights, strict=True))
    if not any(moved):
        raise Mistakes([Problem(("model",), UNMOVED)])
    same = [layer for layer in network.layers[:-1] if _is_symmetric(layer)]
    if same:
        names = ", ".join(f"{one.name} ({one.kernel.shape[-1]})" for one in same)
        what = f"the units of {names} start alike, and so learn the same; initialize them at random"
        raise Mistakes([Problem(("model",), what)])


def _is_symmetric(layer: keras.Layer) -> bool:
    """Whether all units have the same weights, even after a few steps."""
    kernel = getattr(layer, "kernel", None)
    if kernel is None or not layer.trainable or len(kernel.shape) < 2 or kernel.shape[-1] < 2:
        return False
    units = np.asarray(kernel, np.float32).reshape(-1, kernel.shape[-1])
    return bool((units == units[:, :1]).all())


def _check_loss(head: Head, target: Any, output: Any) -> None:
    """Raises `Mistakes` where a loss of one's own does not take what the head gives: `(1, ...)`."""
    try:
        head.loss(target, output)
    except Exception as error:  # whatever a loss of the user's raises
        is_bare = isinstance(error, NotImplementedError)
        what = "it has no method `call(y_true, y_pred)`" if is_bare else reason(error)
        raise Mistakes([Problem(("train", "loss"), what)]) from None
