"""Stages in this process: what their `__main__` do, less the command line."""

import shlex
from importlib import import_module
from pathlib import Path

import yaml
from project import ROOT, STAGES

from components.base.errors import Mistakes
from components.base.files import write_json
from components.config.params import Params
from components.fingerprint import run as fingerprint
from components.run.command import Run


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
        code=folder / f"{name}.code.json",
        check_code=lambda: None,
        **paths,
    )
    write_json({"values": {}, "code": {}}, run.code)
    run.load()
    run.params = Params.model_validate({**run.params.model_dump(), "seed": seed})
    return _done(run)


def run_line(root: Path, name: str, *stages: str) -> dict[str, Run]:
    """Runs stages of a pipeline as dvc.yaml has them, in a project that is the working directory.

    Args:
        root: The project.
        name: Of the pipeline.
        stages: Their names; none for all of a pipeline's.
    """
    fingerprint.write(root / "params.yaml", root / "data" / "code", [name])
    return {stage: _done(_called(root, name, stage)) for stage in stages or STAGES}


def _called(root: Path, name: str, stage: str) -> Run:
    """A stage with the paths of its command."""
    command = yaml.safe_load((root / "dvc.yaml").read_text())["stages"][stage]["cmd"]
    words = shlex.split(command.replace("${item.pipeline}", name))[4:]
    paths = {
        option.removeprefix("--").replace("-", "_"): Path(path)
        for option, path in zip(words[::2], words[1::2], strict=True)
    }
    params, file = paths.pop("params"), Path("pipelines", f"{name}.yaml")
    run = Run(stage=stage, pipeline_path=file, params_path=params, **paths)
    run.load()
    return run


def _done(run: Run) -> Run:
    try:
        import_module(f"components.{run.stage}.run").run(run)
    except Mistakes as error:
        raise run.document.locate(error.problems) from None
    return run
