"""Which names an alias may have: 2.x took any, newer servers do not.

https://www.elastic.co/guide/en/elasticsearch/reference/current/indices-create-index.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.features import Features
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from esmigrate_tui.model.facts import Version

_NOWHERE: Final = ' ",*\\<|>/?#'
_LONGEST: Final = 255  # bytes


def alias_trouble(name: str, version: Version) -> str:
    """Why a cluster of that version takes no alias of this name, in words; "" where it does."""
    if not name:
        return "it has no name"
    features = Features.of_elasticsearch(version)
    if not features.checks_alias_names:
        return ""
    odd = next((one for one in name if one in _NOWHERE or (one == ":" and features.rejects_colons)), None)
    if odd is not None:
        return "a name must not hold a space" if odd == " " else f"a name must not hold {clean(odd)}"
    if name[0] in "_-+":
        return f"a name must not begin with {name[0]}"
    if name in {".", ".."}:
        return "a name must not be a dot or two"
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST:
        return f"a name has {_LONGEST} bytes at most"
    return ""
