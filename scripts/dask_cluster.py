"""A Dask cluster of this machine alone, for the `dask:` line of params.yaml.

    python scripts/dask_cluster.py [--workers 2] [--port 8786]

Everything listens on 127.0.0.1. A cluster of several machines is started with Dask's own commands,
`dask scheduler` and `dask worker`, each in a checkout of the project, and with PYTHONPATH and
KERAS_BACKEND set as here.
"""

import argparse
import os
import signal
import sys
from pathlib import Path

import yaml
from distributed import LocalCluster

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Starts it, and ends it on Ctrl-C or a TERM signal."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--port", type=int, default=8786)
    args = parser.parse_args()
    os.chdir(ROOT)
    sys.path.insert(0, str(ROOT))  # the scheduler and the workers import what is sent to them
    os.environ["PYTHONPATH"] = str(ROOT)
    os.environ["KERAS_BACKEND"] = yaml.safe_load(Path("params.yaml").read_text())["backend"]
    signals = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    with LocalCluster(
        n_workers=args.workers,
        threads_per_worker=1,
        host="127.0.0.1",
        scheduler_port=args.port,
        dashboard_address=None,
    ) as cluster:
        sys.stdout.write(f"dask: {cluster.scheduler_address}\n")
        sys.stdout.flush()
        signal.sigwait(signals)


if __name__ == "__main__":
    main()
