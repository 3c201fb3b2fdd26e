"""The same function for many items: here, in processes of this machine, or on a Dask cluster.

Results come in the order of the items and do not depend on where they were computed: what an
item is never follows from the number of workers, and each computes with one thread.
"""

import multiprocessing
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from typing import Any, Self, TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from components.base.errors import Stop, Unavailable

Item = TypeVar("Item")
Result = TypeVar("Result")

ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")
START_S = 2.0
"""Of work done here before processes are started, which takes about as long: at most twice what was
best, however much there is (ski rental), and the rest of an item that was begun."""


class Workers:
    """Where the shards of a dataset are worked on; a context manager.

    Args:
        address: Of a Dask scheduler (`tcp://127.0.0.1:8786`), whose workers see the same files
            and start in a checkout of this project; None for the processors of this machine.

    Raises:
        Unavailable: On entering: no scheduler answers.
    """

    def __init__(self, address: str | None = None) -> None:
        self.address = address
        self._stack = ExitStack()
        self._executor: ProcessPoolExecutor | None = None
        self._client: Any = None

    def __enter__(self) -> Self:
        if self.address:
            from distributed import Client

            try:
                self._client = self._stack.enter_context(Client(self.address, timeout=5))
            except (OSError, ValueError) as error:
                raise Unavailable(
                    f"params.yaml: dask: no scheduler answers at {self.address} ({error}); "
                    "start it, or leave the line empty to use this machine alone"
                ) from None
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def map(
        self, function: Callable[[Item], Result], items: Sequence[Item], what: str
    ) -> Iterator[Result]:
        """Calls `function` for every item.

        Args:
            function: Of a module, so that it can be sent; gives the same whenever it is called
                again, since the item of a worker that dies is given to another one.
            items: Sent whole; large data belongs on disk.
            what: Shown beside the progress bar, with the rate and the time left.

        Yields:
            The results in the order of the items; none is kept for longer than that takes.

        Raises:
            Unavailable: A process was killed: of this machine, or again and again on the cluster.
        """
        # disable=None: quiet where the output is no terminal.
        with tqdm(desc=what, total=len(items), unit="shard", disable=None) as bar:
            for result in self._results(_Task(function), items, what):
                bar.update()
                yield result

    def _results(self, task: "_Task", items: Sequence[Any], what: str) -> Iterable[Any]:
        if self._client:
            return self._from_cluster(task, items, what)
        return self._here(task, items, what)

    def _from_cluster(self, task: "_Task", items: Sequence[Any], what: str) -> Iterator[Any]:
        from distributed import KilledWorker

        futures = self._client.map(task, items, pure=False, retries=2)
        try:
            for future in futures:
                yield future.result()
                future.release()
        except KilledWorker as error:
            raise Unavailable(f"{what}: {error}; no output is half written") from None
        except RuntimeError as error:
            if "deserialization" not in str(error):
                raise
            raise Stop(
                f"{what}: the scheduler at {self.address} cannot import this project; start it and "
                "its workers in a checkout, with PYTHONPATH set to it (see scripts/dask_cluster.py)"
            ) from None

    def _here(self, task: "_Task", items: Sequence[Any], what: str) -> Iterator[Any]:
        begun = time.monotonic()
        for number, item in enumerate(items):
            is_long = self._executor is not None or time.monotonic() - begun >= START_S
            if is_long and number < len(items) - 1:
                yield from self._from_processes(task, items[number:], what)
                return
            yield task(item)

    def _from_processes(self, task: "_Task", items: Sequence[Any], what: str) -> Iterator[Any]:
        try:
            yield from self._processes(task).map(task, items)
        except BrokenProcessPool:
            raise Unavailable(
                f"{what}: a worker process died, which the kernel's log explains where memory ran "
                "out, and what it said last elsewhere; no output is half written"
            ) from None

    def _processes(self, task: "_Task") -> ProcessPoolExecutor:
        if self._executor is None:
            # A fork of this process would hang where TensorFlow has started its threads. A server
            # that has only imported what is needed forks without harm, at once, and its children
            # share the pages of what it has imported.
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload([task.function.__module__])
            self._executor = self._stack.enter_context(
                ProcessPoolExecutor(mp_context=context, initializer=one_thread)
            )
        return self._executor


class _Task:
    """A function that computes with one thread: how a sum is split changes its last digits."""

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function

    def __call__(self, item: Any) -> Any:
        with threadpool_limits(1):
            return self.function(item)


def one_thread() -> None:
    """For this process, before it imports what computes, and for those that it starts."""
    os.environ.update(dict.fromkeys(ONE_THREAD, "1"))
