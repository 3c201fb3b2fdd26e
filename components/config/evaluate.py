"""The `evaluate` section of a pipeline file."""

from components.config.section import PositiveInt, Section


class Config(Section):
    """How the trained model is shown; what is measured is the task's to say."""

    shown: PositiveInt = 24
    """Examples that a picture of the report shows at most, such as mistakes."""
