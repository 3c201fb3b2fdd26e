"""One that keeps what it is told of a fit."""

from components.fitting.watch import Watcher


class Told(Watcher):
    """Notes, and values with their steps."""

    def __init__(self):
        self.notes, self.sent = [], []

    def note(self, text):
        self.notes.append(text)

    def values(self, values, step):
        self.sent.append((step, dict(values)))
