"""From a name with its arguments to the object."""

from collections.abc import Iterable
from typing import Any

from components.base.errors import Location, Mistakes, Problem
from components.base.words import reason
from components.config.section import Named


def build(named: Named, **given: Any) -> Any:
    """Makes the object that a pipeline file names; `given` are the reserved arguments.

    Raises:
        TypeError, ValueError: The class refuses an argument.
    """
    return named.definition.load()(**named.arguments, **given)


def build_all(named: Iterable[Named], location: Location, **given: Any) -> list[Any]:
    """Makes the objects of a list in a pipeline file.

    Raises:
        Mistakes: A class refuses an argument; one problem for each.
    """
    built, problems = [], []
    for position, one in enumerate(named):
        try:
            built.append(build(one, **given))
        except Exception as error:  # whatever a class raises about its arguments
            problems.append(Problem((*location, position, one.name), reason(error)))
    if problems:
        raise Mistakes(problems)
    return built
