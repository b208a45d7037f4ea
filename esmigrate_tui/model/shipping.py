"""Documents that other programs send by themselves: which program, and how many are expected."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import msgspec


class Shipper(StrEnum):
    """What sends the documents, as the command line spells it."""

    LOGSTASH = "logstash"
    FILEBEAT = "filebeat"
    RSYSLOG = "rsyslog"
    PYTHON = "python"
    JAVA = "java"
    JAVASCRIPT = "javascript"
    GO = "go"
    PYSPARK = "pyspark"
    CURL = "curl"

    @property
    def title(self) -> str:  # type: ignore[override]  # what text has by that name is of no use to a shipper
        """Its name in a sentence."""
        return _TITLES[self]

    @property
    def is_client(self) -> bool:
        """Whether it is a library for programs of one's own, rather than a program."""
        return self in {Shipper.PYTHON, Shipper.JAVA, Shipper.JAVASCRIPT, Shipper.GO}


_TITLES = {
    Shipper.LOGSTASH: "Logstash",
    Shipper.FILEBEAT: "Filebeat",
    Shipper.RSYSLOG: "rsyslog",
    Shipper.PYTHON: "the Python client",
    Shipper.JAVA: "the Java client",
    Shipper.JAVASCRIPT: "the JavaScript client",
    Shipper.GO: "the Go client",
    Shipper.PYSPARK: "PySpark",
    Shipper.CURL: "curl",
}


class ShippingOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who sends, and how many documents there will be once everything has arrived.

    Without an `expected` number nobody but a person can know the end. The mapping that was chosen is what makes the
    index, and stands where it does for files: in the task's `create`.
    """

    shipper: Shipper
    expected: Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)] | None = None

    @property
    def label(self) -> str:
        """The sender, as the name of what is moved."""
        return f"documents from {self.shipper.title}"


class ShipperConfiguration(msgspec.Struct, frozen=True, kw_only=True):
    """What is set up on the sending side: a file to save as `name`, and what to do, in order.

    The text refers to secrets by the names of a keystore or of the environment; it never holds one.
    """

    name: str
    text: str
    steps: tuple[str, ...]
