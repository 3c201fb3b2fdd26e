"""A user's task: classes that have an order, such as grades."""

import keras
import numpy as np
from matplotlib.figure import Figure

from components.config.section import Fraction
from components.config.task import Metric, Task
from components.tasks import numbers
from components.tasks.head import Head, values
from components.tasks.measured import Measures
from components.tasks.outcomes import outcomes

OFF = Metric("classes_off", "lower", "classes off")


class Ordinal(Task):
    """How many classes an example is beyond: the network gives the probability of each.

    References:
        Cheng, Wang, Pollastri, A Neural Network Approach to Ordinal Regression (2008), section 3.
    """

    metrics = curves = (OFF,)
    targets = ("ClassLabel",)
    measuring = frozenset({"beyond"})

    beyond: Fraction = 0.5
    """From which probability on."""

    def head(self, file, train):
        ranks = np.arange(1, len(train.schema.target.names))
        return Head(
            attach=lambda given: keras.layers.Dense(len(ranks), "sigmoid", dtype="float32")(given),
            loss=keras.losses.BinaryCrossentropy(),
            metrics=[keras.metrics.MeanMetricWrapper(_off, OFF.name)],
            targets=lambda columns: (values(columns)[:, None] >= ranks).astype(np.float32),
        )

    def answers(self, predictor, split):
        return (predictor.predict(split) > self.beyond).sum(axis=1)

    def measure(self, answers, split):
        found = numbers.metric("mae", split.target[:], answers)
        return Measures(metrics={OFF.name: found}, examples=len(answers))

    def outcomes(self, answers, split, learned):
        truth, said = ([str(one) for one in ranks] for ranks in (split.target[:], answers))
        return outcomes(split, {"rank": truth}, {"rank": said})

    def value(self, metric, found):
        return numbers.metric("mae", *map(_ranks, (found.truth, found.answers)))

    def difference(self, metric, ours, theirs):
        return numbers.difference("mae", *map(_ranks, (ours.truth, ours.answers, theirs.answers)))

    def figures(self, measures, answers, split, shown):
        figure = Figure(figsize=(5, 3), layout="constrained")
        figure.subplots().hist(answers - split.target[:], bins=np.arange(-9.5, 10))
        return {"Classes off": figure}

    def summary(self, measures):
        return {}

    def tables(self, measures, answers, split):
        return {}


def _ranks(columns):
    return np.array(columns["rank"], int)


def _off(true, said):
    ranks = (keras.ops.sum(keras.ops.round(one), axis=-1) for one in (true, said))
    return keras.ops.abs(keras.ops.subtract(*ranks))
