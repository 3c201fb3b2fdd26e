"""A stage in this process: what its `__main__` does, less the command line."""

from importlib import import_module
from pathlib import Path

from project import ROOT

from components.command import Run
from components.config.params import Params
from components.errors import Mistakes


def run_stage(name: str, pipeline: Path, folder: Path, seed: int = 0, **paths: Path) -> Run:
    """Runs a stage of a pipeline file, and gives the run.

    Args:
        name: Of the stage.
        pipeline: The file.
        folder: Gets `NAME.metrics.json` and `NAME.measured.json`.
        seed: Of params.yaml.
        paths: What the stage reads and writes.
    """
    run = Run(
        stage=name,
        pipeline_path=pipeline,
        params_path=ROOT / "params.yaml",
        metrics=folder / f"{name}.metrics.json",
        measured=folder / f"{name}.measured.json",
        **paths,
    )
    run.load()
    run.params = Params.model_validate({**run.params.model_dump(), "seed": seed})
    try:
        import_module(f"components.{name}.run").run(run)
    except Mistakes as error:
        raise run.document.locate(error.problems) from None
    return run
