"""What there is to tell of a training, from its first step on."""

import time
from dataclasses import dataclass, field
from typing import Any

from components.fitting.supervised.range_test import Range
from components.fitting.watch import Watch

PAUSE_S = 0.001
BEFORE = "before the first step"


@dataclass
class Record:
    """Grows while it trains; as JSON has it, so that a training that goes on goes on with it."""

    history: dict[str, list[float]] = field(default_factory=dict)
    """Learning curves."""
    notes: list[list[str]] = field(default_factory=list)
    """What was strange: when, and what."""
    by_heart: float | None = None
    """The loss to which two batches were learned by heart, as a share of a guess's."""
    decay: list[float] = field(default_factory=list)
    """What regularizers of weights add to the loss: before the first epoch, and after each."""
    range_test: list[tuple[float, float]] = field(default_factory=list)
    """Learning rates that were tried, and the loss at each."""
    losses: list[list[float]] = field(default_factory=list)
    """The mean losses of stretches of steps, epoch by epoch."""
    layers: list[dict[str, Any]] = field(default_factory=list)
    """What was seen in each layer, at the start and after epochs."""
    means: list[float | None] = field(default_factory=list)
    """The mean loss of the epoch that runs, up to each of its steps; None of those to come."""

    def note(self, watch: Watch, when: str, what: str) -> None:
        """Keeps what is strange, and says it."""
        self.notes.append([when, what])
        watch.note(f"{when}: {what}")

    def tell_again(self, watch: Watch) -> None:
        """Says what was strange before this process."""
        for when, what in self.notes:
            watch.note(f"{when}: {what}")

    @property
    def told(self) -> dict[str, Any]:
        """What is written beside the model."""
        return {
            "notes": self.notes,
            "by_heart": self.by_heart,
            "decay": self.decay,
            "range_test": self.range_test,
            "suggested_rate": Range.of(self.range_test).suggested if self.range_test else None,
            "losses": self.losses,
            "layers": self.layers,
        }

    def settle(self, steps: int) -> None:
        """Waits until the losses of so many steps are there, which another thread writes."""
        while None in self.means[:steps]:
            time.sleep(PAUSE_S)
