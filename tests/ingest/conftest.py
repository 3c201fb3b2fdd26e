"""A cache of each test's own, and folders of photos."""

import pytest
from PIL import Image


@pytest.fixture(autouse=True)
def cache(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("MILLRACE_CACHE", str(folder))
    monkeypatch.delenv("MILLRACE_MIRROR", raising=False)
    return folder


@pytest.fixture
def photos(tmp_path):
    """Three classes of four images of one size, no two alike."""
    for label, name in enumerate(("ant", "bee", "cat")):
        (tmp_path / name).mkdir()
        for number in range(4):
            image = Image.new("RGB", (5, 4), (label * 100, number * 10, 0))
            image.save(tmp_path / name / f"{number}.png")
    return tmp_path
