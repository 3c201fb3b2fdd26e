"""Lists the seeds of an environment."""

from difflib import get_close_matches
from pathlib import Path

import gymnasium
import numpy as np

from components.base.errors import Mistakes, Problem
from components.data.features.seed import Seed
from components.data.listing import Listing
from components.data.schema import Schema
from components.ingest.sources.gymnasium import Gymnasium


def listing(config: Gymnasium, folder: Path) -> Listing:
    """Lists whole numbers from 0, those of train first.

    Raises:
        Mistakes: There is no such environment.
    """
    if config.id not in gymnasium.registry:
        names = {name.lower(): name for name in gymnasium.registry}
        close = get_close_matches(config.id.lower(), names, n=1)
        hint = f"; did you mean '{names[close[0]]}'?" if close else ""
        raise Mistakes([Problem(("ingest", "id"), f"no environment '{config.id}'{hint}")])
    counts = config.seeds.model_dump()
    given = np.repeat(list(counts), list(counts.values()))
    values = np.arange(len(given), dtype=np.int64)
    return Listing(Schema({"seed": Seed(config.id)}), {"seed": values}, given=given)
