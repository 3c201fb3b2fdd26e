"""The `model` section of a pipeline file, and what every architecture has."""

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator, model_validator

from components.config.extension import Extension, Home
from components.config.lookup import function_parameters, near
from components.config.section import PositiveInt, mistake
from components.config.task import Given

if TYPE_CHECKING:
    from keras import KerasTensor

Width = Annotated[PositiveInt, Field(le=65_536)]
Widths = Annotated[tuple[Width, ...], Field(min_length=1, max_length=32)]


class Architecture(Extension):
    """What every architecture has; what builds it is `network` beside its section."""

    parts = {"network": ("build",)}
    gives: ClassVar[Given | None] = "vector"
    """What it makes of an example; None where only building it shows that."""
    takes_images: ClassVar[bool] = False
    """Whether an example must be `(height, width, channels)`."""
    learner: ClassVar[str] = "supervised"
    """What fits it, unless the file says otherwise."""

    architecture: str
    """A family by its name, or `package.module:function`."""

    def build(self, inputs: "KerasTensor") -> "KerasTensor":
        """Features of `inputs`, a Keras tensor `(n, ...)`, or a mapping of such.

        Raises:
            ValueError: The network does not fit the shape.
        """
        settings = {name: value for name, value in self if name != "architecture"}
        return getattr(self.part("network"), self.architecture)(inputs, **settings)

    @property
    def title(self) -> str:
        """The name of the network."""
        return self.architecture.partition(":")[2] or self.architecture


class Custom(Architecture):
    """A function of the user's: `package.module:function`.

    It is given the inputs, a Keras tensor `(n, ...)`, or a mapping of such by the names of the
    columns, and gives features as a tensor: `(n, width)`, for a segmentation `(n, height, width,
    channels)`. It gives no model, and no head: the task puts its own behind the features.

    ```python
    def net(inputs, width):
        hidden = keras.layers.Dense(width, "relu")(keras.layers.Flatten()(inputs))
        return keras.layers.Dense(width, "relu")(hidden)
    ```
    """

    gives = None

    arguments: dict[str, Any] = {}
    """Keyword arguments of the function, called as `function(inputs, **arguments)`."""

    @property
    def module(self) -> str:
        """What builds it."""
        return self.architecture.partition(":")[0]

    def build(self, inputs: "KerasTensor") -> "KerasTensor":
        """What the function gives."""
        from importlib import import_module

        return getattr(import_module(self.module), self.title)(inputs, **self.arguments)

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


Config = Annotated[
    Architecture,
    Home(
        "components.models",
        "architecture",
        Architecture,
        key="architecture",
        own=Custom,
        such_as="resnet",
    ),
]
"""One of the families; `architecture` says which."""
