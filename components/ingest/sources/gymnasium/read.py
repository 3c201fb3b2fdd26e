"""Lists the seeds of an environment."""

from pathlib import Path

import gymnasium
import numpy as np

from components.base.errors import Mistakes, Problem
from components.config.lookup import near
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
        what = f"no environment '{config.id}'{near(config.id, gymnasium.registry)}"
        raise Mistakes([Problem(("ingest", "id"), what)])
    counts = config.seeds.model_dump()
    given = np.repeat(list(counts), list(counts.values()))
    values = np.arange(len(given), dtype=np.int64)
    return Listing(Schema({"seed": Seed(config.id)}), {"seed": values}, given=given)
