"""What the sandbox's own tests share."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def own_sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A sandbox of this test's own, which shares the unpacked servers and nothing else.

    pytest's own temporary folders are closed to the account that runs nodes for root.
    """
    folder = Path(tempfile.mkdtemp(prefix="esmigrate-", dir="/var/tmp"))
    folder.chmod(0o755)
    monkeypatch.setenv("ESMIGRATE_SANDBOX_DIR", str(folder))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)
