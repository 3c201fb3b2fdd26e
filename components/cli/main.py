"""The commands, and what they take. Each command's own file does it, imported when it is called."""

import signal
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer

from components.base.errors import exit_status
from components.cli import project

app = typer.Typer(
    name="millrace",
    help="From raw data to a registered model, from one YAML file.",
    epilog="Example: millrace run digits",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Name = Annotated[
    str, typer.Argument(help="a pipeline: its name or its file", autocompletion=project.completed)
]
Names = Annotated[
    list[str] | None,
    typer.Argument(help="pipelines; none for all active ones", autocompletion=project.completed),
]


class State:
    """Where the command was called, since it works in the project's folder."""

    called_from = Path()


def main(arguments: list[str] | None = None) -> None:
    """Runs one command; exit status 2 for a mistake of the caller's, 1 for a no, 75 for not now."""
    with exit_status():
        try:
            app(args=arguments, prog_name="millrace")
        except SystemExit as ended:
            if ended.code == 128 + signal.SIGINT:  # of which typer says no word
                raise KeyboardInterrupt from None
            raise


def _version(value: bool) -> None:
    if value:
        typer.echo(f"millrace {_installed()}")
        raise typer.Exit


def _installed() -> str:
    try:
        return version("millrace")
    except PackageNotFoundError:
        return "not installed: run from a checkout"


@app.callback()
def _enter(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="the version")
    ] = False,
) -> None:
    State.called_from = project.enter()
    sys.path.insert(0, str(Path.cwd()))  # a user's own layers lie in the project


@app.command(epilog="Example: millrace check digits")
def check(names: Names = None) -> None:
    """All mistakes of params.yaml and of pipeline files at once, before they cost anything."""
    from components.cli import check

    check.check(_given(names))


@app.command(epilog="Example: millrace plan digits")
def plan(names: Names = None) -> None:
    """Which stages would run, why, and how long they took the last time."""
    from components.cli import plan

    plan.show(_active(names) if names else ())


@app.command(epilog="Example: millrace run digits")
def run(
    names: Names = None,
    pull: Annotated[bool, typer.Option(help="fetch what others have run")] = False,
    force: Annotated[bool, typer.Option(help="run what did not change, too")] = False,
    profile: Annotated[bool, typer.Option(help="show where time and memory went")] = False,
) -> None:
    """Run pipelines, as `dvc repro` does, with one line for each stage."""
    from components.cli import profiling, run

    if profile:
        profiling.run(
            _active(names), [*(["--pull"] if pull else []), *(["--force"] if force else [])]
        )
    else:
        run.run(_active(names), pull, force)


@app.command(epilog="Example: millrace suggest digits --write")
def suggest(
    name: Name,
    write: Annotated[bool, typer.Option(help="write the values into the file")] = False,
) -> None:
    """Measure precision, batch size, learning rate and where to augment, and say what is best."""
    from components.cli import suggest

    suggest.suggest(project.pipeline_file(name, State.called_from), write)


@app.command(epilog="Example: millrace summary digits")
def summary(names: Names = None) -> None:
    """What the last run has made, and where its model stands in the registry now."""
    from components.cli import summary

    summary.show(_active(names))


@app.command(epilog="Example: millrace new flowers --from photos")
def new(
    name: Annotated[str, typer.Argument(help="small letters, digits, '_' and '-'")],
    origin: Annotated[
        str, typer.Option("--from", help="the pipeline to copy", autocompletion=project.completed)
    ],
    source: Annotated[
        Path | None, typer.Option(help="a folder that sources/NAME will be a link to")
    ] = None,
) -> None:
    """Make a pipeline file from one that there is, and make it active."""
    from components.cli import new

    data = State.called_from / source if source else None
    path = new.new(name, project.name(origin, State.called_from), Path(), data)
    typer.echo(f"{path} is active now; edit it, then: millrace check {name}")


@app.command(epilog="Example: millrace accept flowers")
def accept(name: Name) -> None:
    """Keep the statistics of a dataset, from which later versions are said to drift."""
    from components.cli import accept

    (active,) = _active([name])
    path = accept.accept(active, Path())
    typer.echo(f"{path}: later versions of the data are compared with this one")


@app.command("list", epilog="Example: millrace list")
def list_() -> None:
    """The pipelines that there are, and what is known of each."""
    from components.cli import listing

    listing.show()


@app.command(epilog="Example: millrace show digits")
def show(name: Name) -> None:
    """The configuration with all defaults, and where each value comes from."""
    from components.cli import show

    show.show(project.document(name, State.called_from))


@app.command(epilog="Example: millrace register digits --strict")
def register(
    names: Names = None,
    strict: Annotated[bool, typer.Option(help="status 1 where the gate says no")] = False,
) -> None:
    """Bring the registry in line with what pipelines have packaged."""
    from components.register.run import register

    for name, standing in register(Path(), _active(names) if names else (), strict):
        typer.echo(f"{name}: {standing.sentence}")


@app.command(epilog="Example: millrace doctor")
def doctor() -> None:
    """What is installed and reachable, and what killed runs have left."""
    from components.cli import doctor

    raise typer.Exit(doctor.examine())


@app.command(epilog="Example: millrace schema")
def schema() -> None:
    """Write the JSON Schema that editors complete pipeline files from."""
    from components.cli import schema

    typer.echo(schema.write(Path("docs/pipeline.schema.json")))


@app.command(epilog="Example: millrace docs")
def docs() -> None:
    """Write the reference pages."""
    from components.cli import docs

    for path in docs.write(Path("docs/reference")):
        typer.echo(path)


def _given(names: list[str] | None) -> list[Path]:
    """The files of pipelines; of all active ones, where none is named."""
    return [project.pipeline_file(one, State.called_from) for one in names or project.active()]


def _active(names: list[str] | None) -> list[str]:
    """Names of active pipelines.

    Raises:
        Invalid: One is not active, and so in no graph.
    """
    known = list(project.active())
    chosen = [project.name(one, State.called_from) for one in names or known]
    project.check_active(chosen, known)
    return chosen
