import pytest

from esmigrate_tui.sandbox.errors import UnknownVersion
from esmigrate_tui.sandbox.versions import NUMBERS, VERSIONS, find


def test_each_version_has_one_row_and_rows_stand_in_order() -> None:
    assert [version.parts for version in VERSIONS] == sorted({version.parts for version in VERSIONS})


def test_every_file_has_a_checksum_of_its_own() -> None:
    sums = [artifact.sha256 for version in VERSIONS for artifact in version.artifacts]
    excerpts = [version.excerpt for version in VERSIONS if version.excerpt is not None]
    sums += [one for excerpt in excerpts for one in (excerpt.sha256, excerpt.archive.sha256)]
    assert all(len(one) == 64 and int(one, 16) for one in sums)
    assert len(set(sums)) == len(sums)


def test_an_unknown_version_is_told_with_those_that_are_known() -> None:
    with pytest.raises(UnknownVersion, match=r"does not know Elasticsearch 6\.8\.22") as caught:
        find("6.8.22")
    assert all(number in str(caught.value) for number in NUMBERS)
    assert caught.value.exit_code == 2


def test_only_versions_with_remote_reindex_get_a_whitelist() -> None:
    with_reindex = [version.number for version in VERSIONS if version.whitelist_setting]
    assert with_reindex == ["5.6.16", "6.8.23", "7.17.28", "8.19.8", "9.4.3"]
