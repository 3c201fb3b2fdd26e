"""The files that the fingerprints are kept in."""

from collections.abc import Sequence
from pathlib import Path

from components.base.errors import Invalid
from components.base.files import as_json, replacing, write_json
from components.config.document import Document
from components.config.params import Params
from components.config.pipeline import parse
from components.fingerprint.stage import Fingerprint, fingerprint

Fingerprints = dict[str, dict[str, Fingerprint]]
"""By pipeline and stage, what it depends on."""


def fingerprints(params_path: Path, names: Sequence[str] = ()) -> Fingerprints:
    """Checks params.yaml and pipeline files, and says what their stages depend on.

    Args:
        params_path: params.yaml.
        names: Of the pipelines; none for all active ones.

    Raises:
        Invalid: params.yaml or a pipeline file has mistakes; all of them at once.
    """
    params = Params.load(params_path)
    found, mistakes = {}, []
    for name in names or params.pipelines:
        try:
            document = Document(params_path.parent / "pipelines" / f"{name}.yaml")
            found[name] = fingerprint(parse(document), document.data, params.backend)
        except Invalid as error:
            mistakes.append(str(error))
    if mistakes:
        raise Invalid("\n".join(mistakes))
    return found


def write(params_path: Path, out: Path, names: Sequence[str] = ()) -> None:
    """Writes `out/NAME/STAGE.json` for pipelines; those that are not there any more go.

    The arguments are those of `fingerprints`.
    """
    found = fingerprints(params_path, names)
    if names:
        keep(found, out, params_path.parent)
    else:
        with replacing(out) as folder:
            keep(found, folder, params_path.parent)


def keep(found: Fingerprints, out: Path, root: Path = Path()) -> None:
    """Writes those that differ, and makes the folders that DVC looks for in the project.

    The others stay as they are: a stage may be reading them.
    """
    for name, stages in found.items():
        for place in ("sources", "accepted"):  # which every stage depends on, empty or not
            (root / place / name).mkdir(parents=True, exist_ok=True)
        for stage, depends in stages.items():
            if not _is(out / name / f"{stage}.json", depends):
                write_json(depends, out / name / f"{stage}.json")


def differing(found: Fingerprints, out: Path) -> list[str]:
    """The pipelines whose stages depend on something else than before."""
    return [
        name
        for name, stages in found.items()
        if not all(_is(out / name / f"{stage}.json", one) for stage, one in stages.items())
    ]


def _is(path: Path, depends: Fingerprint) -> bool:
    try:
        return path.read_text(encoding="utf-8") == as_json(depends)
    except FileNotFoundError:
        return False
