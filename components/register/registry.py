"""The registry of an MLflow server: what it has, and what is brought to it, each once."""

import os
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import yaml
from mlflow import MlflowClient
from mlflow.entities import FileInfo, LoggedModel, LoggedModelOutput
from mlflow.entities.logged_model_status import LoggedModelStatus
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, RESOURCE_DOES_NOT_EXIST, ErrorCode

from components.base.errors import Unavailable

VERSION = "millrace.version"  # a tag: hash of what a version is made of


def find(client: MlflowClient, name: str) -> RegisteredModel | None:
    """The registered model with its aliases and tags; None where there is none.

    Raises:
        MlflowException: The server says anything else than that it is there, or is not.
    """
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return None


def registered_model(client: MlflowClient, name: str) -> RegisteredModel:
    """As `find`, made where there is none."""
    if known := find(client, name):
        return known
    try:
        return client.create_registered_model(name)
    except MlflowException as error:  # by another process, meanwhile
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise
        return client.get_registered_model(name)


def alias(client: MlflowClient, name: str, which: str) -> int | None:
    """The version that an alias points to."""
    found = registered_model(client, name).aliases.get(which)
    return int(found) if found is not None else None


def version(
    client: MlflowClient, name: str, experiment_id: str, run_id: str, folder: Path, what: str
) -> ModelVersion:
    """The version that is made of a folder: the one that there is, or a new one.

    Files of it that the server has lost are brought to it again. Where MLflow itself knows nothing
    of the files any more, as after `mlflow gc`, the version can never be loaded, and a new one
    takes its place.

    Args:
        client: Of the server.
        name: The registered model, which there is.
        experiment_id: Of the run.
        run_id: That trained the model.
        folder: The model as MLflow keeps it.
        what: Its hash.
    """
    for known in versions(client, name, what):
        if (model := _logged_model(client, known)) is not None:
            _complete(client, model, folder)
            return known
        client.delete_model_version(name, known.version)
    model_id = _uploaded(client, experiment_id, run_id, folder, what)
    made = client.create_model_version(
        name, f"models:/{model_id}", run_id, tags={VERSION: what}, model_id=model_id
    )
    # Another process may have made one at the same moment; both keep the first.
    first = versions(client, name, what)[0]
    if first.version != made.version:
        client.delete_model_version(name, made.version)
    return first


def versions(client: MlflowClient, name: str, what: str) -> list[ModelVersion]:
    """The versions with a hash, the first one first; more than one only while two race."""
    found = client.search_model_versions(f"name = '{name}'", max_results=10_000)
    return sorted((one for one in found if one.tags.get(VERSION) == what), key=_number)


def _number(one: ModelVersion) -> int:
    return int(one.version)


def _logged_model(client: MlflowClient, known: ModelVersion) -> LoggedModel | None:
    """What a version is made of; None where that was deleted."""
    try:
        return client.get_logged_model(known.source.removeprefix("models:/"))
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return None


def _uploaded(
    client: MlflowClient, experiment_id: str, run_id: str, folder: Path, what: str
) -> str:
    """The id of a logged model with the files of a folder, all of them there."""
    found = client.search_logged_models([experiment_id], f"tags.`{VERSION}` = '{what}'")
    # One that is not ready was left by a process that was killed while it uploaded.
    found.sort(key=lambda one: one.status != LoggedModelStatus.READY)
    model = (
        found[0]
        if found
        else client.create_logged_model(experiment_id, "model", run_id, tags={VERSION: what})
    )
    _complete(client, model, folder)
    return str(model.model_id)


def _complete(client: MlflowClient, model: LoggedModel, folder: Path) -> None:
    """Brings the files to a logged model where it is not ready, or where some of them are gone."""
    is_ready = model.status == LoggedModelStatus.READY
    if is_ready and has(client.list_logged_model_artifacts(model.model_id), folder):
        return
    with tempfile.TemporaryDirectory() as scratch:
        # Of links, so that a process that is killed here leaves no second model behind.
        whole = Path(scratch) / "model"
        shutil.copytree(folder.resolve(), whole, copy_function=os.symlink)
        described = yaml.safe_load((folder / "MLmodel").read_text())
        described |= {"run_id": model.source_run_id, "model_id": model.model_id}
        (whole / "MLmodel").unlink()
        (whole / "MLmodel").write_text(yaml.safe_dump(described))
        client.log_model_artifacts(model.model_id, str(whole))
    check_there(client.list_logged_model_artifacts(model.model_id), folder)
    if not is_ready:
        client.finalize_logged_model(model.model_id, LoggedModelStatus.READY)
        _link(client, model)


def _link(client: MlflowClient, model: LoggedModel) -> None:
    """Says of a run that a model came out of it."""
    try:
        client.log_outputs(model.source_run_id, [LoggedModelOutput(model.model_id, step=0)])
    except MlflowException:  # another process has said so at the same moment
        outputs = client.get_run(model.source_run_id).outputs
        if model.model_id not in {one.model_id for one in outputs.model_outputs}:
            raise


def check_there(artifacts: Iterable[FileInfo], folder: Path) -> None:
    """Looks whether what was brought has come; a proxy's page may have answered for the server.

    Raises:
        Unavailable: Some of it has not.
    """
    if not has(artifacts, folder):
        raise Unavailable(
            f"register: MLflow has taken the files of {folder}, and does not have them: is there a "
            "proxy or a sign-in page before it? No alias moves; the next run brings them again"
        )


def has(artifacts: Iterable[FileInfo], folder: Path) -> bool:
    """Whether what is in a folder is among artifacts, by name."""
    return {path.name for path in folder.iterdir()} <= {one.path for one in artifacts}
