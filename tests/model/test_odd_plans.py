"""Plan files that nobody has written on purpose: each is a plan, or one sentence."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import pytest
import tomli_w
from hypothesis import given, settings
from hypothesis import strategies as st

import esmigrate_tui
from esmigrate_tui.disk import read_text
from esmigrate_tui.engine.run import started
from esmigrate_tui.flow.checking import as_planned, draft_of
from esmigrate_tui.flow.review import overwritten
from esmigrate_tui.model.connection import Connection, Endpoint, SignIn, Trust, TrustKind
from esmigrate_tui.model.files import Compression, FileFormat, FileReading, FileSource
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.output import json_line
from esmigrate_tui.model.plan import MOST_BYTES, Plan, Task, amount_of
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.shipping import Shipper, ShippingOptions
from esmigrate_tui.model.snapshot import RestoreKind, TakenNameRule
from esmigrate_tui.model.text import clean
from tests.examples import at_most
from tests.operations import growth

if TYPE_CHECKING:
    from collections.abc import Callable

HERE: Final = Connection(
    endpoint=Endpoint(scheme="https", host="new.example.org", port=9200, path="/es"),
    sign_in=SignIn.PASSWORD,
    user="elastic",
    trust=Trust(kind=TrustKind.CA_FILE, ca_file="/etc/ca.crt"),
)
FILE: Final = FileSource(path="/a.csv", size=3, modified="2026-01-01T00:00:00", compression=Compression.NONE)
PLAN: Final = Plan(
    method=MethodName.COPY_THROUGH_HERE,
    made_at="2026-01-01T00:00:00Z",
    source=HERE,
    destination=HERE,
    destination_uuid="u",
    destination_version="8.19.3",
    batch=10,
    requests_per_second=1.5,
    accepted=(),
    tasks=(
        Task(
            number=1,
            source_index="logs",
            destination_index="logs-2",
            create='{"mappings":{}}',
            documents=5,
            size=1_000,
            changes=("a",),
            later={"a": "b"},
            kind=RestoreKind.DATA_STREAM,
            shards=3,
            in_the_way={"x": TakenNameRule.DELETE},
            reading=FileReading(files=(FILE,), format=FileFormat.CSV),
        ),
        Task(
            number=2,
            source_index="s",
            destination_index="d",
            shipping=ShippingOptions(shipper=Shipper.RSYSLOG, expected=3),
        ),
    ),
)
_TREE: Final[dict[str, Any]] = msgspec.to_builtins(PLAN)
_RAW: Final = ("\x9b31m", "\u202etxt.exe", "\r\nFORGED", "\x7f", "\u200b", "\U000e0041", "a\r\nb\nc", "\u2028")


def _paths(value: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:  # noqa: ANN401  # a tree of plain values
    below = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list | tuple) else ()
    return [at, *(path for key, one in below for path in _paths(one, (*at, key)))]


def _with(path: tuple[Any, ...], value: Any) -> Any:  # noqa: ANN401  # the same
    tree = msgspec.json.decode(msgspec.json.encode(_TREE))
    if not path:
        return value
    inner = tree
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return tree


def _plan_or_problem(text: str) -> Plan | Problem:
    try:
        return Plan.from_toml(text)
    except ProblemError as error:
        return error.problem


def used(text: str) -> Plan | None:
    """The plan in a text, used for all that is done before a cluster is asked; None where it is refused in words."""
    plan = _plan_or_problem(text)
    if isinstance(plan, Problem):
        assert plan.cause is Cause.USAGE
        assert "Expected `" not in plan.what
        assert plan.what.endswith(".")
        assert clean(plan.what) == plan.what
        return None
    draft_of(plan, as_planned(plan))
    overwritten(plan)
    started(plan, "7K2P", 1.0)
    amount_of(plan)
    assert Plan.from_toml(plan.to_toml()) == plan
    assert msgspec.json.decode(json_line(plan), type=Plan) == plan
    return plan


_ODD: Final = st.one_of(
    st.integers(-(2**64), 2**64),
    st.floats(),
    st.booleans(),
    st.text(max_size=20),
    st.sampled_from([*_RAW, "", "-1", "9" * 40, "../..", "{", "[]", "{}"]),
    st.just([]),
    st.just({}),
    st.just([{}]),
    st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)


@settings(max_examples=at_most(300), deadline=None)
@given(path=st.sampled_from(_paths(_TREE)[1:]), value=_ODD)
def test_a_value_that_nobody_meant_is_a_plan_or_a_sentence(path: tuple[Any, ...], value: Any) -> None:  # noqa: ANN401
    used(tomli_w.dumps(_with(path, value)))


@settings(max_examples=at_most(100), deadline=None)
@given(at=st.integers(0, len(PLAN.to_toml())), insert=st.text(max_size=8), cut=st.integers(0, 30))
def test_a_text_that_was_damaged_is_a_plan_or_a_sentence(at: int, insert: str, cut: int) -> None:
    whole = PLAN.to_toml()
    used(whole[:at] + insert + whole[at + cut :])


@pytest.mark.parametrize(
    "text",
    [
        "a = " + "[" * 100_000,
        "a = " + "{b = " * 50_000,
        "[" + ".".join("a" * 20_000) + "]",
        f"at_once = {'9' * 5_000}",
        "made_at = 2026-13-45",
        "requests_per_second = inf",
        "\x00",
        "",
    ],
    ids=["lists", "tables", "names", "long number", "date", "infinite", "NUL", "empty"],
)
def test_depth_and_numbers_without_measure_are_refused_in_words(text: str) -> None:
    with pytest.raises(ProblemError, match="not a plan that can be run"):
        Plan.from_toml(text)


@pytest.mark.parametrize(
    ("path", "value", "why"),
    [
        (("method",), 5, "method must be one of index-from-source, .*, copy-through-here, and is a whole number"),
        (("method",), "x", "method is 'x', and must be one of index-from-source, .*"),
        (("source",), [], "source must be a table, and is a list"),
        (("source", "endpoint"), 3, "endpoint in source must be a table, and is a whole number"),
        (("source", "sign_in"), "key", "sign_in in source is 'key', and must be one of none, password, api-key, token"),
        (("source", "endpoint", "port"), 0, "endpoint in source: a port is a number from 1 to 65535"),
        (("at_once",), -1, "at_once must be at least 0"),
        (("at_once",), "3", "at_once must be a whole number, and is a text"),
        (("requests_per_second",), "x", "requests_per_second must be a number, and is a text"),
        (("tune",), "yes", "tune must be true or false, and is a text"),
        (("tasks",), {}, "tasks must be a list, and is a table"),
        (("tasks", 0, "number"), "a", "number in tasks 1 must be a whole number, and is a text"),
        (("tasks", 0, "changes"), [1], "changes 1 in tasks 1 must be a text in quotes, and is a whole number"),
        (
            ("tasks", 0, "later"),
            {"a": 1},
            "a value of later in tasks 1 must be a text in quotes, and is a whole number",
        ),
    ],
)
def test_a_wrong_value_is_told_by_its_key_and_by_what_it_must_be(path: tuple[Any, ...], value: Any, why: str) -> None:  # noqa: ANN401
    with pytest.raises(ProblemError, match=f"^p.toml is not a plan that can be run: {why}[.]"):
        Plan.from_toml(tomli_w.dumps(_with(path, value)), "p.toml")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("0", "it must be an object, and is a whole number"),
        ('{"settings":3}', "settings must be an object, and is a whole number"),
    ],
)
def test_a_body_that_is_none_is_told_in_the_same_words(body: str, why: str) -> None:
    with pytest.raises(ProblemError, match=f"is not a JSON object: {why}[.]"):
        Plan.from_toml(tomli_w.dumps(_with(("tasks", 0, "create"), body)))


def test_what_is_missing_in_a_plan_is_named() -> None:
    with pytest.raises(ProblemError, match=r"^This is not a plan that can be run: the key method is missing\."):
        Plan.from_toml("")
    with pytest.raises(ProblemError, match=r"the key endpoint is missing in source\."):
        Plan.from_toml(tomli_w.dumps(_with(("source",), {"sign_in": "none"})))


def test_a_plan_that_does_not_say_how_many_is_an_older_one_and_means_two() -> None:
    by_work = msgspec.structs.replace(PLAN, at_once=0)
    assert Plan.from_toml(by_work.to_toml()).at_once == 0
    assert Plan.from_toml(by_work.to_toml().replace("at_once = 0\n", "")).at_once == 2


def test_a_plan_as_it_should_be_is_read_back_unchanged() -> None:
    assert used(PLAN.to_toml()) == PLAN


_BODY: Final = json.dumps({"mappings": {"properties": {'say "ü"\\n': {"type": "keyword"}}}}, indent=2)


def of_body(body: str) -> Plan:
    return msgspec.structs.replace(PLAN, tasks=(msgspec.structs.replace(PLAN.tasks[0], create=body),))


def test_a_body_stands_in_a_plan_as_it_is() -> None:
    text = of_body(_BODY).to_toml()
    assert f"create = '''\n{_BODY}'''\n" in text
    assert Plan.from_toml(text) == of_body(_BODY)


@settings(max_examples=at_most(200), deadline=None)
@given(
    st.lists(st.text(alphabet="'\"\\\n\r\t a\x00\x1f\x85ü\u2028\ue000", max_size=12), min_size=3, max_size=3),
    st.sampled_from(["block-0", '"block-0"', "block-1"]),
)
def test_texts_of_several_lines_are_read_as_they_were(texts: list[str], odd: str) -> None:
    first, second = PLAN.tasks
    one = msgspec.structs.replace(first, changes=(*texts, odd, "a\nb"), in_the_way={odd: TakenNameRule.DELETE})
    plan = msgspec.structs.replace(PLAN, tasks=(one, msgspec.structs.replace(second, later={odd + texts[0]: texts[1]})))
    assert Plan.from_toml(plan.to_toml()) == plan


def test_a_longer_body_is_written_and_read_at_the_same_cost() -> None:
    def through_a_file(lines: int) -> Callable[[], object]:
        plan = of_body(json.dumps(dict.fromkeys(map(str, range(lines)), "a"), indent=2))
        return lambda: Plan.from_toml(plan.to_toml())

    through_a_file(1)()  # what is imported is imported
    assert growth(through_a_file) < 1.1


@pytest.mark.parametrize("raw", _RAW)
def test_what_a_terminal_would_obey_is_escaped_in_a_plan_and_the_value_is_kept(raw: str) -> None:
    name = f"old{raw}"
    plan = msgspec.structs.replace(
        PLAN, tasks=(msgspec.structs.replace(PLAN.tasks[0], source_index=name, create='{"mappings":{}}\n'),)
    )
    text = plan.to_toml()
    assert Plan.from_toml(text) == plan
    for line in text.splitlines():
        assert clean(line, 10_000) == line
    assert clean(json_line(plan), 100_000) == json_line(plan)
    assert msgspec.json.decode(json_line(plan))["tasks"][0]["source_index"] == name


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("host", "localhost/../x", "is no host"),
        ("host", "new\u202eexample", "is no host"),
        ("host", "new\x9bexample", "is no host"),
        ("host", "a\r\nb", "is no host"),
        ("host", "user@evil", "is no host"),
        ("host", "", "is no host"),
        ("host", "::g", "is no host"),
        ("host", "a#b", "is no host"),
        ("port", -1, "a port is a number from 1 to 65535"),
        ("port", 0, "a port is a number from 1 to 65535"),
        ("port", 99_999, "a port is a number from 1 to 65535"),
        ("scheme", "ftp", "begins with http:// or https://"),
        ("scheme", "HTTPS", "begins with http:// or https://"),
        ("path", "/a/../b", "no . or .."),
        ("path", "/a/%2e%2e/b", "no . or .."),
        ("path", "es", "is no path"),
        ("path", "/a?b", "is no path"),
    ],
)
def test_an_address_in_a_plan_that_would_lead_elsewhere_is_refused(field: str, value: object, why: str) -> None:
    for side in ("source", "destination"):
        with pytest.raises(ProblemError) as refused:
            Plan.from_toml(tomli_w.dumps(_with((side, "endpoint", field), value)))
        assert why in refused.value.problem.what


@pytest.mark.parametrize(
    "host", ["localhost", "10.0.0.1", "es-1.example.org", "bücher.de", "::1", "fe80::1%eth0", "my_es"]
)
def test_hosts_that_are_in_use_are_taken(host: str) -> None:
    assert Endpoint(scheme="https", host=host, port=9200).host == host


def test_a_nul_in_the_name_of_a_file_is_refused() -> None:
    with pytest.raises(ProblemError, match="NUL"):
        Plan.from_toml(tomli_w.dumps(_with(("destination", "trust", "ca_file"), "/etc/\0ca.crt")))


def test_two_tasks_of_one_number_are_no_plan() -> None:
    with pytest.raises(ProblemError, match="two tasks have the same number"):
        Plan.from_toml(tomli_w.dumps(_with(("tasks", 1, "number"), 1)))


def test_half_a_character_in_a_name_is_said_before_anything_is_written() -> None:
    task = msgspec.structs.replace(PLAN.tasks[0], source_index="caf\udce9.csv")
    with pytest.raises(ProblemError, match="not valid Unicode"):
        msgspec.structs.replace(PLAN, tasks=(task,)).to_toml()


def test_what_is_no_file_of_text_is_refused_without_being_read(tmp_path: Path) -> None:
    pipe, link, huge = tmp_path / "pipe", tmp_path / "zero", tmp_path / "huge"
    os.mkfifo(pipe)
    link.symlink_to("/dev/zero")
    with huge.open("wb") as file:
        file.truncate(MOST_BYTES * 100)  # a hole: nothing is on the disk
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe")
    for path in (pipe, link, huge, tmp_path, binary, tmp_path / "none", tmp_path / "a\0b"):
        with pytest.raises(ProblemError, match="plan") as refused:
            read_text(path, 1_000_000, "a plan")
        assert refused.value.problem.cause is Cause.USAGE


def test_every_json_that_is_printed_goes_through_the_one_function_for_it() -> None:
    package = Path(esmigrate_tui.__file__).parent
    printing = [*(package / "cli").glob("*.py"), package / "report" / "files.py"]
    raw = [path.name for path in printing if ".decode()" in path.read_text() and "json.encode(" in path.read_text()]
    assert raw == []
