"""Harm to runs of the pipeline `diabetes`."""

from collections.abc import Callable

from components.base.files import partials
from scripts.chaos.airflow import Airflow
from scripts.chaos.harm.moments import Processes, has_failed, stages
from scripts.chaos.project import Run


def kill_train(airflow: Airflow, run: Run) -> None:
    """kill -9 of the task's own process while train trains, and then of train itself."""
    found = training(airflow, run)
    found.runner.kill()
    airflow.until(lambda: not found.stage.is_running())
    training(airflow, run).stage.kill()


def kill_register(airflow: Airflow, run: Run) -> None:
    """kill -9 of the task's own process while register asks, and then of register as it uploads."""
    found = asking(airflow, run)
    found.runner.kill()
    airflow.until(lambda: not found.stage.is_running())
    uploading(airflow, run).stage.kill()


def tracking(airflow: Airflow, run: Run) -> None:
    """The tracking server is gone while train trains, and again when register uploads."""
    stage = training(airflow, run).stage
    with airflow.tracking.gone():
        airflow.until(lambda: not stage.is_running())
    uploading(airflow, run)
    with airflow.tracking.gone():
        airflow.until(lambda: has_failed(airflow, run, "register"))


HARM: dict[str, Callable[[Airflow, Run], None]] = {
    one.__name__: one for one in (kill_train, kill_register, tracking)
}


def training(airflow: Airflow, run: Run) -> Processes:
    """Waits for train to have begun its output and its run."""

    def is_it(found: Processes) -> bool:
        begun = partials(found.folder / "data" / "diabetes", "trained")
        return bool(begun and airflow.tracking.running())

    return met(airflow, run, "components.train", is_it)


def asking(airflow: Airflow, run: Run) -> Processes:
    """Waits for register to have a connection to the server."""
    return met(
        airflow, run, "components.register", lambda found: bool(found.stage.net_connections("tcp"))
    )


def uploading(airflow: Airflow, run: Run) -> Processes:
    """Waits for register to have begun an upload."""
    return met(airflow, run, "components.register", lambda _: airflow.tracking.is_uploading())


def met(airflow: Airflow, run: Run, module: str, is_it: Callable[[Processes], bool]) -> Processes:
    """Waits for a moment in a stage."""
    return airflow.until(
        lambda: next((one for one in stages(airflow, run, "-m", module) if is_it(one)), None)
    )
