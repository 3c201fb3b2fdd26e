"""Register a model in MLflow, and decide whether it becomes the champion."""

from collections.abc import Mapping
from typing import Any

from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode
from pydantic import BaseModel

from components.register.config import Config, Gate

ALIAS = "champion"


class Verdict(BaseModel):
    """What the gate says."""

    is_promoted: bool
    reason: str


class Registered(BaseModel):
    """A model version, and whether the alias points to it."""

    name: str
    version: int
    run_id: str
    is_champion: bool
    reason: str


def refused(measures: Mapping[str, Any], gate: Gate) -> str | None:
    """Why nothing is registered, or None where the metric reaches the minimum."""
    value = measures[gate.metric]
    if value >= gate.min:
        return None
    return f"register: {gate.metric} {value:.4f} is below register.gate.min, {gate.min}"


def judge(value: float, gate: Gate, champion: float | None) -> Verdict:
    """Whether the alias moves.

    Args:
        value: The model's metric.
        gate: What it must reach.
        champion: The metric of the version that has the alias now; None where none has, or where
            it is this very model.
    """
    if gate.must_beat is None:
        return Verdict(is_promoted=True, reason="the gate compares with no other version")
    if champion is None:
        return Verdict(is_promoted=True, reason=f"there is no other {gate.must_beat}")
    comparison = f"{gate.metric} {value:.4f} against the {gate.must_beat}'s {champion:.4f}"
    return Verdict(is_promoted=value > champion, reason=comparison)


def register(config: Config, run_id: str, model_uri: str, value: float, card: str) -> Registered:
    """Makes a version of a logged model, once for each run, and moves the alias if it may.

    Args:
        config: The section.
        run_id: The MLflow run that trained the model.
        model_uri: The logged model.
        value: The metric that the gate compares.
        card: The version's description, Markdown.
    """
    client = MlflowClient()
    try:
        client.create_registered_model(config.name)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS):
            raise
    version = _version(client, config.name, run_id, model_uri)
    client.update_model_version(config.name, version.version, card)
    client.set_model_version_tag(config.name, version.version, config.gate.metric, str(value))
    verdict = judge(value, config.gate, _rival(client, config, version))
    if verdict.is_promoted:
        client.set_registered_model_alias(config.name, ALIAS, version.version)
    return Registered(
        name=config.name,
        version=int(version.version),
        run_id=run_id,
        is_champion=verdict.is_promoted,
        reason=verdict.reason,
    )


def _version(client: MlflowClient, name: str, run_id: str, model_uri: str) -> ModelVersion:
    """The version of this run: the one that is there already, or a new one."""
    known = client.search_model_versions(f"name = '{name}' and run_id = '{run_id}'")
    return known[0] if known else client.create_model_version(name, model_uri, run_id)


def _rival(client: MlflowClient, config: Config, version: ModelVersion) -> float | None:
    """The metric of the champion, where there is one and it is another version."""
    try:
        champion = client.get_model_version_by_alias(config.name, ALIAS)
    except MlflowException:
        return None  # no version has the alias
    if champion.version == version.version:
        return None
    recorded = champion.tags.get(config.gate.metric)
    return float(recorded) if recorded is not None else None
