"""One that keeps what it is told of a fit."""

from components.fitting.watch import Watcher


class Told(Watcher):
    """Everything, in the order of its kind.

    Args:
        last: The epoch after which it ends the fit.
    """

    def __init__(self, last=None):
        self.last, self.steps, self.ends = last, 0, 0
        self.works, self.notes, self.sent, self.epochs = [], [], [], []

    def begin(self, work):
        self.works.append(work)

    def note(self, text):
        self.notes.append(text)

    def step(self):
        self.steps += 1

    def values(self, values, step):
        self.sent.append((step, dict(values)))

    def epoch(self, number, values):
        self.epochs.append((number, dict(values)))
        return number == self.last

    def end(self):
        self.ends += 1
