"""Learning curves, read in words."""

from collections.abc import Mapping, Sequence

from components.config.task import Metric

GAP = 0.02  # of a share, by which train may lead validation before it is called overfitting
LOW = 0.9  # of a share in training, under which the model has not learned its own examples
LATE = 0.9  # share of the epochs after which a best epoch means that training ended early


def diagnose(
    history: Mapping[str, Sequence[float]], best: int, epochs: int, curves: Sequence[Metric]
) -> str:
    """What the curves say, and what to try.

    Args:
        history: A value an epoch, `val_` before the names of those of the validation split.
        best: Position of the epoch that is kept.
        epochs: Epochs that were allowed.
        curves: Of the task; one that is a share, 1 at best, tells more than the loss.

    References:
        Goodfellow, Bengio, Courville, Deep Learning (2016), section 11.3.
    """
    read = f"epoch {best + 1} of {max(map(len, history.values()))} is kept"
    shares = [one for one in curves if one.highest == 1 and f"val_{one.name}" in history]
    late = f"{read}; still improving at the end; more epochs" if best + 1 >= LATE * epochs else None
    if not shares:
        return late or read
    name, title = shares[0].name, shares[0].title
    train, validation = history[name][best], history[f"val_{name}"][best]
    if train < LOW and train - validation <= GAP:
        return f"{read}; underfitting: train {title} is {train:.3f}; a larger model or more epochs"
    if train - validation > GAP:
        return (
            f"{read}; overfitting: train {title} leads validation by {train - validation:.3f}; "
            "more data, more augmentation or a smaller model"
        )
    return late or f"{read}; {title} is {train:.3f} in training, {validation:.3f} in validation"
