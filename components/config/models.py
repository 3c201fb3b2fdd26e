"""The `model` section of a pipeline file: one class per family of architectures."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, field_validator, model_validator

from components.config.lookup import function_parameters, near
from components.config.section import Fraction, PositiveInt, Section, mistake

Activation = Literal["softmax", "sigmoid", "linear"]


Width = Annotated[PositiveInt, Field(le=65_536)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=32)]


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
    units: Widths = (256, 128)
    """Units of each hidden layer."""
    activation: str = "relu"
    """Keras activation of the hidden layers."""
    dropout: Fraction = 0.0
    """Share of units dropped after each hidden layer."""


class Cnn(Architecture):
    """A deep convolutional network: blocks of 3x3 convolutions, each ending in max pooling."""

    architecture: Literal["cnn"]
    filters: Widths = (32, 64, 128)
    """Filters of each block."""
    convolutions: Annotated[PositiveInt, Field(le=100)] = 2
    """Convolutions in a block, each with batch normalization and ReLU."""
    dropout: Fraction = 0.0
    """Share of features dropped before the head."""


class ResNet(Architecture):
    """A residual network of basic blocks with full pre-activation."""

    architecture: Literal["resnet"]
    blocks: Annotated[
        tuple[Annotated[PositiveInt, Field(le=200)], ...], Field(min_length=1, max_length=16)
    ] = (2, 2, 2)
    """Residual blocks in each stage; every stage after the first halves height and width."""
    filters: Width = 32
    """Filters of the first stage; every later stage doubles them."""
    stem: Literal["3x3", "7x7"] = "3x3"
    """What comes before the first stage. `3x3`: one convolution, for small images. `7x7`: one of
    stride 2, and max pooling, which leave a sixteenth of the pixels to the stages: for photos."""
    dropout: Fraction = 0.0
    """Share of features dropped before the head."""


class Custom(Architecture):
    """A function of the user's: `package.module:function`."""

    architecture: str
    arguments: dict[str, Any] = {}
    """Keyword arguments of the function, called as `function(inputs, **arguments)`."""

    @field_validator("architecture")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            function_parameters(value)
        except LookupError as error:
            raise ValueError(str(error)) from None
        return value

    @model_validator(mode="after")
    def _takes(self) -> "Custom":
        taken = function_parameters(self.architecture)
        for name in self.arguments:
            if name not in taken.names and not taken.is_open:
                hint = near(name, taken.names) or f"; it takes {', '.join(taken.names)}"
                what = f"{self.architecture} has no argument '{name}'{hint}"
                raise mistake(what, "arguments", name)
        if missing := sorted(taken.required - set(self.arguments)):
            raise mistake(f"{self.architecture} needs {' and '.join(missing)}", "arguments")
        return self


def _family(value: Any) -> str | None:
    is_read = isinstance(value, Mapping)
    name = value.get("architecture") if is_read else getattr(value, "architecture", None)
    return "custom" if isinstance(name, str) and ":" in name else name


Config = Annotated[
    Annotated[Mlp, Tag("mlp")]
    | Annotated[Cnn, Tag("cnn")]
    | Annotated[ResNet, Tag("resnet")]
    | Annotated[Custom, Tag("custom")],
    Discriminator(_family),
]
"""One of the families; `architecture` says which."""
