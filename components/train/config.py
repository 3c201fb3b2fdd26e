"""The `train` section of a pipeline file."""

from components.fitting.config import Fitting as Config

__all__ = ["Config"]
