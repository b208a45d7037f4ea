"""Sample data that looks like real life: definitions and documents, the same on every machine and every day.

Pure: everything follows from the version and the size. `loading.load` sends it to a node.
No analyzer or field type here needs a module, because the small servers of 7.17, 8.19 and 9 have none.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any, Final

Json = dict[str, Any]

_SEED: Final = 20260101
_FIRST_DAY: Final = date(2026, 1, 1)
# How full each day is, compared with the fullest.
_DAYS: Final = (0.55, 0.7, 1.0, 0.9, 0.4, 0.3, 0.8)
_WIDE_FIELDS: Final = 2400

_PATHS: Final = ("/", "/shop", "/shop/cart", "/shop/checkout", "/books", "/books/search", "/api/v1/orders", "/login")
_AGENTS: Final = (
    "Mozilla/5.0 (X11; Linux x86_64; rv:146.0) Gecko/20100101 Firefox/146.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/605.1.15",
    "curl/8.11.1",
)
_CITIES: Final = (
    ("Berlin", 52.52, 13.405),
    ("Łódź", 51.759, 19.456),
    ("Zürich", 47.377, 8.541),
    ("São Paulo", -23.55, -46.633),
    ("東京", 35.677, 139.65),
    ("Reykjavík", 64.147, -21.943),
)
_PRODUCTS: Final = ("lamp", "teapot", "desk", "notebook", "fountain pen", "wool blanket", "radio", "garden chair")
_WORDS: Final = [
    "winter",
    "river",
    "glass",
    "quiet",
    "engine",
    "harbour",
    "letter",
    "garden",
    "mirror",
    "northern",
    "silence",
    "copper",
    "morning",
    "archive",
    "island",
    "shadow",
    "orchard",
    "thunder",
    "paper",
    "lantern",
]
_NAMES: Final = ("Ada Lovelace", "Çelik Ayşe", "Jürgen Müller", "Niamh O'Brien", "王秀英", "José García", "Ólafur Þór")


@dataclass(frozen=True)
class SampleDocument:
    """One document; `source` is its JSON text, so that no number is rounded on the way."""

    id: str
    source: str
    type: str
    routing: str | None = None


@dataclass(frozen=True)
class SampleIndex:
    """One index: `mappings` by type name, and a function that makes the same documents each time it is called."""

    name: str
    mappings: Mapping[str, Json]
    settings: Json
    count: int
    make: Callable[[], Iterator[SampleDocument]] = field(repr=False)
    aliases: Json = field(default_factory=dict)
    is_closed: bool = False
    is_hidden: bool = False

    def documents(self) -> Iterator[SampleDocument]:
        """Its documents, `count` of them, in one fixed order."""
        return self.make()

    @property
    def mapping(self) -> Json:
        """Its one mapping, without the type's name.

        Raises:
            ValueError: it has several types.
        """
        (mapping,) = self.mappings.values()
        return mapping


@dataclass(frozen=True)
class SampleTemplate:
    """An index template: where it is put, and its body in that version's words."""

    name: str
    path: str
    body: Json


@dataclass(frozen=True)
class SampleData:
    """Everything for one node."""

    version: tuple[int, int]
    indices: tuple[SampleIndex, ...]
    templates: tuple[SampleTemplate, ...]

    @property
    def count(self) -> int:
        """Documents in all."""
        return sum(index.count for index in self.indices)


@dataclass(frozen=True)
class _SampleVocabulary:
    """How one version spells field types and type names."""

    version: tuple[int, int]

    @property
    def major(self) -> int:
        return self.version[0]

    def keyword(self) -> Json:
        return {"type": "string", "index": "not_analyzed"} if self.major < 5 else {"type": "keyword"}

    def text(self, *, with_raw: bool = False, analyzer: str | None = None) -> Json:
        words: Json = {"type": "string" if self.major < 5 else "text"}
        if analyzer is not None:
            words["analyzer"] = analyzer
        if with_raw:
            words["fields"] = {"raw": self.keyword()}
        return words

    def dates(self) -> Json:
        if self.major < 5:
            return {"properties": {"gte": {"type": "date"}, "lte": {"type": "date"}}}
        return {"type": "date_range"}

    def type_name(self, noun: str) -> str:
        """6.x allowed one type of any name, and most called it `_doc`; the old log shippers did not."""
        if self.major >= 7:
            return "_doc"
        return noun if self.major < 6 or noun == "log" else "_doc"


def _dump(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _random(name: str) -> Random:
    return Random(f"{_SEED}:{name}")  # noqa: S311 — repeatable on purpose; nothing here is secret


def _moment(random: Random, day: date) -> str:
    start = datetime(day.year, day.month, day.day, tzinfo=UTC)
    moment = start + timedelta(milliseconds=random.randrange(86_400_000))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _logs(name: str, day: date, count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random(name)
    for number in range(count):
        path = random.choice(_PATHS)
        status = random.choices((200, 301, 404, 500), (90, 4, 5, 1))[0]
        size = random.randrange(200, 90_000)
        address = f"10.{random.randrange(4)}.{random.randrange(256)}.{random.randrange(1, 255)}"
        entry: Json = {
            "@timestamp": _moment(random, day),
            "client": {"ip": address, "agent": random.choice(_AGENTS)},
            "request": {"method": random.choice(("GET", "GET", "GET", "POST")), "path": path},
            "status": status,
            "bytes": size,
            "took_ms": round(random.expovariate(1 / 40), 3),
            "message": f'{address} "GET {path}" {status} {size}',
        }
        if status == 500:
            entry["error"] = {"kind": "Timeout", "trace": "at shop.Checkout\n\tat shop.Cart\n"}
        yield SampleDocument(f"{day:%Y%m%d}-{number:08d}", _dump(entry), kind)


def _orders(count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random("orders")
    for number in range(count):
        city, latitude, longitude = random.choice(_CITIES)
        day = _FIRST_DAY + timedelta(days=random.randrange(365))
        items = [
            {
                "sku": f"SKU-{random.randrange(10_000):05d}",
                "product": random.choice(_PRODUCTS),
                "quantity": random.randrange(1, 6),
                "price": round(random.uniform(1, 400), 2),
            }
            for _ in range(random.randrange(1, 5))
        ]
        # The three spellings of a point that clients use.
        point: object = (
            {"lat": latitude, "lon": longitude},
            [longitude, latitude],
            f"{latitude},{longitude}",
        )[number % 3]
        order: Json = {
            "number": number + 1,
            "customer": {"id": f"c-{random.randrange(5000):04d}", "name": random.choice(_NAMES)},
            "placed": _moment(random, day),
            "delivery": {"gte": day.isoformat(), "lte": (day + timedelta(days=5)).isoformat()},
            "city": city,
            "ship_to": point,
            "items": items,
            "total": round(sum(float(item["price"]) * int(item["quantity"]) for item in items), 2),
            "gift": random.random() < 0.1,
            "note": None if random.random() < 0.7 else " ".join(random.sample(_WORDS, 6)),
        }
        yield SampleDocument(f"order-{number + 1}", _dump(order), kind)


def _book(random: Random, number: int) -> Json:
    return {
        "title": " ".join(random.sample(_WORDS, 3)).title(),
        "author": random.choice(_NAMES),
        "isbn": f"978-{random.randrange(10**9):09d}-{number % 10}",
        "year": random.randrange(1850, 2026),
        "pages": random.randrange(60, 1200),
        "tags": random.sample(_WORDS, random.randrange(4)),
        "summary": " ".join(random.choices(_WORDS, k=30)),
        "on_loan": random.random() < 0.2,
    }


def _books(name: str, count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random(name)
    for number in range(count):
        # Ids as people make them: with spaces, slashes, umlauts and question marks.
        identity = (f"book-{number}", f"Bücher/{number}", f"shelf {number} ?&#", f"+{number}%2F")[number % 4]
        yield SampleDocument(identity, _dump(_book(random, number)), kind)


def _messages(count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random("messages")
    for number in range(count):
        tenant = f"tenant-{random.randrange(12)}"
        day = _FIRST_DAY + timedelta(days=random.randrange(60))
        body = {"tenant": tenant, "sent": _moment(random, day), "text": " ".join(random.choices(_WORDS, k=12))}
        yield SampleDocument(f"m{number}", _dump(body), kind, routing=tenant)


def _measurements(count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random("measurements")
    for number in range(count):
        # Integers that a double cannot hold, decimals longer than a double, spellings that parsers "tidy up".
        serial = 2**63 - 1 - random.randrange(2**40)
        digits = "".join(str(random.randrange(10)) for _ in range(25))
        source = (
            f'{{ "serial" : {serial}, "value": 0.{digits}, "exact": "{random.randrange(10**6)}.{digits}",\n'
            f'  "raw": {{"price": {number}.10, "big": 1e400, "whole": 1E+3, "beyond": {2**64 + number}, '
            f'"accent": "\\u00e9", "flat": -0.0}} }}'
        )
        yield SampleDocument(str(2**62 + number), source, kind)


def _wide(count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random("wide")
    for number in range(count):
        chosen = sorted(random.sample(range(_WIDE_FIELDS), 40))
        yield SampleDocument(
            f"w{number}", _dump({f"attribute_{one:04d}": random.randrange(1000) for one in chosen}), kind
        )


def _small(name: str, count: int, kind: str) -> Iterator[SampleDocument]:
    random = _random(name)
    for number in range(count):
        yield SampleDocument(f"{number}", _dump({"key": f"k{number}", "value": random.choice(_WORDS)}), kind)


def _multi(name: str, count: int, *, collide: bool) -> Iterator[SampleDocument]:
    random = _random(name)
    for number in range(count):
        yield SampleDocument(f"{number}" if collide else f"b{number}", _dump(_book(random, number)), "book")
    for number in range(count):
        member = {"name": random.choice(_NAMES), "year": random.randrange(1940, 2010)}
        yield SampleDocument(f"{number}" if collide else f"m{number}", _dump(member), "member")


def _log_mapping(words: _SampleVocabulary) -> Json:
    short = words.keyword()
    return {
        "dynamic_templates": [
            {"strings": {"match_mapping_type": "string", "mapping": {**short, "ignore_above": 1024}}},
        ],
        "properties": {
            "@timestamp": {"type": "date"},
            "client": {"properties": {"ip": {"type": "ip"}, "agent": short}},
            "request": {"properties": {"method": short, "path": short}},
            "status": {"type": "short"},
            "bytes": {"type": "long"},
            "took_ms": {"type": "float"},
            "message": words.text(),
        },
    }


def _order_mapping(words: _SampleVocabulary) -> Json:
    short = words.keyword()
    return {
        "dynamic": "strict",
        "properties": {
            "number": {"type": "integer"},
            "customer": {"properties": {"id": short, "name": words.text(with_raw=True)}},
            "placed": {"type": "date", "format": "strict_date_optional_time||epoch_millis"},
            "delivery": words.dates(),
            "city": short,
            "ship_to": {"type": "geo_point"},
            "items": {
                "type": "nested",
                "properties": {
                    "sku": short,
                    "product": words.text(with_raw=True),
                    "quantity": {"type": "integer"},
                    "price": {"type": "double"},
                },
            },
            "total": {"type": "double"},
            "gift": {"type": "boolean"},
            "note": words.text(),
        },
    }


def _book_mapping(words: _SampleVocabulary) -> Json:
    short = words.keyword()
    return {
        "properties": {
            "title": words.text(with_raw=True, analyzer="simple"),
            "author": words.text(with_raw=True),
            "isbn": short,
            "year": {"type": "integer"},
            "pages": {"type": "integer"},
            "tags": short,
            "summary": words.text(analyzer="whitespace"),
            "on_loan": {"type": "boolean"},
        },
    }


def _measurement_mapping(words: _SampleVocabulary) -> Json:
    return {
        "properties": {
            "serial": {"type": "long"},
            "value": {"type": "double"},
            "exact": words.keyword(),
            "raw": {"type": "object", "enabled": False},
        },
    }


def _small_mapping(words: _SampleVocabulary) -> Json:
    return {"properties": {"key": words.keyword(), "value": words.keyword()}}


def _settings(shards: int, replicas: int, **more: object) -> Json:
    return {"number_of_shards": shards, "number_of_replicas": replicas, **more}


def _log_indices(words: _SampleVocabulary, size: int) -> Iterator[SampleIndex]:
    kind = words.type_name("log")
    for offset, share in enumerate(_DAYS):
        day = _FIRST_DAY + timedelta(days=offset)
        name = f"logs-{day:%Y.%m.%d}"
        count = max(1, round(size * share))

        def make(name: str = name, day: date = day, count: int = count) -> Iterator[SampleDocument]:
            return _logs(name, day, count, kind)

        yield SampleIndex(
            name,
            {kind: _log_mapping(words)},
            _settings(1 + offset % 3, offset % 2, refresh_interval="5s"),
            count,
            make,
            aliases={"logs": {}, "logs-errors": {"filter": {"term": {"status": 500}}}},
        )


def _messages_mapping(words: _SampleVocabulary) -> Json:
    return {
        "_routing": {"required": True},
        "properties": {"tenant": words.keyword(), "sent": {"type": "date"}, "text": words.text()},
    }


def _other_indices(words: _SampleVocabulary, size: int) -> Iterator[SampleIndex]:
    version = words.version
    orders, books, messages = (max(1, round(size * share)) for share in (0.5, 0.2, 0.3))
    few = max(12, round(size * 0.02))
    order, book, entry = (words.type_name(noun) for noun in ("order", "book", "entry"))
    limit = {} if version < (5, 0) else {"mapping": {"total_fields": {"limit": _WIDE_FIELDS + 600}}}
    hides = version >= (7, 7)
    yield SampleIndex(
        "orders",
        {order: _order_mapping(words)},
        _settings(5, 1),
        orders,
        lambda: _orders(orders, order),
        aliases={"shop": {}, "orders-berlin": {"filter": {"term": {"city": "Berlin"}}}},
    )
    yield SampleIndex(
        "library",
        {book: _book_mapping(words)},
        _settings(2, 0),
        books,
        lambda: _books("library", books, book),
        aliases={"books": {"is_write_index": True} if version >= (6, 4) else {}},
    )
    yield SampleIndex(
        "messages",
        {entry: _messages_mapping(words)},
        _settings(4, 0),
        messages,
        lambda: _messages(messages, entry),
        aliases={"inbox-tenant-3": {"routing": "tenant-3", "filter": {"term": {"tenant": "tenant-3"}}}},
    )
    yield SampleIndex(
        "measurements",
        {entry: _measurement_mapping(words)},
        _settings(1, 0),
        few,
        lambda: _measurements(few, entry),
    )
    yield SampleIndex(
        "catalogue-wide",
        {entry: {"properties": {f"attribute_{one:04d}": {"type": "integer"} for one in range(_WIDE_FIELDS)}}},
        _settings(1, 0, **limit),
        few,
        lambda: _wide(few, entry),
    )
    yield SampleIndex("drafts", {entry: _small_mapping(words)}, _settings(1, 1), 0, lambda: iter(()))
    yield SampleIndex(
        "archive-2019",
        {entry: _small_mapping(words)},
        _settings(3, 0),
        few,
        lambda: _small("archive-2019", few, entry),
        is_closed=True,
    )
    yield SampleIndex(
        "shop-cache" if hides else ".shop-cache",
        {entry: _small_mapping(words)},
        _settings(1, 0, **({"hidden": True} if hides else {})),
        few,
        lambda: _small("shop-cache", few, entry),
        is_hidden=True,
    )


def _multi_index(words: _SampleVocabulary, name: str, size: int, *, collide: bool) -> SampleIndex:
    half = max(3, round(size * 0.05))
    member = {"properties": {"name": words.text(), "year": {"type": "integer"}}}
    return SampleIndex(
        name,
        {"book": _book_mapping(words), "member": member},
        _settings(2, 0),
        2 * half,
        lambda: _multi(name, half, collide=collide),
    )


def _templates(words: _SampleVocabulary) -> Iterator[SampleTemplate]:
    settings = {"index": {"number_of_shards": 2, "number_of_replicas": 1, "refresh_interval": "5s"}}
    mapping = _log_mapping(words)
    if words.version >= (7, 8):
        body: Json = {
            "index_patterns": ["logs-2*"],
            "priority": 250,
            "template": {"settings": settings, "mappings": mapping, "aliases": {"logs": {}}},
        }
        yield SampleTemplate("web-logs", "_index_template/web-logs", body)
        return
    body = {
        "order": 1,
        "settings": settings,
        "mappings": mapping if words.major >= 7 else {words.type_name("log"): mapping},
        "aliases": {"logs": {}},
    }
    body |= {"template": "logs-2*"} if words.major < 6 else {"index_patterns": ["logs-2*"]}
    yield SampleTemplate("web-logs", "_template/web-logs", body)


def sample(version: str, size: int = 1000, *, collide: bool = False) -> SampleData:
    """Sample data in the words of a version, for example "6.8.23".

    `size` is the number of documents of the largest index; all together are about six times as many. `collide` adds,
    before 6.0, an index whose two types share their ids.
    """
    major, minor = (int(part) for part in version.split(".")[:2])
    words = _SampleVocabulary((major, minor))
    indices = [*_log_indices(words, size), *_other_indices(words, size)]
    if major < 6:
        indices.append(_multi_index(words, "library-multi", size, collide=False))
        if collide:
            indices.append(_multi_index(words, "collide-multi", size, collide=True))
    return SampleData(words.version, tuple(indices), tuple(_templates(words)))


def creation_body(index: SampleIndex, major: int) -> Json:
    """The body of the request that creates the index on that major version."""
    mappings: Json = index.mapping if major >= 7 else dict(index.mappings)
    return {"settings": {"index": index.settings}, "mappings": mappings, "aliases": index.aliases}
