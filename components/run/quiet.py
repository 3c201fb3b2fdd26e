"""Third parties' chatter: what libraries in C write past Python goes to a file."""

import faulthandler
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def native_output_to(log: Path) -> Iterator[None]:
    """Sends what is written to file descriptor 2 to a file, and leaves `sys.stderr` as it is.

    TensorFlow says of itself at every start what processor it runs on, and no setting stops it.
    Where it dies, its last words are in the file, and Python's stack on the terminal.
    """
    sys.stderr.flush()
    log.parent.mkdir(parents=True, exist_ok=True)
    terminal, before = os.dup(2), sys.stderr
    with log.open("wb") as file:
        os.dup2(file.fileno(), 2)
    with os.fdopen(terminal, "w", buffering=1, encoding="utf-8", closefd=False) as stream:
        sys.stderr = stream
        faulthandler.enable(stream)
        try:
            yield
        finally:
            stream.flush()
            faulthandler.disable()
            os.dup2(terminal, 2)
            os.close(terminal)
            sys.stderr = before
