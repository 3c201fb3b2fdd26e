"""What a run has made, and what to do next."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from components.errors import Stop
from components.files import read_json


def show(name: str, root: Path, console: Console) -> None:
    """Prints metrics, compressed models, the registered version and the report of a pipeline."""
    reports = root / "reports" / name
    if not (root / "data" / name / "registered.json").exists():
        raise Stop(f"{name} has not run to its end yet: dvc repro")
    measured = read_json(reports / "evaluate.json")
    interval = f"{measured['accuracy_low']:.4f} to {measured['accuracy_high']:.4f}"
    console.print(
        f"\n[bold]{name}[/bold]  test accuracy {measured['accuracy']:.4f} "
        f"(95 % interval {interval}, {measured['examples']} examples), "
        f"macro F1 {measured['macro_f1']:.4f}"
    )
    console.print(_models(read_json(root / "data" / name / "compressed" / "models.json")))
    registered = read_json(root / "data" / name / "registered.json")
    state = "champion" if registered["is_champion"] else "not the champion"
    console.print(
        f"registered  models:/{registered['name']}/{registered['version']} ({state}: "
        f"{registered['reason']})",
        soft_wrap=True,
    )
    console.print(f"report      {reports / 'report.html'}", soft_wrap=True)


def next_commands(name: str, console: Console) -> None:
    """Prints what to do next."""
    console.print(
        "\nnext        make ui         compare the runs in MLflow\n"
        "            make airflow    run the same stages on schedule\n"
        f"            dvc exp run -S 'pipelines/{name}.yaml:train.batch_size=32'\n"
        f"            python -m components new NAME --from {name}",
        highlight=False,
    )


def _models(models: list[dict[str, Any]]) -> Table:
    table = Table("model", box=None)
    for title in ("size", "test accuracy", "latency, one thread"):
        table.add_column(title, justify="right")
    for one in models:
        table.add_row(
            one["method"],
            f"{one['size_bytes'] / 1000:.1f} kB",
            f"{one['accuracy']:.4f}",
            f"{one['latency_ms']:.3f} ms",
        )
    return table
