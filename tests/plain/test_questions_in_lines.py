"""Questions and answers in lines: every wrong answer gets one sentence and the question again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from esmigrate_tui.plain.console import (
    BackError,
    Console,
    EndOfInputError,
    LeaveError,
    PagedRows,
    in_turn,
    numbers,
    place_of,
)
from tests.plain.script import Script, lines_of

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

FRUIT = (("apple", "an apple"), ("pear", "a pear"))


async def test_a_choice_is_made_by_number_by_name_or_by_enter() -> None:
    script = Script("2", "apple", "")
    console = Console(script)
    assert [await console.choose("Which?", FRUIT, "pear") for _ in range(3)] == ["pear", "apple", "pear"]
    assert "  1. an apple\n  2. a pear\nNumber [2]: " in script.told


@pytest.mark.parametrize("wrong", ["3", "0", "-1", "cherry", "²", "99999999999999999999"])
async def test_a_choice_that_is_none_is_asked_for_again(wrong: str) -> None:
    script = Script(wrong, "1")
    assert await Console(script).choose("Which?", FRUIT) == "apple"
    assert lines_of(script, "Give a number from 1 to 2.")


async def test_yes_and_no_are_asked_for_until_it_is_one() -> None:
    script = Script("maybe", "YES", "")
    console = Console(script)
    assert await console.agrees("Really?") is True
    assert await console.agrees("Really?") is False
    assert len(lines_of(script, "Answer y for yes or n for no.")) == 1


async def test_a_text_that_does_not_do_is_asked_for_again_with_the_reason() -> None:
    script = Script("Big", "small")
    console = Console(script)
    assert await console.text("Name", why_not=lambda typed: "" if typed.islower() else "only small letters") == "small"
    assert "That does not do: only small letters." in script.told


async def test_question_mark_explains_and_asks_again() -> None:
    script = Script("?", "x")
    console = Console(script)
    console.help = lambda: console.say("It is a letter.")
    assert await console.ask("Letter") == "x"
    assert "It is a letter.\nLetter: " in script.told


@pytest.mark.parametrize(("typed", "raised"), [("b", BackError), ("B", BackError), ("q", LeaveError)])
async def test_one_letter_goes_back_or_leaves(typed: str, raised: type[Exception]) -> None:
    with pytest.raises(raised):
        await Console(Script(typed)).ask("Name", "default")


async def test_a_backslash_makes_an_answer_of_a_letter_and_a_dash_empties_it() -> None:
    console = Console(Script("\\q", "\\b", "\\?", "-"))
    assert [await console.ask("Name", "old") for _ in range(4)] == ["q", "b", "?", ""]


async def test_a_secret_is_taken_as_it_is_and_not_told() -> None:
    script = Script(" q ", "?")
    console = Console(script)
    assert [await console.secret("Password") for _ in range(2)] == [" q ", "?"]
    assert script.secrets == [" q ", "?"]
    assert script.told == "Password: \nPassword: \n"


async def test_the_end_of_the_answers_is_no_answer() -> None:
    with pytest.raises(EndOfInputError):
        await Console(Script()).choose("Which?", FRUIT, "pear")


async def test_back_goes_to_the_last_question_that_was_really_asked() -> None:
    script = Script("one", "b", "two", "three")
    console = Console(script)
    answers: dict[str, str] = {}

    def asks(name: str, *, is_asked: bool = True) -> Callable[[], Awaitable[bool]]:
        async def ask() -> bool:
            if is_asked:
                answers[name] = await console.ask(name, answers.get(name, ""))
            return is_asked

        return ask

    await in_turn((asks("first"), asks("never", is_asked=False), asks("last")))
    assert answers == {"first": "two", "last": "three"}
    assert "first [one]: " in script.told


async def test_back_from_the_first_question_leaves_all_of_them() -> None:
    console = Console(Script("b"))

    async def ask() -> bool:
        await console.ask("first")
        return True

    with pytest.raises(BackError):
        await in_turn((ask,))


@pytest.mark.parametrize(
    ("typed", "found", "wrong"),
    [
        ("1", (1,), ""),
        ("3 1-2, 2", (3, 1, 2), ""),
        ("", (), "a number is needed"),
        ("x", (), "x is no number"),
        ("4", (), "there are 3 rows, and 4 is not among them"),
        ("3-2", (), "there are 3 rows, and 3-2 is not among them"),
        ("0", (), "there are 3 rows, and 0 is not among them"),
    ],
)
def test_numbers_and_ranges_are_read_each_once(typed: str, found: tuple[int, ...], wrong: str) -> None:
    assert numbers(typed, 3) == (found, wrong)


@pytest.mark.parametrize(
    ("typed", "found"),
    [("2", (1, "")), ("pear", (1, "")), ("1 2", (0, "one at a time")), ("plum", (0, "plum is no number"))],
)
def test_a_row_is_meant_by_its_number_or_its_name(typed: str, found: tuple[int, str]) -> None:
    assert place_of(typed, ["apple", "pear"]) == found


def test_a_long_list_is_said_a_page_at_a_time_and_begins_again_after_the_last() -> None:
    script = Script()
    pages, rows = PagedRows(Console(script)), [f"row {at}" for at in range(1, 46)]
    for _ in range(4):
        pages.say(rows)
        pages.more(len(rows))
    assert [line for line in script.told.splitlines() if line.startswith("Rows")] == [
        "Rows 1 to 20 of 45; m shows more.",
        "Rows 21 to 40 of 45; m shows more.",
        "Rows 41 to 45 of 45; m shows more.",
        "Rows 1 to 20 of 45; m shows more.",
    ]


def test_what_a_cluster_sent_is_never_raw() -> None:
    script = Script()
    console = Console(script)
    console.say("\x1b]0;gone\x07 [/x]")
    console.show("\x9b31m")
    assert "\x1b" not in script.told
    assert "\x9b" not in script.told
    assert "[/x]" in script.told


def test_a_locale_without_utf_8_gets_ascii_alone() -> None:
    script = Script()
    Console(script, ascii_only=True).say("old → new … “so” — ok")
    assert script.told.isascii()
