"""What goes together and what does not, whatever the task. Loads no framework."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from components.base.errors import Location, Problem
from components.config.compress import Method
from components.config.extension import home
from components.config.lookup import near
from components.config.task import Config, Metric, unknown_monitor

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts
    from components.data.features.feature import Feature


def problems(file: "Pipeline") -> Iterator[Problem]:
    """Every disagreement between sections."""
    yield from _backfill(file)
    yield from _targets(file)
    yield from given(file)
    yield from _monitors(file)
    yield from _methods(file)
    yield from _gate(file)


def _backfill(file: "Pipeline") -> Iterator[Problem]:
    if file.airflow.catchup and not file.ingest.dated:
        what = f"the source {file.ingest.source} cannot be backfilled: it gives what is there today"
        yield Problem(("airflow", "catchup"), f"{what}, whatever the date of a run")


def _targets(file: "Pipeline") -> Iterator[Problem]:
    """Columns that the task cannot learn."""
    kinds, learned, wanted = file.ingest.kinds, file.ingest.learned, file.task.targets
    key = "targets" if "targets" in type(file.ingest).model_fields else "source"
    name = task_name(file)
    if len(learned) != len(wanted):
        there = f"{len(learned)} ({', '.join(learned)})" if learned else "none"
        what = f"{name} learns {_count(wanted)}; the source has {there}"
        what += "; its property `learned` names them" if ":" in file.ingest.source else ""
        yield Problem(("ingest", key), what)
        return
    for column, kind in zip(learned, wanted, strict=True):
        if column in kinds and kinds[column].name != kind:
            what = f"{name} learns a {kind}; column '{column}' is a {kinds[column].name}"
            yield Problem(("ingest", key), what)
        elif column in kinds and kinds[column].arguments.get("missing"):
            where = ("ingest", "columns", column, kind, "missing")
            yield Problem(where, "what is to be learned must be there; drop such rows")


def _count(wanted: tuple[str, ...]) -> str:
    return f"{len(wanted)} target, a {wanted[0]}" if len(wanted) == 1 else f"{len(wanted)} targets"


def task_name(file: "Pipeline") -> str:
    """The name of the task in the file."""
    return home(Config).name(file.task)


def given(file: "Pipeline") -> Iterator[Problem]:
    """A backbone that gives something else than the task takes."""
    gives, takes = file.model.gives, file.task.takes
    if gives is not None and gives != takes:
        what = f"{file.model.architecture} gives a {gives}; {task_name(file)} needs a {takes}"
        yield Problem(("model", "architecture"), what)


def _monitors(file: "Pipeline") -> Iterator[Problem]:
    if file.tune.is_declared and file.tune.monitor not in file.task.monitors:
        yield unknown_monitor(("tune", "monitor"), file.tune.monitor, file.task.monitors)


def _methods(file: "Pipeline") -> Iterator[Problem]:
    """Methods that cannot make a model of this learner smaller, or that stand there twice."""
    seen: set[str] = set()
    for position, method in enumerate(file.compress.methods):
        name, where = home(Method).name(method), ("compress", "methods", position)
        if file.train.gives not in method.takes:
            kinds = " and ".join(sorted(method.takes))
            what = f"{name} is for {kinds} models; this one is of {file.train.gives}"
            yield Problem(where, what)
        elif name == file.train.exported:
            yield Problem(where, f"{name} is made anyway, for the others to be compared with")
        elif name in seen:
            yield Problem(where, f"{name} stands in it twice")
        seen.add(name)


def _gate(file: "Pipeline") -> Iterator[Problem]:
    """A metric that the task does not have, or a limit on its wrong side or beyond its end."""
    gate, known = file.registration.gate, [one.name for one in file.task.metrics]
    where: Location = ("register", "gate")
    if gate.metric is not None and gate.metric not in known:
        hint = near(gate.metric, known) or f"; there are {', '.join(known)}"
        yield Problem((*where, "metric"), f"no metric '{gate.metric}'{hint}")
        return
    metric = file.task.metric(gate.metric or known[0])
    wrong, right = ("max", "min") if metric.better == "higher" else ("min", "max")
    if getattr(gate, wrong) is not None:
        what = f"{metric.name} is better the {metric.better}; the limit is '{right}'"
        yield Problem((*where, wrong), what)
    yield from _beyond((*where, right), getattr(gate, right), metric)
    drop: Location = ("compress", "gate", "max_drop")
    yield from _beyond(drop, file.compress.gate.max_drop, file.task.metrics[0])


def _beyond(where: Location, limit: float | None, metric: Metric) -> Iterator[Problem]:
    """A limit that no value can reach, such as an accuracy in percent."""
    if limit is not None and metric.highest is not None and limit > metric.highest:
        what = f"must be less than or equal to {metric.highest:g}, is {limit:g}"
        yield Problem(where, what)


def _inputs(file: "Pipeline", kinds: "Mapping[str, Feature]") -> Iterator[Problem]:
    """Columns that are no numbers, or several that nothing makes one of."""
    for name, kind in kinds.items():
        if not kind.is_array:
            what = f"it is a {type(kind).__name__}; this model computes with numbers"
            yield Problem(("ingest", "columns", name), what)
    first = file.preprocess[0] if file.preprocess else None
    texts = [name for name, kind in kinds.items() if kind.categories]
    if first is not None and first.name == "FeatureSpace":
        yield from _features(first.arguments.get("features"), kinds)
    elif first is not None and ":" in first.name:
        return  # a layer of one's own may take whatever there is
    elif len(kinds) > 1:
        what = f"there are {len(kinds)} columns; the first layer must be a FeatureSpace"
        yield Problem(("preprocess",), f"{what}, which makes one vector of them")
    elif texts:
        what = f"column '{texts[0]}' has categories; the first layer must be a FeatureSpace"
        yield Problem(("preprocess",), f"{what}, which encodes them")


def _features(features: object, kinds: "Mapping[str, Feature]") -> Iterator[Problem]:
    """What a FeatureSpace is told of the columns, beside what they are."""
    where = ("preprocess", 0, "FeatureSpace", "features")
    named = features if isinstance(features, Mapping) else {}
    for name in kinds.keys() - named.keys():
        yield Problem(where, f"column '{name}' is not in it")
    for name, encoding in named.items():
        if name not in kinds:
            hint = near(str(name), kinds) or f"; there are {', '.join(kinds)}"
            yield Problem((*where, str(name)), f"no column '{name}' to learn from{hint}")
            continue
        is_text = bool(kinds[name].categories)
        if is_text != (encoding == "categorical"):
            what = "holds categories: it is categorical" if is_text else "holds numbers"
            yield Problem((*where, str(name)), f"column '{name}' {what}")


def fact_problems(file: "Pipeline", facts: "Facts") -> list[Problem]:
    """Every disagreement between the file and the data, found before anything is spent."""
    found = [*file.train.data_problems(file, facts)]
    schema = facts.schema
    kinds = [schema.columns[name] for name in schema.inputs]
    if any(kind.is_ragged for kind in kinds) and not (
        file.preprocess and file.preprocess[0].name == "Resizing"
    ):
        message = "the images have several sizes; the first layer must be a Resizing"
        found.append(Problem(("preprocess",), message))
    if file.model.takes_images and any(len(kind.shape) != 3 for kind in kinds):
        shape = "x".join(map(str, kinds[0].shape))
        there = f"vectors of {shape} features" if shape else "rows of a table"
        what = f"{file.model.architecture} needs images; the examples are {there}"
        found.append(Problem(("model", "architecture"), what))
    found += file.task.data_problems(file, facts)
    empty = [name for name, count in facts.counts.items() if not count]
    if empty and "train" in facts.counts:
        message = f"the {' and the '.join(empty)} split would have no example"
        message += f"; there are {sum(facts.counts.values()):,} in all"
        found.append(Problem(("ingest", "split"), message))
    few, least = facts.counts.get("test", 0), file.task.least
    if 0 < few < least:
        message = f"the test split would have {few} example; {task_name(file)} needs {least}"
        found.append(Problem(("ingest", "split"), f"{message}, or its metrics have no interval"))
    return found


def raw_problems(file: "Pipeline", facts: "Facts") -> list[Problem]:
    """The same of the data as the source has it, before any layer."""
    schema, found = facts.schema, fact_problems(file, facts)
    if file.train.takes_arrays:
        found += _inputs(file, {name: schema.columns[name] for name in schema.inputs})
    return found
