"""The declaration of a dataset in a project: a name, and the schema its rows are read through."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from interplane.errors import UsageError
from interplane.record import check_name
from interplane.record.arguments import told

__all__ = ["Dataset"]


@dataclass(frozen=True)
class Dataset:
    """A dataset that a pipeline takes as an input; ``ip.dataset(...)`` makes one.

    Args:
        name: the dataset's name in the workspace.
        schema: the path of its schema file, relative to the project's root. The file's digest is
            part of every key that depends on the dataset.

    >>> Dataset("flights", schema="schemas/flights.toml")
    Dataset(name='flights', schema='schemas/flights.toml')
    """

    name: str
    schema: str | None = None

    def __post_init__(self) -> None:
        check_name(self.name, of="dataset")
        if self.schema is None:
            return
        given: object = self.schema
        parts = given.split("/") if isinstance(given, str) else [""]
        if parts[0] == "" or ".." in parts:
            raise UsageError(
                f"the schema of dataset {self.name!r} is {told(self.schema)}",
                expected="a path below the project's root, with '/' between folders",
                do='For example "schemas/flights.toml"',
            )

    def __fingerprint__(self) -> dict[str, Any]:
        """Return what a step that reads this object depends on."""
        return {"dataset": self.name, "schema": self.schema}
