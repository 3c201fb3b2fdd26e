"""Seconds to ingest a folder of images: at first, again unchanged, and grown by a hundredth.

The ratio is against reading and writing the same files with plain Python, in the same run. DVC,
which sees that nothing has changed, does not run the stage a second time at all
(benchmarks/nothing_to_do.py).

    python benchmarks/ingest_again.py [images]
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import common  # noqa: F401
import photos


def timed(call: Callable[[], object]) -> float:
    """Seconds of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def copied(folder: Path, target: Path) -> None:
    """The files one after the other in one file: the least that any ingest does."""
    with target.open("wb") as file:
        for path in sorted(folder.rglob("*.jpg")):
            file.write(path.read_bytes())


def main(count: int) -> None:
    """Prints each time."""
    from components.base.workers import Workers
    from components.ingest.sources.image_folder import ImageFolder
    from components.ingest.stage import recalled, split, write

    config = ImageFolder.model_validate({"source": "image_folder", "split": {"by": "content"}})
    with tempfile.TemporaryDirectory() as scratch, Workers() as workers:
        os.environ["MILLRACE_CACHE"] = f"{scratch}/cache"
        folder = Path(scratch) / "photos"

        def ingest(name: str) -> None:
            found = recalled(config.listing(folder))
            write(found, split(config, found, 0, workers), Path(scratch) / name, workers)

        photos.write(folder, count, 640, 480)
        list(workers.map(abs, [1, 2], "starting"))  # the processes; the clock starts after
        plain = timed(lambda: copied(folder, Path(scratch) / "plain"))
        print(f"{count} images; plain copy {plain:.2f} s")
        times = {"at first": timed(lambda: ingest("first"))}
        times["again, unchanged"] = timed(lambda: ingest("second"))
        for number in range(count // 100):
            path = folder / photos.CLASSES[0] / f"{4 * number:07}.jpg"
            path.with_name(f"more{number}.jpg").write_bytes(path.read_bytes() + b"\0")
        times["grown by 1 %"] = timed(lambda: ingest("third"))
        for name, took in times.items():
            print(
                f"{name:18} {took:6.2f} s   {count / took:7.0f} images/s   ratio {took / plain:.2f}"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
