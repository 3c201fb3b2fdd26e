"""Bring the registry in line with a package: nothing is done twice, whatever was done before."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from mlflow import MlflowClient
from mlflow.entities import Run, RunStatus

from components.base.files import digest, read_json
from components.config.pipeline import Pipeline
from components.register import registry
from components.register.again import measured_again
from components.register.card import card
from components.register.judge import ALREADY, OUTCOMES, WON, Verdict, judge, metric_of, outcomes_of
from components.run import tracking
from components.run.manifest import FILE, Manifest
from components.tasks.outcomes import read_outcomes

CHAMPION, CANDIDATE = "champion", "candidate"
RESTORED = "millrace.restored"
DATASET = "millrace.dataset"
PACKAGE = "millrace.package"  # a tag of a run: hash of all that was added to it
SETTLED = "millrace.settled"  # a tag: the gate by which a version, or the model, was judged
PROMOTED = "millrace.promoted"  # a tag of the model: the last version that a gate made the champion
VERDICT = "millrace.verdict"  # a tag of a version: what the gate said of it
EXPERIMENT = "an experiment becomes a candidate, never the champion"
OVERTAKEN = "another was made the champion since"
BY_HAND, REMOVED = "somebody moved the alias to it", "somebody removed the alias"
TRIES = 5  # of a judgement that another process keeps overtaking
SETTLE_S = 0.5  # more than a request, from which others may come back with what was before


@dataclass(frozen=True)
class Place:
    """Where a pipeline's files are.

    Args:
        name: Of the pipeline.
        package: What `package` wrote.
        file: The pipeline file.
        raw: What `ingest` wrote.
        verdict: What `validate` wrote.
        measured: What the stages measured on this machine.
    """

    name: str
    package: Path
    file: Path
    raw: Path
    verdict: Path
    measured: Path


@dataclass(frozen=True)
class Standing:
    """What the registry says of a pipeline's model, read from it in the end."""

    model: str
    """The registered model."""
    version: int | None
    """None where the gate lets no version be made."""
    champion: int | None
    reason: str
    is_refused: bool = False
    """Whether the gate says no, be it to a model that was registered before."""
    run: tuple[str, str] = ("", "")
    """Ids of MLflow's: the experiment, and the run that trained the model."""

    @property
    def sentence(self) -> str:
        """In words."""
        if self.version is None:
            return f"{self.model}: not registered: {self.reason}"
        if self.is_refused:
            stays = "stays the champion" if self.version == self.champion else "stays registered"
            return f"{self.model} version {self.version} {stays}, though {self.reason}"
        if self.version == self.champion:
            return f"{self.model} version {self.version} is the champion: {self.reason}"
        other = f"version {self.champion} is" if self.champion is not None else "there is none"
        return f"{self.model} version {self.version} is not the champion, {other}: {self.reason}"


def reconcile(
    client: MlflowClient,
    place: Place,
    pipeline: Pipeline,
    values: Mapping[str, Any],
    is_experiment: bool,
) -> Standing:
    """Makes the run, the version and the alias what the package says they should be.

    Args:
        client: Of the server.
        place: The pipeline's files.
        pipeline: The pipeline file, checked.
        values: The pipeline file as it was read.
        is_experiment: Whether this is an experiment, whose model becomes a candidate at most.
    """
    manifest = Manifest.model_validate(read_json(place.package / FILE))
    experiment = client.get_experiment_by_name(place.name)
    run_id = _run(client, place, manifest, values, experiment.experiment_id)
    config = pipeline.registration
    ids = (str(experiment.experiment_id), run_id)
    if manifest.refused is not None:
        return replace(standing(client, config.name, manifest), run=ids)
    registry.registered_model(client, config.name)
    folder = place.package / "model"
    version = registry.version(
        client, config.name, experiment.experiment_id, run_id, folder, manifest.version
    )
    number = int(version.version)
    latency_ms = manifest.latency_ms(place.measured)
    origin = _origin(place, manifest)
    text = card(pipeline.description, pipeline.task, manifest, latency_ms, origin)
    # Where nothing was measured, the card of who has measured stays.
    if version.description != text and (latency_ms or not version.description):
        client.update_model_version(config.name, version.version, text)
    if is_experiment:
        client.set_registered_model_alias(config.name, CANDIDATE, version.version)
        if VERDICT not in version.tags:
            client.set_model_version_tag(config.name, version.version, VERDICT, EXPERIMENT)
    else:
        _settle(client, place, pipeline, manifest, number)
    return replace(standing(client, config.name, manifest), run=ids)


def standing(client: MlflowClient, name: str, manifest: Manifest) -> Standing:
    """Where a model stands, as the registry has it.

    Args:
        client: Of the server.
        name: The registered model.
        manifest: Of the package.
    """
    known = registry.find(client, name)
    alias = known.aliases.get(CHAMPION) if known else None
    champion = int(alias) if alias is not None else None
    versions = registry.versions(client, name, manifest.version) if known else []
    reason = versions[0].tags.get(VERDICT, "not judged yet") if versions else "not registered yet"
    version = int(versions[0].version) if versions else None
    has_won, is_champion = reason.startswith(WON), champion is not None and version == champion
    if has_won and not is_champion:
        reason = REMOVED if champion is None else OVERTAKEN
    if is_champion and not has_won:
        reason = BY_HAND
    return Standing(
        name,
        version,
        champion,
        manifest.refused or reason,
        manifest.refused is not None,
    )


def _run(
    client: MlflowClient,
    place: Place,
    manifest: Manifest,
    values: Mapping[str, Any],
    experiment_id: str,
) -> str:
    """The run that trained the model, with all that the later stages found."""
    runs = _runs(client, experiment_id, manifest.model)
    if not runs:
        made = _restored(client, place, manifest, values)
        # Another process may have made one at the same moment; both keep the first.
        runs = _runs(client, experiment_id, manifest.model)[-1:]
        if runs[0].info.run_id != made:
            client.delete_run(made)
    package = digest(place.package)
    report = place.package / "report"
    for run in runs:
        run_id, recorded = run.info.run_id, run.data.tags.get(PACKAGE)
        if recorded != package or not registry.has(client.list_artifacts(run_id), report):
            _record(client, run_id, place, manifest, package)
    return str(runs[0].info.run_id)


def _runs(client: MlflowClient, experiment_id: str, model: str) -> list[Run]:
    """Those of a model, the last one first."""
    order = ["attributes.start_time DESC", "attributes.run_id DESC"]
    what = f"tags.`{tracking.MODEL}` = '{model}'"
    return list(client.search_runs([experiment_id], what, order_by=order))


def _restored(
    client: MlflowClient, place: Place, manifest: Manifest, values: Mapping[str, Any]
) -> str:
    """Writes the run of a model anew, that another server has, or one that was lost."""
    tags = {
        **tracking.signed(),
        RESTORED: "true",
        "millrace.pipeline": place.name,
        "dvc.stage": f"train@{place.name}",
    }
    run_id = tracking.create(client, place.name, values, tags)
    tracking.log_history(client, run_id, manifest.learned["history"])
    # Last, so that a run which a killed process has left is not taken for it.
    client.set_tag(run_id, tracking.MODEL, manifest.model)
    client.set_terminated(run_id, RunStatus.to_string(RunStatus.FINISHED))
    return run_id


def _record(
    client: MlflowClient, run_id: str, place: Place, manifest: Manifest, package: str
) -> None:
    """Adds test metrics, compressed models, findings and the report to a run."""
    scalars = {f"test_{name}": value for name, value in manifest.measures.scalars.items()}
    latency_ms = {
        f"compressed/{name}/latency_ms": value
        for name, value in manifest.latency_ms(place.measured).items()
    }
    report = place.package / "report"
    for path in sorted(report.iterdir()):
        client.log_artifact(run_id, str(path))
    registry.check_there(client.list_artifacts(run_id), report)
    compressed = _log_table(client, run_id, manifest.compressed, "compressed", "method")
    findings = _log_table(client, run_id, manifest.findings, "validation", "kind")
    # The tag last: a process that is killed before it does all of this again.
    metrics = {**scalars, **compressed, **findings, **latency_ms}
    tracking.log(client, run_id, metrics, {DATASET: manifest.dataset, PACKAGE: package})


def _log_table(
    client: MlflowClient, run_id: str, rows: list[dict[str, Any]], name: str, key: str
) -> dict[str, float]:
    """Adds a table to a run; its numbers as metrics `name/key/column`."""
    if rows:
        table = {"columns": list(rows[0]), "data": [list(row.values()) for row in rows]}
        client.log_text(run_id, json.dumps(table, indent=1), f"{name}.json")
    return {
        f"{name}/{row[key]}/{column}": value
        for row in rows
        for column, value in row.items()
        if isinstance(value, int | float)
    }


def _settle(
    client: MlflowClient, place: Place, pipeline: Pipeline, manifest: Manifest, version: int
) -> None:
    """Judges a version, once by each gate; who then moves the alias by hand is not overruled.

    Where there is no champion, it is judged again.
    """
    name, gate = pipeline.registration.name, pipeline.registration.gate
    known = registry.registered_model(client, name)
    tags = client.get_model_version(name, str(version)).tags
    # Where nothing is to be beaten, the alias follows the model, back to an earlier one too.
    free = known.tags.get(SETTLED)
    metric = metric_of(gate, pipeline.task).name
    # A verdict holds until a model came to be the champion without one.
    since = f"{gate.must_beat}, after {free}" if free else gate.must_beat
    how = f"{metric}, {since if gate.must_beat else manifest.version}"
    settled = tags.get(SETTLED) if gate.must_beat else free
    if settled == how and CHAMPION in known.aliases:
        return
    verdict = _judged(client, place, pipeline, manifest, version)
    # How it became the champion says more than that it was.
    if verdict.reason != ALREADY or tags.get(VERDICT, EXPERIMENT) == EXPERIMENT:
        client.set_model_version_tag(name, str(version), VERDICT, verdict.reason)
    value = str(manifest.measures.metrics[metric].value)
    client.set_model_version_tag(name, str(version), metric, value)
    if verdict.is_final and gate.must_beat:
        client.set_model_version_tag(name, str(version), SETTLED, how)
    elif verdict.is_final:
        client.set_registered_model_tag(name, SETTLED, how)


def _judged(
    client: MlflowClient, place: Place, pipeline: Pipeline, manifest: Manifest, version: int
) -> Verdict:
    """The verdict, and the alias moved where it says so.

    MLflow cannot move an alias only if it is still where it was; so it is read before and after,
    and whoever was overtaken judges again, against the other one. A tag tells of one that came and
    was done between the last look and the move, to which the alias is given back first.
    """
    config = pipeline.registration
    ours = read_outcomes(place.package / "model" / OUTCOMES)
    again = partial(
        measured_again,
        pipeline=place.file,
        raw=place.raw,
        verdict=place.verdict,
        fingerprint=manifest.dataset,
    )
    for pause in range(TRIES):
        before = _promoted(client, config.name)
        champion = registry.alias(client, config.name, CHAMPION)
        theirs = partial(outcomes_of, config.name, champion or 0, ours, again)
        verdict = judge(config.gate, pipeline.task, version, ours, champion, theirs)
        if not verdict.is_promoted:
            return verdict
        if registry.alias(client, config.name, CHAMPION) == champion:
            client.set_registered_model_alias(config.name, CHAMPION, str(version))
            other = _promoted(client, config.name)
            if other not in (before, "", str(version)):
                client.set_registered_model_alias(config.name, CHAMPION, other)
                continue
            client.set_registered_model_tag(config.name, PROMOTED, str(version))
            if tracking.store_file() is None:  # else nobody else is at it
                time.sleep(SETTLE_S * (1 + pause))
            if registry.alias(client, config.name, CHAMPION) == version:
                return verdict
    reason = f"others moved the alias {TRIES} times meanwhile"
    return Verdict(is_promoted=False, reason=reason, is_final=False)


def _promoted(client: MlflowClient, name: str) -> str:
    return str(registry.registered_model(client, name).tags.get(PROMOTED, ""))


def _origin(place: Place, manifest: Manifest) -> dict[str, str]:
    return {"pipeline": place.name, "dataset": manifest.dataset, "model": manifest.model}
