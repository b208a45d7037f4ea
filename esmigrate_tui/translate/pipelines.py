"""Ingest pipelines: processors that changed between majors, and what they refer to.

https://www.elastic.co/guide/en/elasticsearch/reference/6.8/breaking_60_scripting_changes.html
https://www.elastic.co/guide/en/elasticsearch/reference/7.17/breaking-changes-7.0.html
https://www.elastic.co/guide/en/elasticsearch/reference/8.19/migrating-8.0.html
https://www.elastic.co/guide/en/elasticsearch/reference/current/processors.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from esmigrate_tui.model.text import clean
from esmigrate_tui.translate.dates import modern_format
from esmigrate_tui.translate.translation import Translation

if TYPE_CHECKING:
    from collections.abc import Collection

    from esmigrate_tui.model.facts import Version

_Json = dict[str, Any]

_REFERS: Final = {
    "pipeline": ("name", "the pipeline"),
    "enrich": ("policy_name", "the enrich policy"),
    "inference": ("model_id", "the model"),
}
_DATED: Final = {"date": "formats", "date_index_name": "date_formats"}
_FIXED_FORMATS: Final = frozenset({"ISO8601", "UNIX", "UNIX_MS", "TAI64N"})
TOLD: Final = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")
"""What a server tells of something that it keeps, and does not want to be told."""


def translate_pipeline(
    pipeline: _Json, destination: Version, source: Version, processors: Collection[str] | None = None
) -> Translation:
    """A pipeline as `GET /_ingest/pipeline` told it, for `destination`.

    `processors` are those that the destination has, where they are known.
    """
    work = _PipelineTranslation(destination, source, processors)
    body = {name: value for name, value in pipeline.items() if name not in TOLD}
    for name in ("processors", "on_failure"):
        if name in body:
            body[name] = work.all(body[name], name)
    return Translation(body=body, changes=tuple(dict.fromkeys(work.changes)), conflicts=tuple(work.conflicts))


class _PipelineTranslation:
    """One pipeline on its way: what it goes by, and what is said of it."""

    def __init__(self, destination: Version, source: Version, processors: Collection[str] | None) -> None:
        self._major = destination.major
        self._joda = source.major < 7 <= destination.major
        self._processors = processors
        self.changes: list[str] = []
        self.conflicts: list[str] = []

    def all(self, processors: object, path: str) -> object:
        """A list of processors."""
        if not isinstance(processors, list):
            return processors
        return [self._one(one, f"{path}[{number}]") for number, one in enumerate(processors)]

    def _one(self, processor: object, path: str) -> object:
        if not isinstance(processor, dict):
            return processor
        return {kind: self._body(kind, body, f"{path}.{clean(kind, 80)}") for kind, body in processor.items()}

    def _body(self, kind: str, processor: object, path: str) -> object:
        if self._processors is not None and kind not in self._processors:
            self.conflicts.append(f"{path}: the destination has no such processor")
        if not isinstance(processor, dict):
            return processor
        new = dict(processor)
        if kind == "script" or isinstance(new.get("script"), dict):
            new = self._scripted(new, path)
        if kind in _DATED and self._joda:
            new = self._dated(new, _DATED[kind], path)
        if kind == "user_agent" and self._major >= 8 and "ecs" in new:
            del new["ecs"]
            self._say(f"{path}.ecs is left out, it was removed: the fields are those of ECS")
        if kind == "geoip" and self._major >= 7 and str(new.get("database_file", "")).endswith(".gz"):
            new["database_file"] = str(new["database_file"]).removesuffix(".gz")
            self._say(f"{path}.database_file is written {clean(new['database_file'], 200)} now")
        if kind in _REFERS and _REFERS[kind][0] in new:
            word, noun = _REFERS[kind]
            self._say(f"{path}.{word}: {noun} {clean(str(new[word]), 200)} must be on the destination")
        if self._major >= 7 and (
            "_type" in str(new.get("field", "")) or "{{_type}}" in msgspec.json.encode(new).decode()
        ):
            self._say(f"{path}: it speaks of _type, which documents do not have any more")
        if kind == "foreach" and "processor" in new:
            new["processor"] = self._one(new["processor"], f"{path}.processor")
        if "on_failure" in new:
            new["on_failure"] = self.all(new["on_failure"], f"{path}.on_failure")
        return new

    def _scripted(self, script: _Json, path: str) -> _Json:
        new = dict(script)
        if self._major >= 6 and "inline" in new:
            new["source"] = new.pop("inline")
            self._say(f"{path}.inline is written source now")
        if self._major >= 6 and "stored" in new:
            new["id"] = new.pop("stored")
            self._say(f"{path}.stored is written id now")
        if self._major >= 6 and "file" in new:
            self._say(
                f"{path}.file: scripts in files were removed, store {clean(str(new['file']), 200)} in the cluster"
            )
        if "id" in new:
            self._say(f"{path}.id: the stored script {clean(str(new['id']), 200)} must be on the destination")
        if self._major >= 6 and new.get("lang") not in (None, "painless", "expression", "mustache"):
            self._say(f"{path}.lang: {clean(str(new['lang']), 80)} was removed, write the script in painless")
        return new

    def _dated(self, processor: _Json, word: str, path: str) -> _Json:
        formats = processor.get(word)
        if not isinstance(formats, list):
            return processor
        modern = []
        for one in formats:
            if not isinstance(one, str) or one in _FIXED_FORMATS:
                modern.append(one)
                continue
            new, notes = modern_format(one, joda=True)
            modern.append(new)
            self.changes.extend(notes)
        if modern != formats:
            self._say(f"{path}.{word}: written {clean(', '.join(map(str, modern)), 200)} now")
        return processor | {word: modern}

    def _say(self, what: str) -> None:
        self.changes.append(what)
