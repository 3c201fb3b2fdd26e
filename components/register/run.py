"""The register stage, for all pipelines at once: the server is asked by one process."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from filelock import FileLock

from components.base.errors import Stop, Unavailable
from components.base.files import read_json, write_json
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import parse
from components.register.stage import Place, Standing, reconcile, standing
from components.run import tracking
from components.run.manifest import FILE, Manifest

CLIENTS = frozenset({"azure", "boto3", "botocore", "google", "mlflow", "requests", "s3transfer"})
"""Packages by which a server and its store of files are reached, each with errors of its own."""


def register(
    root: Path, names: Sequence[str] = (), is_strict: bool = False
) -> Iterator[tuple[str, Standing]]:
    """Brings the registry in line with the packages that there are.

    Args:
        root: The project.
        names: Of pipelines; none for all active ones that are packaged.
        is_strict: Whether a model that the gate does not let in is an error.

    Yields:
        The name of a pipeline, and where its model stands.

    Raises:
        Invalid: A pipeline file has mistakes.
        Stop: The server cannot be used, or in the end, one that is named is not packaged, or the
            gate said no where it is strict.
    """
    refused = []
    for name in names or Params.load(root / "params.yaml").pipelines:
        package = root / "packages" / name
        if not (package / FILE).exists():
            if names:
                refused.append(f"{name}: nothing is packaged yet; run it: millrace run {name}")
            continue
        document = Document(root / "pipelines" / f"{name}.yaml")
        pipeline = parse(document)
        data = root / "data" / name
        place = Place(
            name,
            package,
            document.path,
            data / "raw",
            data / "verdict.json",
            root / "measured" / name,
        )
        client = tracking.connect(name)
        # DVC tells its commands so; an experiment may be a queue of many.
        is_experiment = bool(os.environ.get("DVC_EXP_NAME"))
        with _alone(), _explained():
            found = reconcile(client, place, pipeline, document.data, is_experiment)
        _measure(found, is_experiment, place.measured / "register.json")
        yield name, found
        if found.is_refused and (is_strict or pipeline.registration.gate.strict):
            refused.append(found.sentence)
    if refused:
        raise Stop("\n".join(refused))


def _measure(found: Standing, is_experiment: bool, file: Path) -> None:
    """What a server has said is no output, and lies beside what was measured here."""
    experiment, run = found.run
    said = {
        "finding": found.sentence,
        "refused": found.is_refused and not is_experiment,
        "mlflow": {"experiment": experiment, "run": run},
    }
    write_json(said, file)


def read(root: Path, name: str) -> str:
    """Where the model of a pipeline stands, in words; nothing is changed.

    Raises:
        Stop: The server cannot be used.
    """
    pipeline = parse(Document(root / "pipelines" / f"{name}.yaml"))
    manifest = Manifest.model_validate(read_json(root / "packages" / name / FILE))
    client = tracking.connect(name)
    with _explained():
        return standing(client, pipeline.registration.name, manifest).sentence


def _alone() -> FileLock | nullcontext[None]:
    """On a server in a file, one process at a time; others have to be overtaken."""
    store = tracking.store_file()
    return FileLock(f"{store}.register.lock") if store else nullcontext()


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if type(error).__module__.partition(".")[0] not in CLIENTS:
            raise
        kind = getattr(error, "error_code", type(error).__name__)
        raise Unavailable(
            f"register: MLflow says no, and no alias moves: {kind}: {tracking.why(error)}; "
            "the next run goes on from here"
        ) from None
