"""What holds of masks wherever they are read, moved or shown."""

IGNORE = 255
"""The label of a pixel that counts for nothing, as in PASCAL VOC."""
