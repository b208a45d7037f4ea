"""Which names an index and an alias may have: the one place that knows it.

https://www.elastic.co/guide/en/elasticsearch/reference/current/indices-create-index.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from esmigrate_tui.model.features import Features

_NOWHERE: Final = ' ",*\\<|>/?#'
_LONGEST: Final = 255  # bytes
INDEX_NAME_RULE: Final = (
    'A name is in lower case, begins with none of - _ + and holds no space and none of \\ / * ? " < > | , # :, in at '
    "most 255 bytes."
)
"""The whole rule in one sentence, for those who have to choose another name."""


def index_name_problem(name: str) -> str:
    """Why Elasticsearch creates no index of this name (any version since 7.0), in a few words; "" where it does.

    What a terminal cannot show is refused as well, though a server takes some of it: such a name could not be typed.
    """
    if not name:
        return "a name is needed"
    if name in {".", ".."}:
        return f"{name} is no name"
    if name != name.lower():
        return "only small letters"
    odd = next((one for one in name if one in _NOWHERE or one == ":" or one.isspace() or clean(one) != one), "")
    if odd:
        return "no blanks" if odd == " " else f"not with {clean(odd)!r}"
    if name[0] in "-_+":
        return f"not with {name[0]} in front"
    if len(name.encode("utf-8", "surrogatepass")) > _LONGEST:
        return f"at most {_LONGEST} bytes"
    return ""


def alias_problem(name: str, features: Features) -> str:
    """Why a cluster with these abilities takes no alias of this name, in words; "" where it does."""
    if not name:
        return "it has no name"
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
