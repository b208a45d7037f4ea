from pathlib import Path

import pytest

from esmigrate_tui.sandbox.java import JavaHome, candidates, choose, missing, parse_release
from esmigrate_tui.sandbox.versions import SystemJava, find


def java_home(folder: Path, version: str, modules: str = "java.base") -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin" / "java").write_text("#!/bin/sh\n", encoding="ascii")
    (folder / "bin" / "java").chmod(0o755)
    (folder / "release").write_text(f'JAVA_VERSION="{version}"\nMODULES="{modules}"\n', encoding="ascii")
    return folder


@pytest.mark.parametrize(("said", "major"), [("1.8.0_452", 8), ("11.0.13", 11), ("25", 25), ("17-ea", 17)])
def test_the_major_version_is_read_from_the_release_file(said: str, major: int) -> None:
    java = parse_release(f'IMPLEMENTOR="x"\nJAVA_VERSION="{said}"\n', Path("/java"))
    assert java is not None
    assert java.major == major


def test_a_release_file_without_a_version_names_no_java() -> None:
    assert parse_release("SOURCE=\n", Path("/java")) is None


def test_javas_are_found_by_variable_by_folder_and_on_the_path_each_once(tmp_path: Path) -> None:
    named = java_home(tmp_path / "named", "25.0.3")
    java_home(tmp_path / "jvm" / "seventeen", "17.0.9")
    (tmp_path / "jvm" / "link").symlink_to(tmp_path / "jvm" / "seventeen")
    (tmp_path / "jvm" / "broken").mkdir()
    other = java_home(tmp_path / "other", "21.0.1")
    environment = {
        "ESMIGRATE_JAVA_25_HOME": str(named),
        "JAVA_HOME": str(tmp_path / "nowhere"),
        "PATH": str(other / "bin"),
    }
    assert sorted(java.major for java in candidates(environment, tmp_path / "jvm")) == [17, 21, 25]


def test_a_java_made_for_this_program_comes_before_java_home(tmp_path: Path) -> None:
    first, second = java_home(tmp_path / "a", "17.0.1"), java_home(tmp_path / "b", "17.0.2")
    environment = {"JAVA_HOME": str(first), "ESMIGRATE_JAVA_17_HOME": str(second), "PATH": ""}
    assert [java.home for java in candidates(environment, tmp_path / "none")] == [second, first]


def test_a_java_without_a_needed_module_is_not_chosen() -> None:
    small = JavaHome(Path("/small"), 17, frozenset({"java.base"}))
    whole = JavaHome(Path("/whole"), 25, frozenset({"java.base", "jdk.net"}))
    assert choose(SystemJava((17, 25), ("jdk.net",)), [small, whole]) == whole
    assert choose(SystemJava((17,), ("jdk.net",)), [small]) is None


def test_a_missing_java_is_told_with_what_is_needed_what_was_found_and_what_to_do() -> None:
    told = str(missing(find("9.5.0"), [JavaHome(Path("/usr/lib/jvm/x"), 17, frozenset())], []))
    assert "needs a JDK 25 with the module jdk.incubator.vector" in told
    assert "Found: 17 in /usr/lib/jvm/x" in told
    assert "ESMIGRATE_JAVA_25_HOME" in told
