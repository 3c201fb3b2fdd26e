"""The `ingest` section of a pipeline file."""

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, ClassVar, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Discriminator, Field, Tag, ValidationError, model_validator

from components.base.sources import place
from components.base.words import reason
from components.config.extension import Extension, Home
from components.config.section import Kind, Section, mistake

Share = Annotated[float, Field(strict=True, gt=0, lt=1)]


def _an_address(url: str) -> str:
    if not url.isascii() or not url.isprintable() or " " in url:
        raise ValueError("an address is of plain characters; quote others as %20, hosts as xn--")
    try:
        parts = urlsplit(url)
        is_whole = bool(parts.hostname) and parts.port != 0
    except ValueError as error:  # of the port, or of an address in brackets
        raise ValueError(f"no address: {error}") from None
    if not is_whole or ".." in (parts.hostname or ""):
        raise ValueError(f"no address: there is no host '{parts.netloc}'")
    return url


class Remote(Section):
    """A file on a server, or in the folder that MILLRACE_MIRROR names."""

    url: Annotated[str, Field(pattern=r"^https?://[^/]+/.*[^/]$"), AfterValidator(_an_address)]
    """Its address; downloads are resumed, tried again, and kept for other pipelines."""
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of its content, without which nothing is read."""


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts:
        raise ValueError(
            f"{path} leaves the pipeline's folder of sources/, which DVC watches; "
            "move the files there, or make that folder itself a link to them"
        )
    return path


Inside = Annotated[str, AfterValidator(_inside)]
"""A path inside of `sources/NAME/`, or inside of an archive."""

File = Annotated[
    Annotated[Inside, Tag("path")] | Annotated[Remote, Tag("remote")],
    Discriminator(lambda value: "remote" if isinstance(value, dict | Remote) else "path"),
]
"""A path inside of `sources/NAME/`, or a file on a server."""


class Split(Section):
    """Which example goes to which split."""

    by: Literal["class", "group", "content", "given", "time"] = "class"
    """`class`: every class, or fifth of a number, is dealt out alike (stratified), drawn with the
    seed. `group`: no group is in two splits. `content`: by a hash of the example, so that a grown
    set keeps every example in its old split, and equal examples together. `given`: as the source
    says. `time`: the earliest examples are learned from, the latest are measured on."""
    train: Share | None = None
    """Examples that the model learns from; 0.7 where no share is given."""
    validation: Share | None = None
    """Examples that choose the checkpoint and the hyperparameters; 0.15 where no share is given.
    With `by: given` the share of the train split that becomes it where the source has none; 0.1
    where it is left out."""
    test: Share | None = None
    """Examples that are looked at once, to measure; 0.15 where no share is given."""
    group: str | None = None
    """With `by: group`: the column that names the group, or for `image_folder` a regular
    expression whose first group, found in the path, names it."""
    time: str | None = None
    """With `by: time`: the column of numbers, or of dates as ISO 8601 writes them."""

    @model_validator(mode="after")
    def _shares(self) -> Self:
        if self.by == "given":
            if self.train is not None or self.test is not None:
                raise ValueError("by: given takes train and test as the source has them")
            return self
        every = {"train": self.train, "validation": self.validation, "test": self.test}
        given = [share for share in every.values() if share is not None]
        missing = [name for name, share in every.items() if share is None]
        if given and missing:
            raise ValueError(
                f"{' and '.join(missing)} missing; write all three of train, validation and test, "
                "which must sum to 1"
            )
        if given and abs(sum(given) - 1) > 1e-6:
            raise ValueError(
                f"train, validation and test must sum to 1; they sum to {sum(given):.6g}"
            )
        return self

    @model_validator(mode="after")
    def _group(self) -> Self:
        if (self.by == "group") != (self.group is not None):
            raise ValueError("by: group and group: what names it, go together")
        if (self.by == "time") != (self.time is not None):
            raise ValueError("by: time and time: the column, go together")
        return self

    @property
    def shares(self) -> dict[str, float]:
        """The share of each split."""
        return {
            "train": self.train or 0.7,
            "validation": self.validation or 0.15,
            "test": self.test or 0.15,
        }


class Source(Extension):
    """What every source has: columns, and a split.

    The property `kinds` gives the columns by name, the property `learned` the names of those that
    are learned, none unless it is written, and `listing` the examples, with the same columns and
    targets; `folder` is `sources/NAME/`, NAME being the pipeline's.

    ```python
    class Coins(Source):
        @property
        def kinds(self):
            return {"weight": kind("Value"), "coin": kind("ClassLabel")}

        @property
        def learned(self):
            return ("coin",)

        def listing(self, folder):
            weight, coin = np.loadtxt(folder / "coins.txt", unpack=True)
            kinds = {"weight": Value("float64"), "coin": ClassLabel(("penny", "pound"))}
            rows = {"weight": weight, "coin": coin.astype(int)}
            return Listing(Schema(kinds, self.learned), rows)
    ```
    """

    parts = {"read": ("listing",)}
    dated: ClassVar[bool] = False
    """Whether it gives what there was on a day, which its own key `date` names. Airflow's runs lay
    their logical date over that key, and so can be made up for."""

    source: str
    """A source by its name, or one's own as `package.module:Class`."""
    split: Split = Split()
    """How the examples are dealt out; left out, every class alike, 70 : 15 : 15."""

    @classmethod
    def lacking(cls) -> list[str]:
        """As of every section; and a dated one must have its key."""
        lacks_date = cls.dated and "date" not in cls.model_fields
        return [*super().lacking(), *(["date"] if lacks_date else [])]

    @property
    @abstractmethod
    def kinds(self) -> Mapping[str, Kind]:
        """The columns that it gives, with their kinds."""

    @property
    def learned(self) -> tuple[str, ...]:
        """Columns that are learned, the targets."""
        return ()

    @model_validator(mode="after")
    def _has_kinds(self) -> Self:
        for name in ("kinds", "learned"):
            if not isinstance(getattr(type(self), name), property):
                raise mistake(f"its {name} must be a property: write @property above it", "source")
        try:
            kinds, _ = dict(self.kinds), list(self.learned)
        except ValidationError as error:  # of kind('...')
            what = f"its kinds cannot be had: {place(error)}{error.errors()[0]['msg']}"
            raise mistake(what, "source") from None
        except Exception as error:  # whatever a source of one's own raises
            raise mistake(f"its kinds cannot be had: {reason(error)}", "source") from None
        if not kinds or not all(isinstance(one, Kind) for one in kinds.values()):
            what = "its kinds must be a mapping of names to kind('Value') and the like"
            raise mistake(what, "source")
        return self

    def listing(self, folder: Path) -> Any:
        """What the source holds, a `components.data.listing.Listing`, without reading its files.

        Args:
            folder: The pipeline's folder of sources, which every local path is inside of.

        Raises:
            Stop: The source cannot be read; the message names each file that is wrong.
            Mistakes: The section names what the source does not have.
        """
        return self.part("read").listing(self, folder)


class Tabular(Source):
    """A source with columns that the file declares."""

    columns: dict[str, Kind] = {}
    """The columns that are read, by name, each with its kind."""
    targets: tuple[str, ...] | None = None
    """Those of the columns that are learned; left out, the last one."""

    @property
    def kinds(self) -> Mapping[str, Kind]:
        """As declared."""
        return self.columns

    @property
    def learned(self) -> tuple[str, ...]:
        """As declared, or the last column."""
        return tuple(self.kinds)[-1:] if self.targets is None else self.targets

    @model_validator(mode="after")
    def _are_columns(self) -> Self:
        if unknown := [one for one in self.learned if one not in self.kinds]:
            there = ", ".join(self.kinds)
            raise mistake(f"{unknown[0]} is not among the columns; there are {there}", "targets")
        if self.targets and not set(self.kinds) - set(self.targets):
            raise mistake("leaves no column to learn from", "targets")
        return self


Config = Annotated[
    Source,
    Home("components.ingest.sources", "source", Source, key="source", such_as="image_folder"),
]
"""Where the raw data comes from, and how it is split."""
