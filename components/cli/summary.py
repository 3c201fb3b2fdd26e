"""What a run has made, where its model stands in the registry, and what to do next."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from components.base.errors import Stop
from components.base.files import read_json
from components.cli import terminal
from components.config.pipeline import load
from components.run.manifest import FILE, Manifest
from components.tasks.measured import number


def show(names: Sequence[str], standings: Mapping[str, str] | None = None) -> None:
    """Prints metrics, compressed models, the registered version and the report of pipelines.

    Args:
        names: Of the pipelines.
        standings: What the registry says of each; left out, it is asked.

    Raises:
        Stop: A pipeline has not run to its end.
    """
    console = terminal.console()
    missing = [name for name in names if not Path("packages", name, FILE).exists()]
    for name in names:
        if name not in missing:
            _show(name, console, standings if standings is not None else _asked(name))
    if missing:
        raise Stop(
            "\n".join(f"{one} has not run to its end yet: millrace run {one}" for one in missing)
        )
    _next_commands(names[0], console)


def _show(name: str, console: Console, standings: Mapping[str, str]) -> None:
    reports = Path("reports", name)
    manifest = Manifest.model_validate(read_json(Path("packages", name, FILE)))
    metrics = load(Path("pipelines", f"{name}.yaml")).task.metrics
    console.print(Text.assemble("\n", (name, "bold"), f"  {manifest.measures.sentence(metrics)}"))
    latency_ms = manifest.latency_ms(Path("measured", name))
    if manifest.compressed:
        console.print(_models(manifest.compressed, metrics[0].title, latency_ms))
    registered = standings.get(name, "not registered yet: millrace register")
    console.print(f"registered  {registered}")
    console.print(f"report      {reports / 'report.html'}")


def _asked(name: str) -> dict[str, str]:
    """What the registry says, read from it; a file could only say what it said once."""
    from components.register.run import read

    try:
        return {name: read(Path(), name)}
    except Stop as error:
        return {name: f"not known: {error}"}


def _next_commands(name: str, console: Console) -> None:
    train = load(Path("pipelines", f"{name}.yaml")).train
    tried = f"dvc exp run -S 'pipelines/{name}.yaml:++train.batch_size=32'"
    commands = (
        "make ui         compare the runs in MLflow",
        "make airflow    run the same stages on schedule",
        *([tried] if hasattr(train, "batch_size") else ()),  # as most learners have
        f"millrace new NAME --from {name}",
    )
    console.print("\nnext        " + "\n            ".join(commands))


def _models(
    models: Sequence[Mapping[str, Any]], metric: str, latency_ms: Mapping[str, float]
) -> Table:
    table = terminal.table("model")
    for title in ("size", f"test {metric}", "latency, one thread", ""):
        table.add_column(title, justify="right" if title else "left", overflow="fold")
    for one in models:
        size, value, latency = one["size_bytes"], one["value"], latency_ms.get(one["method"])
        table.add_row(
            one["method"],
            f"{size / 1000:.1f} kB" if size else "",
            number(value) if value is not None else "",
            f"{latency:.3f} ms" if latency is not None else "",
            f"left out: it {one['refused']}" if one["refused"] else "",
        )
    return table
