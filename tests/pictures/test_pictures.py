"""Every screen in its states, compared with a picture that somebody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def test_the_start_lists_what_is_going_on_and_what_stopped(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("start")


def test_the_methods_stand_in_the_guides_order(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method")


def test_a_method_that_is_not_built_says_so_when_next_is_pressed(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method-not-built")


def test_two_empty_connections_ask_for_an_address(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("connections-empty")


def test_a_test_says_what_it_waits_for_and_how_long(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("connections-testing")


def test_two_good_connections_show_who_the_clusters_are(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("connections")


def test_a_refused_connection_says_why_and_what_to_do(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("connections-refused")


def test_a_new_fingerprint_is_shown_to_be_compared(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("connections-compare")


def test_findings_appear_while_the_checks_are_going_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-looking")


def test_what_blocks_stands_first_and_is_explained(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-blocked")


def test_passed_checks_can_be_unfolded(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-passed")


def test_checks_that_could_not_be_made_say_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-trouble")


def test_a_renamed_index_stands_out_in_the_selection(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection")


def test_a_filter_shows_what_it_leaves_and_why_a_closed_index_cannot_be_chosen(
    is_as_accepted: Callable[[str], bool],
) -> None:
    assert is_as_accepted("selection-filtered")


def test_a_filter_that_leaves_nothing_says_so(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-nothing")


def test_the_selection_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-wide")


def test_the_review_tells_the_order_and_has_its_focus_on_back(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review")


def test_a_review_without_a_plan_says_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review-no-plan")


def test_a_wide_review_shows_the_requests_with_dots_for_secrets(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review-wide")


def test_a_run_that_has_just_begun_claims_nothing(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-started")


def test_a_run_shows_what_moves_and_what_needs_attention(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run")


def test_a_run_that_waits_says_for_what(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-waiting")


def test_a_run_whose_process_is_gone_says_how_to_go_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-process-gone")


def test_the_board_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-wide")


def test_a_small_terminal_still_shows_the_run_in_a_line(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-small")


def test_stopping_is_asked_about_with_the_focus_on_going_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-stop")


def test_a_verified_run_says_what_is_left_to_do(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish")


def test_an_incomplete_run_shows_what_differs_first(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish-incomplete")


def test_a_stopped_run_says_what_was_not_begun(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish-stopped")


def test_every_step_has_a_page_in_plain_words(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("help")
