"""A project whose dvc.yaml files a test writes, and what DVC itself says of them."""

from contextlib import chdir, suppress
from pathlib import Path

from dvc.repo import Repo
from project import Project

from dags.graph import read


def small(root: Path, **files: str) -> Project:
    """A project with dvc.yaml files beside its own, by folder, all of them committed."""
    project = Project(root)
    for name, text in files.items():
        lay(project, name, text)
    project.commit("more")
    return project


def lay(project: Project, folder: str, text: str) -> None:
    """Writes the dvc.yaml of a folder."""
    (project.root / folder).mkdir(parents=True, exist_ok=True)
    (project.root / folder / "dvc.yaml").write_text(text)


def by_name(project: Project) -> dict:
    """The lines of what is in the index of git, by name."""
    project.run("git", "add", "-A")
    return {line.name: line for line in read(project.root)}


def by_dvc(root: Path) -> tuple[set, set]:
    """Stages by address and edges, upstream first, as DVC sees them."""
    with chdir(root), Repo(str(root)) as repo:  # DVC's addresses are relative to where one is
        graph = repo.index.graph
        edges = {(after.addressing, before.addressing) for before, after in graph.edges}
        return {stage.addressing for stage in graph.nodes}, edges


def by_us(project: Project) -> tuple[set, set]:
    """The same from the lines."""
    found = by_name(project).values()
    addresses = {line.name: {one.task: one.address for one in line.stages} for line in found}
    edges = {
        (addresses[line.name][before], addresses[line.name][after])
        for line in found
        for before, after in line.edges
    }
    return {one.address for line in found for one in line.stages}, edges


def refused(root: Path) -> str:
    """What DVC says where it reads nothing at all; empty where it reads everything."""
    with chdir(root), Repo(str(root)) as repo, suppress(KeyError):
        try:
            _ = repo.index.graph
        except Exception as error:
            return str(error) or type(error).__name__
    return ""
