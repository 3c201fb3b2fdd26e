"""The `model` section of a pipeline file: one class per family of architectures."""

from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, PositiveInt, Tag, field_validator

from components.config.lookup import source_file
from components.config.section import Fraction, Section

Activation = Literal["softmax", "sigmoid", "linear"]


class Architecture(Section):
    """What every architecture has: the head."""

    architecture: str
    """A family by its name, or `package.module:function`."""
    head_activation: Activation | None = None
    """Activation of the last layer; left out, the task's own (classification: softmax)."""

    @property
    def module(self) -> str:
        """What builds it."""
        own = self.architecture.partition(":")[0]
        return own if ":" in self.architecture else f"components.models.{self.architecture}"


class Mlp(Architecture):
    """A multilayer perceptron."""

    architecture: Literal["mlp"]
    units: tuple[PositiveInt, ...] = (256, 128)
    """Units of each hidden layer."""
    activation: str = "relu"
    """Keras activation of the hidden layers."""
    dropout: Fraction = 0.0
    """Share of units dropped after each hidden layer."""


class Cnn(Architecture):
    """A deep convolutional network: blocks of 3x3 convolutions, each ending in max pooling."""

    architecture: Literal["cnn"]
    filters: tuple[PositiveInt, ...] = (32, 64, 128)
    """Filters of each block."""
    convolutions: PositiveInt = 2
    """Convolutions in a block, each with batch normalization and ReLU."""
    dropout: Fraction = 0.0
    """Share of features dropped before the head."""


class ResNet(Architecture):
    """A residual network of basic blocks with full pre-activation."""

    architecture: Literal["resnet"]
    blocks: Annotated[tuple[PositiveInt, ...], Field(min_length=1)] = (2, 2, 2)
    """Residual blocks in each stage; every stage after the first halves height and width."""
    filters: PositiveInt = 32
    """Filters of the first stage; every later stage doubles them."""
    dropout: Fraction = 0.0
    """Share of features dropped before the head."""


class Custom(Architecture):
    """A function of the user's: `package.module:function`."""

    architecture: str
    arguments: dict[str, Any] = {}
    """Keyword arguments of the function, called as `function(inputs, **arguments)`."""

    @field_validator("architecture")
    @classmethod
    def _module_exists(cls, value: str) -> str:
        if source_file(value.partition(":")[0]) is None:
            raise ValueError(f"no module '{value.partition(':')[0]}'")
        return value


def _family(value: Any) -> str | None:
    name = value.get("architecture") if isinstance(value, dict) else value.architecture
    return "custom" if isinstance(name, str) and ":" in name else name


Config = Annotated[
    Annotated[Mlp, Tag("mlp")]
    | Annotated[Cnn, Tag("cnn")]
    | Annotated[ResNet, Tag("resnet")]
    | Annotated[Custom, Tag("custom")],
    Discriminator(_family),
]
"""One of the families; `architecture` says which."""
