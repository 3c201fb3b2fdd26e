"""Words of a text."""

import re

WORD = re.compile(r"\w+(?:['\u2019]\w+)*|[^\w\s\0]")
"""Letters and digits, apostrophes within; each other sign by itself."""


def tokenize(text: str, lower: bool) -> list[str]:
    """The words of a text, in their order."""
    return WORD.findall(text.lower() if lower else text)
