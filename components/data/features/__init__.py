"""The kinds of columns, one in a file, usable in a pipeline file by their names."""

from typing import TYPE_CHECKING

# Named here, and imported from their modules by whoever uses one (`components.config.lookup`): a
# stage depends on the features of its pipeline alone.
if TYPE_CHECKING:
    from components.data.features.class_label import ClassLabel
    from components.data.features.image import Image
    from components.data.features.mask import Mask
    from components.data.features.seed import Seed
    from components.data.features.text import Text
    from components.data.features.value import Value

__all__ = ["ClassLabel", "Image", "Mask", "Seed", "Text", "Value"]
