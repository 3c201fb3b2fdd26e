"""The loss of Q-learning, as a Keras model: Keras compiles its step on every backend."""

from copy import deepcopy
from typing import Any

import keras
from keras import ops


class Learner(keras.Model):
    """Fits a network to the targets that a copy of it from before gives.

        target = scale * reward + discount * (1 - terminated) * max over a of Q'(next, a)

    Q' is the copy; double Q-learning takes from it the value of the action that the network itself
    would choose. `fit` takes transitions, see `replay.Transitions`, and `compile` the loss.

    Args:
        network: From observations `(n, features)` to values `(n, actions)`.
        discount: Of the next reward beside this one.
        double: Whether the network chooses the next action.
        reward_scale: Of the rewards; all values are as much larger or smaller.

    References:
        Mnih et al., Human-level control through deep reinforcement learning (2015), algorithm 1;
        van Hasselt, Guez, Silver, Deep Reinforcement Learning with Double Q-learning (2016),
        equation 4.
    """

    def __init__(
        self, network: keras.Model, discount: float, double: bool, reward_scale: float = 1.0
    ) -> None:
        super().__init__()
        self.network, self.discount, self.double = network, discount, double
        self.reward_scale = reward_scale
        # `clone_model` would leave out what a Normalization was adapted to.
        self.target = deepcopy(network)
        self.target.trainable = False

    def copy(self) -> None:
        """Makes the target network what the network is now."""
        self.target.set_weights(self.network.get_weights())

    def call(self, transitions: dict[str, Any], training: bool = False) -> Any:
        """Values of the actions that were taken, `(n, 1)`."""
        values = self.network(transitions["observation"], training=training)
        return _of(values, transitions["action"])

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The compiled loss between these values and their targets; `y` is not needed."""
        return super().compute_loss(x, self.targets(x), y_pred, sample_weight, training)

    def targets(self, transitions: dict[str, Any]) -> Any:
        """What the values of the actions that were taken should be, `(n, 1)`."""
        following = transitions["next_observation"]
        values = self.target(following, training=False)
        chooser = self.network(following, training=False) if self.double else values
        best = _of(values, ops.argmax(chooser, axis=-1))
        reward, terminated = (transitions[name][:, None] for name in ("reward", "terminated"))
        following_value = self.discount * (1 - terminated) * best
        return ops.stop_gradient(self.reward_scale * reward + following_value)


def _of(values: Any, actions: Any) -> Any:
    # A sum of products: the gradient of a gather adds in no fixed order on a GPU.
    chosen = ops.one_hot(actions, values.shape[-1], dtype=values.dtype)
    return ops.sum(values * chosen, axis=-1, keepdims=True)
