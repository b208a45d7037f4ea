"""The report as files: whole or not there, for their owner alone; the page and the table hold no cluster's markup."""

from __future__ import annotations

import csv
import io
import stat
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from esmigrate_tui.model.event import Reject, RunOutcome
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.report import as_html, as_json, as_markdown, write_all
from esmigrate_tui.report.spreadsheet import cell, write_table
from tests.report.test_report import SET_ASIDE, a_progress, a_report

if TYPE_CHECKING:
    from pathlib import Path

MARKUP = "<script>alert(1)</script>"
ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "strong", "ul", "ol", "li", "code", "pre"}
ALLOWED |= {"hr", "table", "thead", "tbody", "tr", "th", "td"}
ALLOWED |= {"figure", "svg", "polygon", "polyline", "line", "text", "figcaption"}


class Tags(HTMLParser):
    """Every tag of a page, and every attribute that could load or run something."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.reaching: list[tuple[str, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.reaching += [(n, v) for n, v in attrs if n in {"src", "href", "action", "data"} or n.startswith("on")]


def read(page: str) -> Tags:
    tags = Tags()
    tags.feed(page)
    tags.close()
    return tags


def test_all_files_are_written_for_their_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "7K2P"
    paths = write_all(a_report(), folder)
    assert [path.name for path in paths] == ["report.md", "report.html", "report.json"]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, *paths)] == [0o700, 0o600, 0o600, 0o600]
    told = [path.read_text(encoding="utf-8") for path in paths]
    assert told == [as_markdown(a_report()), as_html(a_report()), as_json(a_report())]


def test_a_report_takes_the_place_of_an_older_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    (tmp_path / "report.md").write_text("old")
    write_all(a_report(), tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["report.html", "report.json", "report.md"]
    assert (tmp_path / "report.md").read_text().startswith("# Migration report")


def test_a_report_that_cannot_be_written_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ProblemError) as caught:
        write_all(a_report(), tmp_path / "taken")
    assert caught.value.problem.what == f"The report could not be written to {tmp_path / 'taken'}: File exists."
    assert caught.value.problem.todo.endswith("esmigrate report 7K2P")


def test_what_was_set_aside_becomes_a_table_of_its_own(tmp_path: Path) -> None:
    refused = [Reject(index="books", id=str(number), status=400, reason="mapper: no date") for number in range(3)]
    lines = tmp_path / "rejects.ndjson"
    lines.write_bytes(b"".join(msgspec.json.encode(reject) + b"\n" for reject in refused))
    *_, table = write_all(a_report(), tmp_path, lines)
    assert table.name == "rejects.csv"
    rows = list(csv.DictReader(table.read_text(encoding="utf-8").splitlines()))
    assert [(row["_id"], row["status"], row["reason"]) for row in rows] == [
        (str(number), "400", "mapper: no date") for number in range(3)
    ]


# -- the page ----------------------------------------------------------------------------------------------------------


def test_the_page_says_what_the_markdown_says() -> None:
    page = as_html(a_report(a_progress(orders=SET_ASIDE, outcome=RunOutcome.INCOMPLETE)))
    assert "<h1>Migration report: run 7K2P</h1>" in page
    assert "Everything arrived but 3 documents" in page
    assert "<td>orders-v2</td>" in page


@pytest.mark.parametrize("many", [1, 500, 501, 1_201])
def test_a_long_table_is_rendered_some_rows_at_a_time_and_looks_the_same(
    many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = a_report()
    report = msgspec.structs.replace(report, indices=report.indices[:1] * many)
    words = MarkdownIt("commonmark", {"html": False}).enable("table").render(as_markdown(report))
    at_once: list[int] = []
    render = MarkdownIt.render

    def noting(self: MarkdownIt, text: str) -> Any:  # noqa: ANN401  # as it has it
        at_once.append(text.count("\n"))
        return render(self, text)

    monkeypatch.setattr(MarkdownIt, "render", noting)
    facts, _, rest = words.partition("<h2>")
    page = as_html(report)
    assert facts in page
    assert rest in page
    assert page.count("<tr>") == words.count("<tr>")
    assert max(at_once) < 510


def test_the_page_draws_the_rate_over_time_and_says_it_in_words() -> None:
    report = msgspec.structs.replace(a_report(), rate_over_time=((0.0, 0.0), (50.0, 300.0), (100.0, 150.0)))
    page = as_html(report)
    assert '<polyline class="rate" points="0.0,180.0 360.0,20.0 720.0,100.0"/>' in page
    assert page.count("The rate over 1 min 40 s, at most 300 documents a second.") == 2


@pytest.mark.parametrize("points", [(), ((1.0, 5.0),)])
def test_a_page_without_two_looks_has_no_picture(points: tuple[tuple[float, float], ...]) -> None:
    assert (
        "svg"
        in as_html(msgspec.structs.replace(a_report(), rate_over_time=((0.0, 0.0), (1.0, 0.0)))).split("</style>")[1]
    )
    assert "<svg" not in as_html(msgspec.structs.replace(a_report(), rate_over_time=points))


@given(st.text() | st.sampled_from([MARKUP, "<img src=x onerror=alert(1)>", "[a](javascript:b)", "![a](http://b)"]))
def test_nothing_that_a_cluster_says_becomes_part_of_the_page(text: str) -> None:
    report = a_report()
    rows = (msgspec.structs.replace(report.indices[0], source_index=text, problem=text, changes=(text,)),)
    tags = read(as_html(msgspec.structs.replace(report, run=text, verdict=text, indices=rows)))
    assert tags.tags <= ALLOWED
    assert tags.reaching == []


def test_the_page_forbids_everything_that_would_be_loaded_or_run() -> None:
    assert "default-src 'none'; style-src 'unsafe-inline'" in as_html(a_report())


# -- the table ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "  =1", "\uff1d1"])
def test_a_cell_that_looks_like_a_formula_is_a_text(text: str) -> None:
    assert cell(text).startswith("'")


@given(st.text())
def test_no_cell_of_the_table_is_a_formula_or_more_than_one_line(text: str) -> None:
    out = io.StringIO(newline="")
    assert write_table([Reject(index=text, id=text, reason=text)], out) == 1
    rows = list(csv.reader(io.StringIO(out.getvalue(), newline="")))
    assert len(rows) == 2
    assert not any(entry.lstrip()[:1] in {"=", "+", "-", "@"} for entry in rows[1] if entry.strip())
    assert not any("\n" in entry or "\r" in entry for entry in rows[1])
