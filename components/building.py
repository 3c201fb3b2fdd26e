"""From a name with its arguments to the object."""

import re
from collections.abc import Iterable
from typing import Any

from components.config.section import Named
from components.errors import Location, Mistakes, Problem

OUTER = "Exception encountered when calling"
TENSORFLOWS = re.compile(r"\{\{.*?\}\} | \[Op:.*")
"""What TensorFlow says around a reason: the names of its own nodes and devices."""


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


def reason(error: BaseException) -> str:
    """What an exception says, in one line; with Keras, what it hides behind its first one."""
    lines = [line.strip() for line in str(error).strip().splitlines()]
    lines = [line for line in lines if line and not line.startswith("Arguments received by")]
    # "Exception encountered when calling Reshape.call().\n\n<the reason>\n\nArguments received...",
    # "Could not automatically infer the output shape [...] Error encountered:\n\n<the reason>"
    while len(lines) > 1 and (lines[0].startswith(OUTER) or lines[0].endswith("encountered:")):
        lines = lines[1:]
    text = lines[0] if lines else type(error).__name__
    text = TENSORFLOWS.sub("", text.removeprefix("\x1b[1m").removesuffix("\x1b[0m"))
    is_bare = isinstance(error, AttributeError | LookupError)  # "'colour'" alone says nothing
    return f"{type(error).__name__}: {text}" if is_bare and lines else text
