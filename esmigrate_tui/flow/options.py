"""What else a run can be told, as questions: how documents are carried and proved, what a restore brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from esmigrate_tui.flow.chosen import settings_of
from esmigrate_tui.flow.session import registered
from esmigrate_tui.methods import METHODS
from esmigrate_tui.model.carried import DefinitionGroup
from esmigrate_tui.model.copy_options import CopyOptions, PipelineRule, TypeRule
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.method import Proof, traits_of
from esmigrate_tui.model.snapshot import Mount
from esmigrate_tui.model.text import counted

if TYPE_CHECKING:
    from esmigrate_tui.flow.flow import Flow
    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.model.draft import Draft


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that can be chosen: `options` are (value, words), `means` says what the answers come to.

    Without options it is typed: KEY=VALUE lines, or names, separated by blanks.
    """

    name: str
    label: str
    options: tuple[tuple[str, str], ...] = ()
    value: str
    means: str

    @property
    def words(self) -> str:
        """The answer in words."""
        return dict(self.options).get(self.value, self.value) or "none"


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
    if traits_of(method).restores:
        return _of_restore(session)
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
            means="Only indices of 5.x and older have several. Merged, of two documents with one _id the second is "
            "rejected.",
        ),
        Question(
            name="into_existing",
            label="Existing indices",
            options=_yes_no("is left alone: such a name is refused", "is ADDED to, as it is"),
            value=_said(is_so=copying.into_existing),
            means="An index or a data stream of the destination that has the name already. Its mapping stays, and "
            "nothing in it is overwritten unless versions are kept.",
        ),
    )


# -- the options of a restore ------------------------------------------------------------------------------------------

_MOUNTABLE: Final = frozenset({"fs", "url", "s3", "gcs", "azure", "hdfs"})


def why_not_mounted(draft: Draft) -> str:
    """Why no index can be mounted as a searchable snapshot; "" where it may be, the licence left to the checks."""
    facts, restoration = draft.destination_facts, draft.restoration
    if facts is None or restoration is None:
        return "nothing is known of the destination"
    if not Features.of_cluster(facts).mounts_in_shared_cache:
        return f"the destination is {facts.version}, it needs 7.12.0 or newer"
    if restoration.repository.type not in _MOUNTABLE:
        return f"not from a repository of the type {restoration.repository.type}"
    if facts.modules and not any("searchable-snapshots" in module for module in facts.modules):
        return "the destination lacks the module for it"
    return ""


_FEATURE: Final = "feature-"
_MOUNTS_AS: Final = (
    (Mount.NONE.value, "no, copied"),
    (Mount.FULL_COPY.value, "yes, with a full local copy"),
    (Mount.SHARED_CACHE.value, "yes, with a shared cache (frozen)"),
)


def _of_restore(session: Session) -> tuple[Question, ...]:
    """How a restore is asked for; nothing before a snapshot is chosen."""
    draft, snapshot = session.draft, session.draft.snapshot
    wishes = draft.restoration
    if wishes is None:
        return ()
    found = [
        Question(
            name=f"{_FEATURE}{at}",
            label=f"Feature {state.name}",
            options=_yes_no("left out", f"restored: {counted(len(state.indices), 'index', 'indices')}"),
            value=_said(is_so=state.name in draft.feature_states),
            means=f"Its indices: {', '.join(state.indices[:8])}{' …' if len(state.indices) > 8 else ''}.\n"
            "What the destination holds of this feature is closed and overwritten.",
        )
        for at, state in enumerate(snapshot.feature_states if snapshot is not None else ())
    ]
    found.append(
        Question(
            name="aliases",
            label="Aliases",
            options=tuple(reversed(_yes_no("left out", "restored with the indices"))),
            value=_said(is_so=wishes.aliases),
            means="The names by which the indices can also be reached. An alias that is in use there then covers both.",
        )
    )
    if snapshot is None or snapshot.global_state is not False:
        found.append(
            Question(
                name="global_state",
                label="Global state",
                options=_yes_no("left out", "RESTORED, it overwrites"),
                value=_said(is_so=wishes.global_state),
                means="It would overwrite, where the names are the same: index templates, ingest pipelines, lifecycle "
                "policies, stored scripts; and all persistent cluster settings of the destination.",
            )
        )
    is_ours = _registered_here(session)
    reason = why_not_mounted(draft)
    found += (
        Question(
            name="partial",
            label="Missing shards",
            options=_yes_no("not accepted", "restored without them (partial)"),
            value=_said(is_so=wishes.partial),
            means="A shard that is not in the snapshot comes up empty: what was in it is missing. Without this, an "
            "index that is not whole is refused.",
        ),
        Question(
            name="set",
            label="Set",
            value=" ".join(f"{key}={value}" for key, value in wishes.index_settings.items()),
            means="A setting that wins over the snapshot's, as KEY=VALUE: index.number_of_replicas=0.",
        ),
        Question(
            name="ignore",
            label="Ignore settings",
            value=" ".join(wishes.ignore_index_settings),
            means="Settings that the restored indices are not to have, separated by blanks: "
            "index.routing.allocation.* where the destination has no such nodes.",
        ),
        Question(
            name="unregister",
            label="Repository after it",
            options=_yes_no("stays registered", "its registration is removed")[: 1 + is_ours],
            value=_said(is_so=wishes.unregister),
            means="The files in the repository stay as they are in any case."
            if is_ours
            else "It was registered before this migration: esmigrate leaves it registered.",
        ),
        Question(
            name="mount",
            label="Mounted",
            options=_MOUNTS_AS[: 1 if reason else len(_MOUNTS_AS)],
            value=wishes.mount.value,
            means=f"Not here: {reason}."
            if reason
            else "A searchable snapshot reads from the repository, which has to stay. It needs an Enterprise or trial "
            "licence: the checks look at that.",
        ),
    )
    if draft.source_facts is not None:
        found.append(proof(session))
    return tuple(found)


def _registered_here(session: Session) -> bool:
    """Whether the restore's repository was registered from here: only that is removed again."""
    wishes = session.draft.restoration
    return wishes is not None and any(each.what == registered(wishes.repository.name) for each in session.made)


def set_lines(flow: Flow, lines: tuple[str, ...]) -> None:
    """Keep KEY=VALUE lines as they are typed; they hold for the restore as soon as all can be read."""
    flow.update_part("listing", settings=lines if any(lines) else ())
    settings, wrong = settings_of(lines)
    if not wrong:
        _wish(flow, index_settings=settings)


def _wish(flow: Flow, **changes: object) -> None:
    if flow.session.draft.restoration is not None:
        wishes = msgspec.structs.replace(flow.session.draft.restoration, **changes)
        flow.update(flow.session.answered(restoration=wishes))


def _answer_restore(flow: Flow, name: str, value: str) -> None:
    draft, is_so = flow.session.draft, value == "yes"
    if name.startswith(_FEATURE) and draft.snapshot is not None:
        states = draft.snapshot.feature_states
        at = states[int(name.removeprefix(_FEATURE))].name
        wanted = {*draft.feature_states, at} if is_so else {*draft.feature_states} - {at}
        flow.update(flow.session.answered(feature_states=tuple(one.name for one in states if one.name in wanted)))
    elif name == "set":
        set_lines(flow, tuple(value.split()))
    elif name == "ignore":
        _wish(flow, ignore_index_settings=tuple(dict.fromkeys(value.replace(",", " ").split())))
    elif name == "mount":
        _wish(flow, mount=Mount(value))
    elif name == "unregister":
        # Only what a run registers itself does it take away: it registers the same once more.
        _wish(flow, unregister=is_so, register=is_so)
    else:
        _wish(flow, **{name: is_so})


# -- answers -----------------------------------------------------------------------------------------------------------


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
    elif traits_of(flow.session.draft.method).restores:
        _answer_restore(flow, name, value)
    else:
        rule = {"pipelines": PipelineRule, "types": TypeRule}.get(name)
        copying = msgspec.structs.replace(
            flow.session.draft.copying, **{name: rule(value) if rule is not None else value == "yes"}
        )
        flow.update(flow.session.answered(copying=copying))


def said_otherwise(session: Session) -> tuple[str, ...]:
    """What was answered otherwise than it would be by itself: "label: words" of each."""
    return tuple(f"{each.label}: {each.words}" for each in questions(session) if each.value != each.options[0][0])
