"""Each file of a pattern is judged by itself: encoding, delimiter, ends of lines, packing; and refused by its name."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import pytest

from esmigrate_tui.model.files import FileOptions, FileReading, FileRow, LineBreak
from esmigrate_tui.model.outcome import ExitCode, exit_code
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.reading import sample as sampling
from esmigrate_tui.reading.open_file import found_files, what_changed
from esmigrate_tui.reading.pages import FilePages, RowPosition
from esmigrate_tui.reading.sample import inspect_files, recognised, sampled
from esmigrate_tui.reading.sniff import encoding_of, wide_encoding_of

if TYPE_CHECKING:
    from pathlib import Path


def read(folder: Path, files: dict[str, bytes], wishes: FileOptions | None = None) -> FileReading:
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return recognised(found_files([str(folder / "*")]), wishes)


BEGINNING = RowPosition()


def pages_of(
    reading: FileReading, place: RowPosition = BEGINNING, rows: int = 500
) -> tuple[list[FileRow], list[RowPosition], list[str]]:
    pages = FilePages(reading, place, b"run")
    found: list[FileRow] = []
    places: list[RowPosition] = []
    unread: list[str] = []
    try:
        while (page := pages.next(rows, 10_000)) is not None:
            found += page.rows
            places.append(page.place)
            unread += page.unread
        return found, places, [*unread, *pages.beside()[0]]
    finally:
        pages.close()


def documents(reading: FileReading) -> list[Any]:
    return [json.loads(row.source) for row in pages_of(reading)[0] if not row.error]


def errors(reading: FileReading) -> list[tuple[int, str]]:
    return [(row.line, row.error) for row in pages_of(reading)[0] if row.error]


# -- encodings -------------------------------------------------------------------------------------------------------


def test_one_bad_byte_in_a_table_of_utf_8_spoils_its_own_row(tmp_path: Path) -> None:
    table = "id,name\n1,José\n2,Zoë\n".encode() + b"3,Ren\xe9\n" + "4,Łódź\n".encode()
    reading = read(tmp_path, {"a.csv": table})
    assert [one["name"] for one in documents(reading)] == ["José", "Zoë", "Łódź"]
    assert errors(reading) == [(4, "it is not utf-8: byte 0xe9 stands where none can")]


def test_files_of_two_encodings_are_each_read_in_their_own(tmp_path: Path) -> None:
    text = "id,name\n1,José „quoted“ 5 €\n"
    reading = read(tmp_path, {"a.csv": text.encode(), "b.csv": text.encode("cp1252")})
    assert [one["name"] for one in documents(reading)] == ["José „quoted“ 5 €"] * 2
    assert {reading.alone(file).encoding for file in reading.files} == {"utf-8", "cp1252"}


def test_a_byte_beyond_ascii_far_into_a_table_decides_its_encoding(tmp_path: Path) -> None:
    table = "id,name\n" + "".join(f"{n},plain\n" for n in range(20_000)) + "7,Zoë\n"
    reading = read(tmp_path, {"a.csv": table.encode("cp1252")})
    assert documents(reading)[-1] == {"id": "7", "name": "Zoë"}


@pytest.mark.parametrize(
    ("encoding", "lines"),
    [
        ("cp1252", ["Müller;Köln;12,50 €", "Jäger;Straße „Süd“;3,00 €"]),
        ("cp1252", ["René;Orléans;élève", "Zoë;Besançon;œuvre – d’art"]),
        ("cp1252", ["José;Málaga", "Ñandú;Córdoba", "María;León"]),
        ("cp1252", ["id;name", *[f"{n};plain" for n in range(300)], "301;José"]),
        ("latin-1", ["a;b", "J\x81ger;\x9d"]),
        ("cp1251", ["Иван;Москва", "Ольга;Санкт-Петербург", "Пётр;Новгород"]),
        ("koi8_r", ["Иван;Москва", "Ольга;Санкт-Петербург", "Пётр;Новгород"]),
        ("cp1253", ["Γιώργος;Αθήνα", "Ελένη;Θεσσαλονίκη"]),
        ("cp932", ["山田;東京都", "鈴木;大阪府", "佐藤;北海道"]),
        ("gb18030", ["王伟;北京市", "李娜;上海市", "张敏;广州市"]),
        ("utf-8", ["Müller;Köln", "王伟;北京市"]),
    ],
)
def test_the_encoding_of_a_text_is_found(encoding: str, lines: list[str]) -> None:
    data = "\n".join(lines).encode(encoding)
    assert data.decode(encoding_of(data, is_whole=True)) == "\n".join(lines)


def test_a_table_of_many_bytes_a_character_is_read_and_gone_on_with(tmp_path: Path) -> None:
    table = "番号,名前\n" + "".join(f"{n},山田|{n}\n" for n in range(3_000))
    reading = read(tmp_path, {"a.csv": table.encode("cp932")})
    rows, places, _ = pages_of(reading)
    assert json.loads(rows[1].source) == {"番号": "1", "名前": "山田|1"}
    assert len(rows) == 3_000
    assert pages_of(reading, places[2])[0] == [row for row in rows if row.end > places[2].offset]


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize("name", ["a.csv", "a.json"])
def test_what_windows_writes_in_two_or_four_bytes_a_character_is_read(encoding: str, name: str, tmp_path: Path) -> None:
    rows = {"a.csv": "n\tname\r\n" + "".join(f"{n}\tJosé 😀\r\n" for n in range(900))}
    rows["a.json"] = "".join(json.dumps({"n": str(n), "name": "José 😀"}) + "\r\n" for n in range(900))
    data = rows[name].encode(encoding)
    reading = read(tmp_path, {name: data})
    found, places, _ = pages_of(reading)
    assert wide_encoding_of(data)
    assert [json.loads(row.source) for row in found] == [{"n": str(n), "name": "José 😀"} for n in range(900)]
    assert pages_of(reading, places[0])[0] == [row for row in found if row.end > places[0].offset]
    assert places[-1].bytes == reading.size


def test_half_a_character_of_utf_16_spoils_its_own_row(tmp_path: Path) -> None:
    data = "n,t\n1,a\n2,".encode("utf-16-le") + b"\x00\xdc" + "\n3,c\n".encode("utf-16-le")
    reading = read(tmp_path, {"a.csv": b"\xff\xfe" + data})
    assert [one["n"] for one in documents(reading)] == ["1", "3"]
    assert errors(reading) == [(3, "it is not utf-16: bytes stand in it where none can")]


def test_lines_of_json_in_an_encoding_of_windows_are_read(tmp_path: Path) -> None:
    lines = '{"name":"José"}\n{"name":"5 €"}\n'.encode("cp1252")
    assert documents(read(tmp_path, {"a.ndjson": lines})) == [{"name": "José"}, {"name": "5 €"}]


def test_a_line_of_json_that_is_no_utf_8_is_a_bad_row_among_good_ones(tmp_path: Path) -> None:
    lines = '{"name":"José"}\n'.encode() + b'{"name":{"first":"Jos\xe9"}}\n{"name":"x"}\n'
    reading = read(tmp_path, {"a.ndjson": lines})
    assert [one["name"] for one in documents(reading)] == ["José", "x"]
    assert errors(reading) == [(2, "it is not UTF-8: byte 0xe9 stands where none can")]


def test_a_zero_in_a_cell_is_a_character_as_others_are(tmp_path: Path) -> None:
    reading = read(tmp_path, {"a.csv": b"id,name\n1,a\x00b\n2,c\n"})
    assert documents(reading) == [{"id": "1", "name": "a\0b"}, {"id": "2", "name": "c"}]


# -- delimiters, headers, ends of lines ------------------------------------------------------------------------------


def test_files_with_other_delimiters_are_each_cut_by_their_own(tmp_path: Path) -> None:
    reading = read(tmp_path, {"a.csv": b"id,name\n1,a\n", "b.csv": b"id;name\n2;b,c\n", "c.tsv": b"name\tid\nd\t3\n"})
    assert documents(reading) == [{"id": "1", "name": "a"}, {"id": "2", "name": "b,c"}, {"name": "d", "id": "3"}]


@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_first_line_that_tells_the_delimiter_is_no_header(first: str, tmp_path: Path) -> None:
    reading = read(tmp_path, {"a.csv": f"{first}\r\nid;name\r\n1;a,b\r\n2\r\n".encode()})
    assert documents(reading) == [{"id": "1", "name": "a,b"}]
    assert errors(reading) == [(4, "it has 1 cell, the table has 2 columns")]


@pytest.mark.parametrize(
    ("name", "text"),
    [("a.csv", "n,name\r" + "".join(f'{n},"x, {n}"\r' for n in range(900))), ("a.ndjson", '{"n":1}\r{"n":2}\r')],
    ids=["table", "lines"],
)
def test_lines_that_end_with_a_carriage_return_alone_are_lines(name: str, text: str, tmp_path: Path) -> None:
    reading = read(tmp_path, {name: text.encode()})
    rows, places, _ = pages_of(reading)
    assert reading.files[0].breaks is LineBreak.CR
    assert len(rows) == text.count("\r") - name.endswith("csv")
    assert not [row for row in rows if row.error]
    assert (
        pages_of(reading, places[0])[0]
        == [row for row in rows if places[0].file or row.end > places[0].offset][len(rows) * places[0].file :]
    )
    assert what_changed(reading.files) == ""


def test_a_line_feed_in_a_cell_does_not_hide_carriage_returns_between_rows(tmp_path: Path) -> None:
    assert documents(read(tmp_path, {"a.csv": b'a,b\r1,"x\ny"\r2,z\r'})) == [
        {"a": "1", "b": "x\ny"},
        {"a": "2", "b": "z"},
    ]


def test_columns_that_only_a_later_file_has_get_their_types_too(tmp_path: Path) -> None:
    reading = sampled(read(tmp_path, {"a.csv": b"id,name\n1,a\n", "b.csv": b"id,total\n2,1.10\n"})).reading
    assert {column.name: column.type for column in reading.columns} == {
        "id": "long",
        "name": "keyword",
        "total": "double",
    }


def test_a_file_that_begins_with_data_beside_one_that_names_its_columns_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=r"first row of .*b\.csv looks like data") as refused:
        read(tmp_path, {"a.csv": b"id,name\n1,a\n", "b.csv": b"2,b\n3,c\n"})
    assert "--columns" in refused.value.problem.todo


def test_lines_and_an_array_of_json_are_read_side_by_side(tmp_path: Path) -> None:
    reading = read(
        tmp_path, {"a.json": b'{"n":1}\n{"n":2}\n', "b.json": b'[{"n":3},\n{"n":4}]', "c.json": b'{\n"n":5}'}
    )
    assert [one["n"] for one in documents(reading)] == [1, 2, 3, 4, 5]


def test_every_place_of_mixed_files_is_one_to_go_on_from(tmp_path: Path) -> None:
    body = "".join(f"{n};Köln, {n}\n" for n in range(300))
    files = {
        "a.csv": f"n;t\n{body}".encode(),
        "b.csv": f"sep=|\nn|t\n{body.replace(';', '|')}".encode("cp1252"),
        "c.csv": f"n;t\n{body}".replace("\n", "\r").encode("utf-16"),
        "d.csv.bz2": bz2.compress(f"n;t\n{body}".encode()),
    }
    reading = read(tmp_path, files)
    rows, places, _ = pages_of(reading, rows=70)
    assert [json.loads(row.source)["t"] for row in rows] == [f"Köln, {n}" for n in range(300)] * 4
    done = 0
    for place in places[:-1]:
        done = len(rows) - len(pages_of(reading, place)[0])
        assert pages_of(reading, place)[0] == rows[done:]
    assert done > 1_100


# -- nothing read ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("empty", [b"id,name\n", b"\n \n"])
def test_a_file_that_is_not_empty_and_gives_no_row_is_named(empty: bytes, tmp_path: Path) -> None:
    reading = read(tmp_path, {"a.csv": b"id,name\n1,a\n", "b.csv": empty, "c.csv": b""})
    _, _, unread = pages_of(reading)
    assert unread == [str(tmp_path / "b.csv")]
    assert sampled(reading).unread == (str(tmp_path / "b.csv"),)


# -- packed, and refused by name -------------------------------------------------------------------------------------


@pytest.mark.parametrize("pack", [bz2.compress, lzma.compress])
def test_bzip2_and_xz_are_unpacked(pack: Any, tmp_path: Path) -> None:  # noqa: ANN401  # functions of two libraries
    data = b"".join(b'{"n":%d}\n' % n for n in range(3_000))
    reading = read(tmp_path, {"a.any": pack(data[:9_000]) + pack(data[9_000:])})
    rows, places, _ = pages_of(reading)
    assert [json.loads(row.source)["n"] for row in rows] == list(range(3_000))
    assert pages_of(reading, places[3])[0] == [row for row in rows if row.end > places[3].offset]


@pytest.mark.parametrize(
    "pack", [bz2.compress, partial(lzma.compress, preset=0), gzip.compress], ids=["bz2", "xz", "gz"]
)
def test_a_packed_file_cut_short_is_a_sentence_and_its_end_a_bad_row(pack: Any, tmp_path: Path) -> None:  # noqa: ANN401  # functions of three libraries
    noise = b"".join(b'{"n":%d,"h":"%d"}\n' % (n, hash((n, "x")) ** 5) for n in range(20_000))
    packed = pack(noise)
    reading = read(tmp_path, {"a.ndjson": packed[: len(packed) * 3 // 4]})
    rows = pages_of(reading)[0]
    assert len(rows) > 10
    assert "cannot be unpacked any further" in rows[-1].error
    (tmp_path / "a.ndjson").write_bytes(packed[:40])
    with pytest.raises(ProblemError, match="cannot be unpacked") as refused:
        recognised(found_files([str(tmp_path / "a.ndjson")]))
    assert exit_code(refused.value.problem.cause) is ExitCode.USAGE


def test_a_packed_table_that_is_cut_far_on_can_be_looked_at(tmp_path: Path) -> None:
    packed = gzip.compress("".join(f"{n},{hash(str(n))}\n" for n in range(60_000)).encode())
    reading = read(tmp_path, {"a.csv.gz": packed[: len(packed) // 2]})
    assert sampled(reading).bad == 0
    assert "cannot be unpacked any further" in pages_of(reading)[0][-1].error


def zipped(name: str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr(name, "x" * 100)
    return out.getvalue()


def tarred() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a.csv"))
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.zip", zipped("a.csv"), "a zip archive"),
        ("a.xlsx", zipped("xl/workbook.xml"), "an Excel workbook"),
        ("a.tar", tarred(), "a tar archive"),
        ("a.tar.gz", gzip.compress(tarred()), "a tar archive"),
        ("a.tar.xz", lzma.compress(tarred()), "a tar archive"),
        ("a.7z", b"7z\xbc\xaf\x27\x1c" + bytes(40), "a 7z archive"),
        ("a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(40), "an old Excel"),
        ("a.avro", b"Obj\x01" + bytes(40), "an Avro file"),
        ("a.bin", bytes(range(32)) * 9, "nor anything else that is known"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",  # a packed file holds the time at which it was made
)
def test_what_is_not_read_here_is_refused_by_its_name(name: str, data: bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(ProblemError, match=words) as refused:
        read(tmp_path, {name: data})
    assert refused.value.problem.todo


# -- whatever it is, it ends in a sentence ---------------------------------------------------------------------------


def test_whatever_goes_wrong_in_looking_ends_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_text("n\n1\n")

    def fail(*_: object, **__: object) -> None:
        raise OverflowError("Python int too large to convert to C long")

    monkeypatch.setattr(sampling, "guesses", fail)
    problem = inspect_files(str(tmp_path / "a.csv"), FileOptions()).problem
    assert problem is not None
    assert problem.cause is Cause.USAGE
    assert "int" not in problem.sentence().split()


def test_a_row_of_many_levels_does_not_end_a_look_at_its_file(tmp_path: Path) -> None:
    deep = b'{"a":' * 900 + b"1" + b"}" * 900
    lists = b'{"l":' + b"[" * 900 + b"]" * 900 + b"}"
    deeper = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
    sample = sampled(read(tmp_path, {"a.ndjson": b"\n".join([deep, lists, deeper, b'{"n":1}'])}))
    assert sample.amount == 4
    assert max(guess.field.count(".") for guess in sample.guesses) <= 20


@cache
def packed_table(quote: str) -> tuple[list[str], bytes]:
    """A table's rows, and the whole of it packed."""
    rows = [f"{n},{quote}{n * 7_919 % 100_003}.{n % 89:02}{quote}" for n in range(90_000)]
    return rows, gzip.compress("\n".join(["n,total", *rows]).encode(), mtime=0)


@pytest.mark.parametrize("share", [0.5, 0.7, 0.9])
@pytest.mark.parametrize("quote", ["", '"'])
def test_of_a_packed_table_that_was_cut_no_half_row_is_taken_for_a_whole_one(
    quote: str, share: float, tmp_path: Path
) -> None:
    rows, packed = packed_table(quote)
    reading = read(tmp_path, {"a.csv.gz": packed[: int(len(packed) * share)]})
    *good, cut = pages_of(reading)[0]
    assert len(good) > 1_000
    assert [",".join(json.loads(row.source).values()) for row in good] == [
        row.replace('"', "") for row in rows[: len(good)]
    ]
    assert "this row and what comes after it was not read" in cut.error
    assert cut.line == len(good) + 2
