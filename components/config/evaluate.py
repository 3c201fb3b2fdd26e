"""The `evaluate` section of a pipeline file."""

from components.config.section import PositiveInt, Section


class Config(Section):
    """How the trained model is measured on the test split."""

    calibration_bins: PositiveInt = 10
    """Bins of the reliability diagram and of the expected calibration error."""
    mistakes: PositiveInt = 24
    """Wrongly classified examples, and examples whose label may be wrong, that the report shows."""
