"""Control: a policy that acts in an environment."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from components.base.errors import Problem
from components.config.section import Fraction, PositiveInt
from components.config.task import Metric, Task

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline


class Control(Task):
    """A policy that acts in an environment so that much is gained."""

    metrics = (Metric("mean_return", "higher", "mean return"),)
    parts = {name: Task.parts[name] for name in ("measure", "draw")}
    """No head: the environment says how many actions there are."""
    curves = (Metric("return", "higher", "mean return"),)
    learning = frozenset({"discount"})
    measuring = frozenset({"frames"})
    least = 2

    discount: Fraction = 0.99
    """What the next reward is worth beside this one."""
    frames: PositiveInt = 12
    """Pictures of an episode that the report shows."""

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """A learner that fits to examples, or a source that is no environment."""
        if file.train.gives != "policy":
            yield Problem(("train", "learner"), "control needs an agent; such as 'dqn'")
        if file.ingest.source != "gymnasium":
            what = f"control needs an environment; {file.ingest.source} is none; use 'gymnasium'"
            yield Problem(("ingest", "source"), what)

    def diagnose(self, history: Mapping[str, Sequence[float]], best: int, epochs: int) -> str:
        """Which network is kept, and whether more steps may give a better one."""
        gained = history["val_return"]
        read = f"epoch {best + 1} of {len(gained)} is kept: {gained[best]:.1f} in validation"
        # Of equal ones the later is kept, so that the last being best says nothing by itself.
        if gained[-1] > max(gained[:-1], default=gained[-1]):
            return f"{read}; still improving at the end; more steps"
        return read
