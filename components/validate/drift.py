"""How much the distributions of two sets of examples differ."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2_contingency

from components.validate.inspection import MEASURE, VALUE, beginning

SIGNIFICANT = 0.001  # divided by the number of distributions that are compared (Bonferroni)
BINS = 10


class Difference(BaseModel):
    """What differs in a distribution, and by how much."""

    what: str
    distance: float
    """Jensen-Shannon distance, base 2: 0 for equal distributions, 1 for disjoint ones."""
    p_value: float
    """Of Pearson's chi-squared test of homogeneity."""

    @property
    def sentence(self) -> str:
        """In words."""
        return (
            f"{self.what}: Jensen-Shannon distance {self.distance:.3f}, "
            f"chi-squared test p = {self.p_value:.2g}"
        )


class Statistics(BaseModel):
    """Distributions of a train split that later versions are compared with."""

    categories: dict[str, dict[str, int]]
    """For each column whose values have names the examples of each."""
    edges: dict[str, list[float]]
    """For each measure the lower edges of its bins but the first, the deciles of the split."""
    counts: dict[str, list[int]]
    """For each measure the examples in each bin."""


def statistics(table: pd.DataFrame) -> Statistics:
    """The distributions of a split.

    Args:
        table: What `inspect` found of the split, without unusable examples.
    """
    measures = beginning(table, MEASURE)
    edges = {name: _edges(table[name].dropna().to_numpy(float)) for name in measures}
    return Statistics(
        categories=_categories(table),
        edges={name: one.tolist() for name, one in edges.items()},
        counts={name: _histogram(table[name], one).tolist() for name, one in edges.items()},
    )


def differences(
    reference: Statistics, table: pd.DataFrame, titles: Mapping[str, str]
) -> list[Difference]:
    """How a split differs from a reference, the largest distance first.

    Args:
        reference: What it is compared with.
        table: What `inspect` found of the split, without unusable examples.
        titles: Of its measures, in words.
    """
    now = _categories(table)
    pairs = {
        column: _counts(reference.categories[column], now[column])
        for column in reference.categories.keys() & now.keys()
    }
    for name in reference.edges.keys() & table.columns:
        edges = np.array(reference.edges[name])
        pairs[name] = (np.array(reference.counts[name]), _histogram(table[name], edges))
    said = [titles.get(name, name.removeprefix(VALUE)) for name in pairs]
    found = [_difference(what, *both) for what, both in zip(said, pairs.values(), strict=True)]
    return sorted(found, key=lambda one: (-one.distance, one.what))


def significant(found: Sequence[Difference], max_distance: float) -> list[Difference]:
    """Those of the differences that are large, and larger than chance makes one of so many."""
    level = SIGNIFICANT / max(len(found), 1)
    return [one for one in found if one.distance > max_distance and one.p_value < level]


def _difference(what: str, before: NDArray[np.int64], now: NDArray[np.int64]) -> Difference:
    used = before + now > 0
    if not before.sum() or not now.sum() or used.sum() < 2:
        return Difference(what=what, distance=0.0, p_value=1.0)
    counts = np.stack([before[used], now[used]])
    distance = float(np.nan_to_num(jensenshannon(*counts, base=2)))
    p_value = float(chi2_contingency(counts).pvalue)
    return Difference(what=what, distance=distance, p_value=p_value)


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The deciles; a value that is several of them has a bin of its own."""
    if not len(values):
        return values
    deciles = np.quantile(values, np.arange(1, BINS) / BINS)
    repeated = deciles[1:][deciles[1:] == deciles[:-1]]
    return np.unique([*deciles, *np.nextafter(repeated, np.inf)])


def _histogram(values: pd.Series, edges: NDArray[np.float64]) -> NDArray[np.int64]:
    places = np.searchsorted(edges, values.dropna().to_numpy(float), side="right")
    return np.bincount(places, minlength=len(edges) + 1)


def _categories(table: pd.DataFrame) -> dict[str, dict[str, int]]:
    found = {}
    for name in beginning(table, VALUE):
        counts = table[name].value_counts().sort_index()
        found[name] = {str(value): int(count) for value, count in counts.items()}
    return found


def _counts(
    before: Mapping[str, int], now: Mapping[str, int]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Examples of each value that either has."""
    names = sorted({*before, *now})
    first, second = (np.array([one.get(name, 0) for name in names]) for one in (before, now))
    return first, second
