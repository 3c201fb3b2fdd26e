"""The `train` section of a pipeline file."""

from components.config.fitting import Fitting as Config

__all__ = ["Config"]
