"""Classification: one label out of several for every example."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from components.base.errors import Problem
from components.base.words import yaml_of
from components.config.section import PositiveInt
from components.config.task import Metric, Task

if TYPE_CHECKING:
    from components.config.pipeline import Pipeline
    from components.data.dataset import Facts
    from components.data.schema import Schema

Flips = Literal["none", "horizontal", "vertical", "horizontal_and_vertical"]
MODES = tuple(one for one in get_args(Flips) if one != "none")

# Which head a Keras loss reads as probabilities; with from_logits=True, all read "linear".
HEADS = {
    "SparseCategoricalCrossentropy": "softmax",
    "CategoricalCrossentropy": "softmax",
    "CategoricalFocalCrossentropy": "softmax",
    "CategoricalGeneralizedCrossEntropy": "softmax",
    "KLDivergence": "softmax",
    "BinaryCrossentropy": "sigmoid",
    "BinaryFocalCrossentropy": "sigmoid",
    "Hinge": "linear",
    "SquaredHinge": "linear",
    "CategoricalHinge": "linear",
}
SPARSE = ("SparseCategoricalCrossentropy", "CategoricalGeneralizedCrossEntropy")
"""Losses that take labels; the others take them one-hot."""
WEAKEST = 3  # classes that a model card names
UNFIT = {"CTC": "aligns sequences", "Circle": "compares embeddings"}


class Classification(Task):
    """One label out of several for every example."""

    metrics = (
        Metric("accuracy", "higher", "accuracy", highest=1),
        Metric("macro_f1", "higher", "macro F1", highest=1),
    )
    curves = (Metric("accuracy", "higher", "accuracy", highest=1),)
    targets = ("ClassLabel",)
    learning = frozenset({"head_activation"})
    measuring = frozenset({"calibration_bins"})
    checking = frozenset({"label_preserving_flips"})

    label_preserving_flips: Flips = "horizontal_and_vertical"
    """Flips that leave the label right (`keras.layers.RandomFlip` modes); `none` where left and
    right, and up and down, matter, as in writing."""
    head_activation: Literal["softmax", "sigmoid", "linear"] = "softmax"
    """Activation of the last layer; `linear` for a loss with `from_logits: true`, or a hinge."""
    calibration_bins: PositiveInt = 10
    """Bins of the reliability diagram and of the expected calibration error."""

    def remarks(self, measures: Any) -> str:
        """The classes that it knows least."""
        weakest = sorted(measures.details["per_class"], key=lambda one: one["f1"])[:WEAKEST]
        classes = ", ".join(f"{one['name']} ({one['f1']:.3f})" for one in weakest)
        return f"Weakest classes by F1: {classes}."

    def problems(self, file: "Pipeline") -> Iterator[Problem]:
        """Flips that change the label, and a loss that does not go with the head."""
        yield from self._flips(file)
        yield from self._loss(file)

    def data_problems(self, file: "Pipeline", facts: "Facts") -> Iterator[Problem]:
        """Too few classes, or too few examples to deal out."""
        classes, total = len(facts.schema.target.names), sum(facts.counts.values())
        split = file.ingest.split
        for name in (
            ("validation", "test") if split.by == "class" and "train" in facts.counts else ()
        ):
            if (share := split.shares[name]) * total < classes:
                what = (
                    f"{share:g} of {total} examples is less than one for each of {classes} classes"
                )
                yield Problem(("ingest", "split", name), what)
        if classes < 2:
            yield Problem(("ingest", "source"), "the data has fewer than two classes")

    def classes(self, schema: "Schema") -> Sequence[str]:
        """The labels."""
        return schema.target.names

    def _flips(self, file: "Pipeline") -> Iterator[Problem]:
        allowed = self.label_preserving_flips
        for position, layer in enumerate(file.augment.layers):
            if layer.name != "RandomFlip":
                continue
            where = ("augment", "layers", position, "RandomFlip", "mode")
            mode = layer.arguments.get("mode", "horizontal_and_vertical")
            if mode not in MODES:
                yield Problem(where, f"must be one of {', '.join(MODES)}, is {yaml_of(mode)}")
            elif allowed not in (mode, "horizontal_and_vertical"):
                yield Problem(
                    where,
                    f"a {mode.replace('_', ' ')} flip changes the label: "
                    f"task.classification.label_preserving_flips is {allowed}",
                )

    def _loss(self, file: "Pipeline") -> Iterator[Problem]:
        named = getattr(file.train, "loss", None)
        name = named.name if named else "SparseCategoricalCrossentropy"
        if reason := UNFIT.get(name):
            what = f"{name} {reason}; it is no loss of a classification"
            yield Problem(("train", "loss"), what)
        from_logits = bool(named and named.arguments.get("from_logits"))
        wanted = "linear" if from_logits else HEADS.get(name)
        if wanted and self.head_activation != wanted:
            yield Problem(
                ("train", "loss"),
                f"{name}{' with from_logits' if from_logits else ''} needs a {wanted} head; "
                f"task.classification.head_activation is {self.head_activation}",
            )
