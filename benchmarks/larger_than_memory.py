"""Peak memory and seconds of the first three stages against the size of a folder of images.

Memory is what the stage and its processes have resident together, looked at ten times a second: a
page that several of them share, such as TensorFlow's code, is counted once (proportional set size).
The ratio is against the decoded images, which whoever reads all of them first has in memory. The
seconds of the three together are set against those of decoding each file once, whole, by
libjpeg-turbo (Pillow's) in as many threads as there are processors.

    python benchmarks/larger_than_memory.py [gigabytes ...]
"""

import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import photos
import psutil
from common import ROOT
from PIL import Image

GB = 1_000_000_000
SIZE = (1024, 768)
STAGES = {
    "ingest": "--source {0}/photos --out {0}/raw",
    "validate": "--dataset {0}/raw --accepted {0}/accepted --verdict {0}/verdict.json "
    "--out {0}/validation.json --picture {0}/examples.png --report {0}/data.html",
    "preprocess": "--dataset {0}/raw --verdict {0}/verdict.json --out {0}/ready",
}


def measure(
    command: list[str], environment: dict[str, str] | None = None, folder: Path = ROOT
) -> tuple[float, float]:
    """Seconds of a command, and the most bytes that it and its children had resident."""
    start, peak, done = time.perf_counter(), 0, threading.Event()
    process = subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )

    def watch() -> None:
        nonlocal peak
        parent = psutil.Process(process.pid)
        while not done.wait(0.1):
            try:
                family = [parent, *parent.children(recursive=True)]
                peak = max(peak, sum(one.memory_full_info().pss for one in family))
            except (psutil.NoSuchProcess, psutil.AccessDenied):
                continue

    watcher = threading.Thread(target=watch)
    watcher.start()
    status = process.wait()
    done.set()
    watcher.join()
    if status:
        raise SystemExit(f"{' '.join(command)}: exit status {status}")
    return time.perf_counter() - start, peak


def decode(path: Path) -> None:
    """One file, whole, without a lock of Python's."""
    with Image.open(path) as image:
        image.load()


def decoding(folder: Path) -> float:
    """Seconds of decoding every file of a folder."""
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for _ in threads.map(decode, folder.rglob("*.jpg")):
            pass
    return time.perf_counter() - start


def stages(size: float, scratch: Path) -> dict[str, tuple[float, float]]:
    """Seconds and peak of each stage on a folder of `size` gigabytes."""
    probe = photos.write(scratch / "probe", 16, *SIZE) / 16
    count = int(size * GB / probe)
    total = photos.write(scratch / "photos", count, *SIZE)
    decoded = count * SIZE[0] * SIZE[1] * 3
    print(
        f"{total / GB:.2f} GB, {count} images of {SIZE[0]}x{SIZE[1]}, "
        f"decoded {decoded / GB:.2f} GB",
        flush=True,
    )
    (scratch / "accepted").mkdir()
    environment = {"PATH": "/usr/bin:/bin", "MILLRACE_CACHE": f"{scratch}/cache"}
    code = f"-m components.fingerprint photos --params params.yaml --out {scratch}/code"
    measure([sys.executable, *code.split()], environment)
    found = {}
    for stage, arguments in STAGES.items():
        words = f"-m components.{stage} pipelines/photos.yaml --params params.yaml "
        words += f"--code {scratch}/code/photos/{stage}.json "
        words += f"--metrics {scratch}/{stage}.json --measured {scratch}/measured/{stage}.json "
        words += arguments.format(scratch)
        command = [sys.executable, *words.split()]
        found[stage] = measure(command, environment)
        print(
            f"  {stage:10} {found[stage][0]:6.1f} s  {count / found[stage][0]:6.0f} images/s  "
            f"peak {found[stage][1] / GB:.2f} GB  ratio {found[stage][1] / decoded:.3f}",
            flush=True,
        )
    together, alone = sum(took for took, _ in found.values()), decoding(scratch / "photos")
    print(
        f"  together   {together:6.1f} s  decoded alone {alone:.1f} s  ratio {together / alone:.2f}"
    )
    return found


if __name__ == "__main__":
    sizes = [float(word) for word in sys.argv[1:]] or [1.0, 2.0, 4.0]
    results = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as scratch:
            results.append(stages(size, Path(scratch)))
    for stage in STAGES:
        seconds, peaks = (np.array([one[stage][place] for one in results]) for place in (0, 1))
        line = np.polyfit(sizes, peaks / GB, 1) if len(sizes) > 1 else np.array([0, peaks[0] / GB])
        rate = np.polyfit(sizes, seconds, 1)[0] if len(sizes) > 1 else seconds[0] / sizes[0]
        print(
            f"{stage:10} at most {peaks.max() / GB:.2f} GB; the line through the peaks has "
            f"{np.polyval(line, 20):.2f} GB at 20 GB; {rate:.0f} s for each further GB"
        )
