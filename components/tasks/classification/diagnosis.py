"""Learning curves, read in words."""

from collections.abc import Mapping, Sequence

GAP = 0.02  # accuracy by which train may lead validation before it is called overfitting
LOW = 0.9  # train accuracy under which the model has not learned its own training examples
LATE = 0.9  # share of the epochs after which a best epoch means that training ended early


def diagnose(history: Mapping[str, Sequence[float]], best: int, epochs: int) -> str:
    """What the curves say, and what to try.

    Args:
        history: `accuracy` and `val_accuracy`, a value an epoch.
        best: Position of the epoch that is kept.
        epochs: Epochs that were allowed.

    References:
        Goodfellow, Bengio, Courville, Deep Learning (2016), section 11.3.
    """
    train, validation = history["accuracy"][best], history["val_accuracy"][best]
    read = f"epoch {best + 1} of {len(history['accuracy'])} is kept"
    if train < LOW and train - validation <= GAP:
        return f"{read}; underfitting: train accuracy is {train:.3f}; a larger model or more epochs"
    if train - validation > GAP:
        return (
            f"{read}; overfitting: train accuracy leads validation by {train - validation:.3f}; "
            "more data, more augmentation or a smaller model"
        )
    if best + 1 >= LATE * epochs:
        return f"{read}; still improving at the end; more epochs"
    return f"{read}; accuracy is {train:.3f} in training, {validation:.3f} in validation"
