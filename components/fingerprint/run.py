"""The files that the fingerprints are kept in."""

from collections.abc import Sequence
from pathlib import Path

from components.base.errors import Invalid
from components.base.files import replacing, write_json
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
    """Writes `out/NAME/STAGE.json` for pipelines, and makes the folders that DVC looks for.

    The arguments are those of `fingerprints`.
    """
    found = fingerprints(params_path, names)
    for name in found:  # which every stage depends on, empty or not
        for place in ("sources", "accepted"):
            (params_path.parent / place / name).mkdir(parents=True, exist_ok=True)
    if names:  # the others stay as they are: a stage of theirs may be running
        for name, stages in found.items():
            _write(stages, out / name)
        return
    with replacing(out) as folder:
        for name, stages in found.items():
            _write(stages, folder / name)


def _write(stages: dict[str, Fingerprint], folder: Path) -> None:
    for stage, depends in stages.items():
        write_json(depends, folder / f"{stage}.json")
