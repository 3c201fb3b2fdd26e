"""A search of which each trial stands by itself: what is there is taken, the rest is run."""

import random
from collections.abc import Callable

import optuna

from components.run.trials import Outcome, Trials
from components.tune.stage import Search, checked


def run_trial(task: Search, trials: Trials, number: int) -> Outcome:
    """What a trial comes to; it is run where that is not known."""
    known = trials.ended()
    if number not in known:
        trials.keep(number, task.run(number, trials.drawn[number]))
        known = trials.ended()  # where another process was quicker, what it has kept
    return known[number]


def search(task: Search, trials: Trials, say: Callable[[str], None]) -> optuna.Study:
    """Runs the trials that no process has run, and gives all, in the order of their numbers.

    Args:
        task: What every trial is given.
        trials: Those that there are.
        say: Is told of each that has ended.

    Raises:
        Stop: No trial came to an end.
    """
    outcomes = dict(trials.ended())
    say(f"{len(outcomes)} of {len(trials.drawn)} trials are there")
    left = [number for number in range(len(trials.drawn)) if number not in outcomes]
    random.shuffle(left)  # so that processes which run the same search share its trials
    for number in left:
        outcomes[number] = run_trial(task, trials, number)
        say(f"trial {number}: {outcomes[number].text(task.config.monitor)}")
    study = task.study()
    for number, values in enumerate(trials.drawn):
        study.add_trial(outcomes[number].trial(values, trials.space))
    return checked(study)
