"""What else a run that reads documents can be told: each question with its answers, the safe one first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.carried import DefinitionGroup
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.method import Proof

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.session import Session


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be chosen: `options` are (value, words), `means` says what the answers come to."""

    name: str
    label: str
    options: tuple[tuple[str, str], ...]
    value: str
    means: str


_PROOFS: Final = {
    Proof.COUNTS: "the numbers of both sides",
    Proof.SAMPLES: "the numbers, and 20 documents of each",
    Proof.EVERYTHING: "the numbers, and EVERY document",
}
_SPLITS: Final = (
    ("0", "as many as fit: up to 4 for a large one"),
    ("1", "one"),
    ("2", "2"),
    ("4", "4"),
    ("8", "8"),
    ("16", "16, and as many searches held open"),
)


def questions(session: Session) -> tuple[Question, ...]:
    """What the method of the session can be told beside what goes where."""
    method, copying = session.draft.method, session.draft.copying
    found: list[Question] = []
    options = () if method is None else METHODS[method].options
    if "copying" in options:
        found += _of_copy(copying)
    if "split" in options:
        given = str(session.draft.split)
        found.append(
            Question(
                name="split",
                label="Tasks an index",
                options=_SPLITS if given in dict(_SPLITS) else (*_SPLITS, (given, given)),
                value=given,
                means="A large index is read by several server tasks, each a range of one field. More are faster where "
                "the clusters have room; each holds a search open on every shard of the source.",
            )
        )
    if method is not None:
        found.append(proof(session))
    if "bring" in options:
        found.append(_beside(session))
    return tuple(found)


_BESIDE: Final = (
    ("", "nothing"),
    ("templates", "templates"),
    ("pipelines", "ingest pipelines"),
    ("policies", "lifecycle policies"),
    ("templates,pipelines", "templates and ingest pipelines"),
    ("templates,pipelines,policies", "all: templates, pipelines, policies"),
)


def _beside(session: Session) -> Question:
    """What stands beside the indices and is carried over with them."""
    return Question(
        name="bring",
        label="Also bring over",
        options=_BESIDE,
        value=",".join(session.draft.bring),
        means="Made at the end, once every index is there: so none of it acts on what is moved. What has the name on "
        "the destination stays as it is. The review shows each, and what is otherwise in the newer version.",
    )


def proof(session: Session) -> Question:
    """By what it is proved that nothing was lost."""
    method, chosen = session.draft.method, session.draft.verify
    own = method.traits.proof if method is not None else Proof.COUNTS
    others = tuple((one.value, _PROOFS[one]) for one in Proof if one is not own)
    return Question(
        name="verify",
        label="Proof",
        options=(("", _PROOFS[own]), *others),
        value="" if chosen in {None, own} else str(chosen),
        means="Both sides are always counted. Comparing every document reads all of it once more on both clusters, and "
        "names what differs by its _id.",
    )


def _of_copy(copying: CopyOptions) -> tuple[Question, ...]:
    return (
        Question(
            name="pipelines",
            label="Ingest pipelines",
            options=(
                (PipelineRule.OFF.value, "passed by"),
                (PipelineRule.RESPECTED.value, "RUN again on each document"),
            ),
            value=copying.pipelines.value,
            means="The documents went through pipelines when they were new. Run again, those of the destination change "
            "what arrives, and it cannot be compared with the source any more.",
        ),
        Question(
            name="versions",
            label="Version numbers",
            options=_yes_no("begin anew", "kept; a lower one there is REPLACED"),
            value=_said(is_so=copying.versions),
            means="Kept, a document is written where none with its _id is there, or one with a lower version, which it "
            "replaces: so a second copy brings what has changed since. Not into data streams.",
        ),
        Question(
            name="types",
            label="Mapping types",
            options=((TypeRule.MERGED.value, "merged into one"), (TypeRule.APART.value, "apart, each as INDEX-TYPE")),
            value=copying.types.value,
            means="Only indices of 5.x and older have several. Merged, of two documents with one _id the second is set "
            "aside.",
        ),
        Question(
            name="into_existing",
            label="What is there",
            options=_yes_no("is left alone: such a name is refused", "is ADDED to, as it is"),
            value=_said(is_so=copying.into_existing),
            means="An index or a data stream of the destination that has the name already. Its mapping stays, and "
            "nothing in it is overwritten unless versions are kept.",
        ),
    )


def _yes_no(no: str, yes: str) -> tuple[tuple[str, str], ...]:
    return (("no", no), ("yes", yes))


def _said(*, is_so: bool) -> str:
    return "yes" if is_so else "no"


def answer(flow: Flow, name: str, value: str) -> None:
    """Take the answer to one of the questions."""
    if name == "split":
        flow.update(flow.session.answered(split=int(value)))
    elif name == "bring":
        flow.update(flow.session.answered(bring=tuple(DefinitionGroup(word) for word in value.split(",") if word)))
    elif name == "verify":
        flow.update(flow.session.answered(verify=Proof(value) if value else None))
    else:
        told = {"pipelines": PipelineRule, "types": TypeRule}.get(name)
        copying = msgspec.structs.replace(
            flow.session.draft.copying, **{name: told(value) if told is not None else value == "yes"}
        )
        flow.update(flow.session.answered(copying=copying))


def said_otherwise(session: Session) -> tuple[str, ...]:
    """What was answered otherwise than it would be by itself: "label: words" of each."""
    return tuple(
        f"{each.label}: {dict(each.options).get(each.value, each.value)}"
        for each in questions(session)
        if each.value != each.options[0][0]
    )
