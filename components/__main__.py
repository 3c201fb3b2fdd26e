"""Millrace's own commands; the stages themselves are run by `dvc repro`.

python -m components check pipelines/digits.yaml
python -m components plan digits
python -m components new letters --from digits
python -m components accept digits
python -m components schema
python -m components docs
python -m components summary
"""

import argparse
import sys
from pathlib import Path

from rich.console import Console
from rich.table import Table

from components import docs, pipeline, schema
from components.accept import accept
from components.command import exit_status
from components.document import Document
from components.files import write_text
from components.new import new

ROOT = Path()


def main(arguments: list[str] | None = None) -> None:
    """Runs one command; exit status 2 for a mistake of the caller's, 1 where a source says no."""
    args = _parser().parse_args(arguments)
    with exit_status():
        args.run(args)


def _check(args: argparse.Namespace) -> None:
    document = Document(args.pipeline)
    checked = pipeline.parse(document)
    # Only now: with a mistake that the YAML shows, nobody waits for a framework to load.
    from components.check import check

    seed = Document(ROOT / "params.yaml").data["seed"]
    check(document, checked, ROOT / "sources" / args.pipeline.stem, seed)
    sys.stdout.write(f"{args.pipeline}: no mistakes\n")


def _schema(args: argparse.Namespace) -> None:
    path = ROOT / "pipelines" / "pipeline.schema.json"
    write_text(schema.text(), path)
    sys.stdout.write(f"{path}\n")


def _docs(args: argparse.Namespace) -> None:
    for path in docs.write(ROOT / "docs" / "reference"):
        sys.stdout.write(f"{path}\n")


def _plan(args: argparse.Namespace) -> None:
    from components.plan import plan

    table = Table("stage", "", "last took", "why", box=None)
    for step in plan(ROOT, args.name):
        took = f"{step.seconds:.1f} s" if step.seconds is not None else ""
        table.add_row(step.stage, step.action, took, "\n".join(step.reasons))
    Console(highlight=False).print(table)


def _new(args: argparse.Namespace) -> None:
    path = new(args.name, args.origin, ROOT)
    sys.stdout.write(f"{path} is active now; edit it, then: python -m components check {path}\n")


def _accept(args: argparse.Namespace) -> None:
    path = accept(args.name, ROOT)
    sys.stdout.write(f"{path}: later versions of the data are compared with this one\n")


def _summary(args: argparse.Namespace) -> None:
    from components import summary

    console = Console(highlight=False)
    names = Document(ROOT / "params.yaml").data["pipelines"]
    for name in names:
        summary.show(name, ROOT, console)
    summary.next_commands(names[0], console)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m components",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    commands = parser.add_subparsers(required=True, metavar="command")
    check = commands.add_parser("check", help="all mistakes of a pipeline file at once")
    check.add_argument("pipeline", type=Path)
    check.set_defaults(run=_check)
    plan = commands.add_parser("plan", help="which stages would run, and why")
    plan.add_argument("name", nargs="?", help="one pipeline; left out, all")
    plan.set_defaults(run=_plan)
    copy = commands.add_parser("new", help="a new pipeline file from one that there is")
    copy.add_argument("name")
    copy.add_argument("--from", dest="origin", required=True)
    copy.set_defaults(run=_new)
    accepted = commands.add_parser("accept", help="the data as it is becomes what drift is from")
    accepted.add_argument("name")
    accepted.set_defaults(run=_accept)
    commands.add_parser("schema", help="write the JSON Schema for editors").set_defaults(
        run=_schema
    )
    commands.add_parser("docs", help="write the reference pages").set_defaults(run=_docs)
    commands.add_parser("summary", help="what the last run has made").set_defaults(run=_summary)
    return parser


if __name__ == "__main__":
    main()
