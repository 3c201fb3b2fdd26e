"""What a report shows of a policy."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from components.data import rollout
from components.data.dataset import Split
from components.tasks.control import Control
from components.tasks.control.measure import Answers, environment_of, seeds_of
from components.tasks.measured import Measures

COLUMNS = 4  # frames beside each other


def figures(
    task: Control, measures: Measures, answers: Answers, test: Split, shown: int
) -> dict[str, Figure]:
    """Returns beside those of a random policy, and the episode of the median one."""
    random = np.array(measures.details["random"])
    drawn = {"Returns": _returns(answers.returns, random)}
    order = np.argsort(answers.returns, kind="stable")
    median = int(order[len(order) // 2])
    seed = seeds_of(test)[median]
    try:
        frames = rollout.frames(environment_of(test), answers.policy, seed)
    except ValueError:  # it cannot be seen here
        return drawn
    steps = np.linspace(0, len(frames) - 1, min(task.frames, len(frames))).astype(int)
    titles = [f"step {step}" for step in steps.tolist()]
    caption = f"The median episode, seed {seed}, return {answers.returns[median]:g}"
    return {**drawn, caption: _frames([frames[step] for step in steps], titles)}


def _frames(frames: Sequence[NDArray[np.uint8]], titles: Sequence[str]) -> Figure:
    rows = -(-len(frames) // COLUMNS)
    figure = Figure(figsize=(10, 0.2 + 2 * rows), layout="constrained")
    every = np.ravel(figure.subplots(rows, COLUMNS, squeeze=False))
    for axes in every[len(frames) :]:
        axes.set_axis_off()
    for axes, frame, title in zip(every, frames, titles, strict=False):
        axes.imshow(frame[::2, ::2])
        axes.set(xticks=[], yticks=[])  # its edges stay: much of a frame is white
        axes.set_title(title, fontsize=9)
    return figure


def _returns(ours: NDArray[np.float64], random: NDArray[np.float64]) -> Figure:
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    ends = (min(ours.min(), random.min()), max(ours.max(), random.max()))
    bins = np.linspace(ends[0], ends[1] + 1e-9, 31).tolist()
    axes.hist(random, bins=bins, color="lightgray", label="actions drawn at random")
    axes.hist(ours, bins=bins, color="tab:blue", alpha=0.8, label="the policy")
    axes.set(xlabel="return of an episode", ylabel="episodes")
    axes.legend(loc="best")
    return figure


def summary(task: Control, measures: Measures) -> dict[str, tuple[list[str], list[Any]]]:
    """No small table."""
    return {}


def tables(
    task: Control, measures: Measures, answers: Answers, test: Split
) -> dict[str, tuple[list[str], Iterator[tuple[Any, ...]]]]:
    """The return of each episode."""
    seeds = seeds_of(test)
    rows = zip(seeds, answers.returns.tolist(), measures.details["random"], strict=True)
    return {"returns": (["seed", "return", "return of a random policy"], iter(list(rows)))}
