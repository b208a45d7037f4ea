"""Every screen in its states, compared with a picture that somebody looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.pictures.sample_values import ROOMY

if TYPE_CHECKING:
    from collections.abc import Callable


pytestmark = pytest.mark.slow


def test_the_start_lists_what_is_going_on_and_what_stopped(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("start")


def test_a_long_list_of_runs_scrolls(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("start-many")


def test_the_methods_stand_in_the_guides_order(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method")


def test_the_methods_say_how_they_stand_between_two_known_clusters(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method-advised")


def test_a_method_that_is_to_be_preferred_says_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method-preferred")


def test_looking_which_way_fits_says_how_long_it_takes_already(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method-looking")


def test_the_methods_use_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("method-wide")


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


def test_connections_use_a_large_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("connections-large")


def test_findings_appear_while_the_checks_are_going_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-looking")


def test_what_blocks_stands_first_and_is_explained(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-blocked")


def test_passed_checks_can_be_unfolded(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-passed")


def test_a_finding_that_can_be_put_right_says_by_which_key(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-mend")


def test_before_something_is_put_right_the_requests_are_shown_there_and_back(
    is_as_accepted: Callable[[str], bool],
) -> None:
    assert is_as_accepted("preflight-mend-asked")


def test_what_was_put_right_stands_above_what_is_left(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-fixed")


def test_a_repair_that_failed_says_why_and_what_was_done_before_it(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-mend-failed")


def test_leaving_says_what_was_put_right(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-fixed-leave")


def test_checks_that_could_not_be_made_say_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-trouble")


def test_the_checks_use_a_large_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("preflight-large")


def test_a_renamed_index_stands_out_in_the_selection(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection")


def test_a_filter_shows_what_it_leaves_and_why_a_closed_index_cannot_be_chosen(
    is_as_accepted: Callable[[str], bool],
) -> None:
    assert is_as_accepted("selection-filtered")


def test_a_filter_that_leaves_nothing_says_so(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-nothing")


def test_a_source_without_an_index_says_so(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-empty")


def test_ten_thousand_indices_are_counted_in_full(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-thousands")


def test_reading_definitions_says_how_long_it_takes_already(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-defining")


def test_the_selection_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-wide")


def test_one_index_is_described_beside_a_wide_list(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-details")


def test_the_selection_uses_a_large_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-large")


def test_an_index_whose_definition_was_changed_is_marked(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-changed")


def test_settings_for_all_are_typed_in_one_line(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-settings")


def test_what_the_translation_changes_stands_above_the_definition(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition")


def test_differences_have_a_sign_before_them(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition-differences")


def test_both_definitions_stand_beside_each_other_where_there_is_room(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition-wide")


def test_what_a_person_has_changed_stands_first(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition-changed")


def test_thousands_of_fields_are_counted_and_the_first_are_told(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition-many")


def test_a_definition_is_edited_as_json(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition-json")


def test_json_that_cannot_be_read_says_in_which_line(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("definition-wrong")


def test_the_options_of_a_copy_say_what_each_answer_comes_to(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-options")


def test_the_options_of_a_reindex_have_the_safe_answer_first(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("selection-options-reindex")


def test_the_review_tells_the_order_and_has_its_focus_on_back(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review")


def test_a_review_without_a_plan_says_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review-no-plan")


def test_a_wide_review_shows_the_requests_with_dots_for_secrets(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review-wide")


def test_the_review_uses_a_large_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("review-large")


def test_a_run_that_has_just_begun_claims_nothing(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-started")


def test_a_run_shows_what_moves_and_what_needs_attention(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run")


def test_a_run_that_waits_says_for_what(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-waiting")


def test_what_held_a_run_up_is_named_where_the_plot_dips(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-held-before")


def test_a_paused_run_claims_no_speed(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-paused")


def test_a_run_whose_process_is_gone_says_how_to_go_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-process-gone")


def test_the_board_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-wide")


def test_what_is_done_can_be_unfolded(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-unfolded")


def test_the_board_uses_a_large_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-large")


def test_more_contrast_dims_nothing(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-contrast")


def test_a_small_terminal_still_shows_the_run_in_a_line(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-small")


def test_stopping_is_asked_about_with_the_focus_on_going_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("run-stop")


def test_a_verified_run_says_what_is_left_to_do(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish")


def test_an_incomplete_run_shows_what_differs_first(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish-incomplete")


def test_documents_that_were_set_aside_are_not_called_verified(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish-aside")


def test_the_end_uses_a_large_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish-large")


def test_a_stopped_run_says_what_was_not_begun(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("finish-stopped")


def test_every_step_has_a_page_in_plain_words(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("help")


def test_changes_before_a_run_stand_beside_the_runs(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("start-changes")


def test_a_source_that_may_be_left_empty_says_what_is_lost_by_that(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-connections")


def test_a_restore_goes_on_with_the_destination_alone(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-alone")


def test_the_repositories_of_both_sides_stand_in_one_list(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository")


def test_a_node_that_does_not_reach_a_repository_is_named(
    is_as_accepted: Callable[[str], bool],
) -> None:
    assert is_as_accepted("repository-unreached")


def test_a_repository_that_only_the_source_has_can_be_registered(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository-source-only")


def test_a_list_without_a_repository_says_what_one_is(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository-empty")


def test_listing_repositories_says_what_it_waits_for(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository-listing")


def test_the_form_of_a_repository_says_where_its_secrets_belong(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository-form")


def test_registering_shows_the_request_with_the_focus_on_not_now(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository-confirm")


def test_the_page_about_repositories_draws_who_reads_what(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("repository-help")


def test_the_snapshots_stand_with_state_words_the_newest_first(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot")


def test_a_wide_list_of_snapshots_has_more_columns(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-wide")


def test_snapshots_can_be_looked_at_while_more_are_coming(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-coming")


def test_two_thousand_snapshots_are_filtered_as_one_types(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-thousands")


def test_a_partial_snapshot_names_what_it_lacks(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-partial")


def test_a_snapshot_that_is_too_new_names_the_method_that_works(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-too-new")


def test_a_repository_without_a_snapshot_says_how_to_get_one(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-none")


def test_a_snapshot_that_is_being_made_shows_bytes_and_shards(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-taking")


def test_the_form_of_a_snapshot_names_what_its_patterns_mean(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-new")


def test_cancelling_a_snapshot_says_what_is_deleted(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-cancel")


def test_the_page_about_snapshots_draws_who_takes_a_new_one(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("snapshot-help")


def test_a_name_that_is_taken_stands_out_in_its_row(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-selection")


def test_the_selection_of_a_restore_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-selection-wide")


def test_an_index_that_is_not_whole_in_the_snapshot_says_so(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-not-whole")


def test_what_has_the_name_already_is_described_before_it_is_decided(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-taken")


def test_deleting_wants_the_exact_name_typed(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-delete")


def test_every_name_that_a_pattern_makes_is_shown(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-pattern")


def test_a_pattern_that_makes_a_wrong_name_says_which(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-pattern-wrong")


def test_the_options_of_a_restore_explain_the_one_at_the_cursor(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-options")


def test_a_review_that_overwrites_asks_for_the_destinations_name(
    is_as_accepted: Callable[[str], bool],
) -> None:
    assert is_as_accepted("restore-review")


def test_a_wide_review_of_a_restore_shows_its_request(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-review-wide")


def test_a_restore_is_followed_in_bytes_and_shards(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-run")


def test_the_board_of_a_restore_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-run-wide")


def test_a_shard_that_does_not_start_says_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-run-waiting")


def test_stopping_a_restore_says_first_what_it_deletes(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-run-stop")


def test_a_restore_with_its_source_says_how_it_was_checked(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-finish")


def test_a_restore_without_its_source_says_what_cannot_be_known(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-finish-alone")


def test_a_stopped_restore_shows_what_is_whole_and_what_is_gone(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("restore-stopped")


def test_files_ask_for_one_cluster_alone(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-connections")


def test_no_file_yet_says_what_can_be_named(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-empty")


def test_a_look_at_files_says_how_long_it_takes_already(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-looking")


def test_files_show_their_first_rows_and_the_bad_ones_by_line(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files")


def test_files_use_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-wide")


def test_a_pattern_that_matches_nothing_says_so(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-missing")


def test_files_of_several_kinds_are_told_apart(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-mixed")


def test_files_of_which_no_row_can_be_read_ask_for_another_format(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-unreadable")


def test_many_files_with_long_names_and_many_errors_stay_readable(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-many")


def test_the_page_of_the_files_says_what_a_row_can_come_to(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-help")


def test_a_guess_stands_beside_what_the_destination_would_guess(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping")


def test_the_mapping_uses_a_wide_terminal(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-wide")


def test_what_was_changed_in_a_mapping_stands_out(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-changed")


def test_a_hundred_fields_scroll_and_a_hostile_name_does_no_harm(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-many")


def test_a_mapping_without_fields_says_why(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-nothing")


def test_an_index_that_is_there_keeps_its_mapping(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-there")


def test_a_type_is_chosen_by_what_it_is_for(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-type")


def test_the_format_of_a_date_is_typed(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-format")


def test_the_mapping_is_edited_as_json(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-json")


def test_the_page_of_the_mapping_says_why_it_matters(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("mapping-help")


def test_the_checks_of_files_name_the_bad_rows(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-preflight")


def test_a_review_of_files_tells_the_order(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-review")


def test_files_are_followed_row_by_row(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-run")


def test_rows_that_were_set_aside_are_told_as_rows(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("files-finish")


def test_what_a_sender_has_to_be_told_is_shown_in_order(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent")


def test_a_number_that_is_none_keeps_from_going_on(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent-client")


def test_a_mapping_of_what_nobody_has_seen_is_written_as_json(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent-mapping")


def test_a_review_of_a_watch_changes_nothing_for_the_time_of_it(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent-review")


def test_a_watch_says_how_it_ends(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent-run")


def test_that_it_is_all_is_asked_once_more(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent-enough")


def test_what_was_accepted_is_not_called_verified(is_as_accepted: Callable[[str], bool]) -> None:
    assert is_as_accepted("sent-finish")


@pytest.mark.parametrize("name", [scene.name for scene in ROOMY])
def test_a_larger_terminal_tears_nothing_apart(is_as_accepted: Callable[[str], bool], name: str) -> None:
    assert is_as_accepted(name)
