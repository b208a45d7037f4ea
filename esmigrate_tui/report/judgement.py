"""How a run was checked, row by row and in all, and what is left for the user to do."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

import msgspec

from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.difference import IndexComparison
from esmigrate_tui.model.event import RestoredShards, RunOutcome, Samples, Watched
from esmigrate_tui.model.features import Features
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.problem import PASSING
from esmigrate_tui.model.progress import Progress, TaskProgress, TaskState
from esmigrate_tui.model.snapshot import Mount, RestoreKind, RestoreOptions
from esmigrate_tui.model.text import clean, counted, listed, number
from esmigrate_tui.model.verdict import nouns

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from esmigrate_tui.model.plan import Plan

_NAMED: Final = 20
_RUN_AGAIN: Final = "run the plan again"  # what a problem says that no resumed run can cure
_REPLICAS: Final = "index.number_of_replicas"


class ReportRow(msgspec.Struct, frozen=True, kw_only=True):
    """One index of the run, or whatever else a restore brought back: `kind` is None where nothing was restored.

    Where `was_counted`, both counts are documents after a refresh; else they are what was expected and what the
    destination acknowledged. `seconds` is None while it is not finished. `changes` says what the destination's
    definition has otherwise than the source's, `is_stream` that it is a data stream there. Of a restore, `size` is the
    bytes that arrived, and both counts are None where they were not to be had.
    """

    source_index: str
    destination_index: str
    state: TaskState
    source_count: int | None
    destination_count: int | None
    was_counted: bool
    is_verified: bool
    refused: int = 0
    there_already: int = 0
    collided: int = 0
    seconds: float | None = None
    problem: str = ""
    changes: tuple[str, ...] = ()
    kind: RestoreKind | None = None
    size: int | None = None
    shards: RestoredShards | None = None
    samples: Samples | None = None
    compared: IndexComparison | None = None
    watched: Watched | None = None
    is_stream: bool = False

    @property
    def verified(self) -> str:
        """Yes, or in a few words why not."""
        if self.is_verified:
            return "yes"
        if self.kind is None and self.state is TaskState.DIFFERENT and self.are_documents_different:
            return "no: documents differ"
        if self.state is TaskState.DIFFERENT and self.samples is not None and self.samples.unread:
            return "no: could not be read"
        if self.kind is not None and self.state in {TaskState.VERIFIED, TaskState.DIFFERENT}:
            return f"no: {self._why_not_as_in_the_snapshot}"
        if self.state is TaskState.VERIFIED:
            return "no: counts differ" if self.was_counted else "no: not counted"
        if self.state is TaskState.ACCEPTED:
            return "by the user's word"
        if self.state is TaskState.WITH_REJECTS:
            return f"all but {number(self.refused)} rejected"
        words = {TaskState.DIFFERENT: "counts differ", TaskState.WAITING: "not begun"}
        return f"no: {words.get(self.state, self.state.value)}"

    @property
    def are_documents_different(self) -> bool:
        """Whether a document was seen that is not the same on both sides."""
        is_sampled = self.samples is not None and bool(self.samples.different)
        return is_sampled or (self.compared is not None and not self.compared.is_equal)

    @property
    def _why_not_as_in_the_snapshot(self) -> str:
        if self.shards is None:
            return "not checked"
        if not self.shards.is_whole:
            return "shards are missing"
        return "the source differs" if self.was_counted else "not checked"


class ToDo(msgspec.Struct, frozen=True):
    """Something that the user has to do or to decide; `copy` is a command or request to paste, "" if there is none."""

    what: str
    copy: str = ""


class EarlierChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Changes made on these clusters before the run and not reverted; `esmigrate cleanup` of `name` reverts them."""

    name: str
    changes: tuple[str, ...]


def _nouns(rows: Sequence[ReportRow]) -> tuple[str, str]:
    return nouns({_kind(row) for row in rows})


def _kind(row: ReportRow) -> RestoreKind:
    return RestoreKind.DATA_STREAM if row.is_stream else row.kind or RestoreKind.INDEX


def how_checked(rows: Sequence[ReportRow]) -> str:
    """By what means it was checked, and what that cannot show."""
    if any(row.kind is not None for row in rows):
        return _how_a_restore_was_checked(rows)
    if any(row.watched is not None for row in rows):
        return _how_it_was_watched(rows)
    seen = [row for row in rows if row.was_counted]
    if not seen:
        return "Nothing was checked."
    equal = sum(row.source_count == row.destination_count for row in seen)
    each = _how_documents_were_compared(rows)
    return (
        f"Documents were counted on both sides after a refresh, in {number(len(seen))} of "
        f"{counted(len(rows), *_nouns(rows))}: equal in {number(equal)}. "
        + (each or "Counts compare numbers, not contents.")
    )


def _how_documents_were_compared(rows: Sequence[ReportRow]) -> str:
    """Every document, or some; "" where none was."""
    said: list[str] = []
    if compared := [row.compared for row in rows if row.compared is not None]:
        manners = {one.manner for one in compared}
        differ = sum(not one.is_equal for one in compared)
        said.append(
            f"Every document of both sides was read and compared {' or '.join(sorted(manners))} in "
            f"{number(len(compared))}: "
            + (f"{number(differ)} {'differs' if differ == 1 else 'differ'}." if differ else "no difference.")
        )
        if refused := sum(one.refused for one in compared):
            aside = "document that the destination rejected was", "documents that the destination rejected were"
            said.append(f"{counted(refused, *aside)} not looked for there.")
        if bare := sum(one.without_source for one in compared):
            said.append(
                f"{counted(bare, 'document')} of both sides keep no _source: only _id and routing were compared."
            )
    sampled = [row.samples for row in rows if row.samples is not None]
    amount, different = sum(one.compared for one in sampled), sum(len(one.different) for one in sampled)
    if amount:
        samples = counted(amount, "document")
        said.append(
            f"{number(different)} of {samples}, chosen by chance, {'differs' if different == 1 else 'differ'}."
            if different
            else f"{samples}, chosen by chance, {'is' if amount == 1 else 'are'} equal on both sides."
        )
    return " ".join(said)


def _how_it_was_watched(rows: Sequence[ReportRow]) -> str:
    """By counting what arrived; the cluster reports what it rejects to the sender alone."""
    said = []
    for row in rows:
        there = counted(row.destination_count or 0, "document")
        of = "no number was expected" if row.source_count is None else f"{number(row.source_count)} were expected"
        said.append(f"{there} arrived in {row.destination_index}, counted after a refresh; {of}.")
        failed, turned_away = (row.watched.failed, row.watched.turned_away) if row.watched else (0, 0)
        seen = [counted(failed, "failed write")] if failed else []
        seen += [counted(turned_away, "request") + " turned away by full queues"] if turned_away else []
        said.append(f"The cluster counted {' and '.join(seen) or 'no failed write'} meanwhile.")
    said.append("What a mapping rejects is reported to the sender alone: see its log.")
    return " ".join(said)


def _how_a_restore_was_checked(rows: Sequence[ReportRow]) -> str:
    """By the shards of the snapshot; by documents and samples only where the source could be asked."""
    told = [row for row in rows if row.kind is RestoreKind.GLOBAL_STATE]
    rows = [row for row in rows if row.kind is not RestoreKind.GLOBAL_STATE]
    by_word = "That the global state is restored, the server itself says." if told and told[0].is_verified else ""
    proved = [row for row in rows if row.shards is not None]
    counted_rows = [row for row in rows if row.was_counted]
    sampled = [row.samples for row in rows if row.samples is not None]
    if not proved:
        return by_word or "Nothing was checked."
    whole = sum(row.shards.is_whole for row in proved if row.shards)
    said = [f"Every shard of the snapshot arrived in {number(whole)} of {counted(len(rows), *_nouns(rows))}."]
    if counted_rows:
        equal = sum(row.source_count == row.destination_count for row in counted_rows)
        said.append(f"Documents were counted on both sides in {number(len(counted_rows))}: equal in {number(equal)}.")
    if len(counted_rows) < len(rows):
        others = "of the others " if counted_rows else ""
        said.append(
            f"How many documents {others}there should be cannot be known without the source: a snapshot does not say."
        )
    compared, different = sum(one.compared for one in sampled), sum(len(one.different) for one in sampled)
    if any(row.compared is not None for row in rows):
        said.append(_how_documents_were_compared(rows))
    elif compared:
        samples = counted(compared, "sampled document")
        said.append(
            f"{number(different)} of {samples} {'differs' if different == 1 else 'differ'} from the source."
            if different
            else f"{samples} {'is' if compared == 1 else 'are'} equal on both sides, byte for byte."
        )
    return " ".join([*said, by_word]).strip()


def to_do(  # all that a run leaves behind
    plan: Plan,
    progress: Progress,
    rows: Sequence[ReportRow],
    *,
    run: str,
    rejects_file: str,
    plan_file: str = "",
    is_live: bool = True,
    beside: Sequence[EarlierChanges] = (),
) -> tuple[ToDo, ...]:
    """What the user must still do, in that order."""
    if progress.outcome is RunOutcome.WAITING and progress.problem is not None:
        return (ToDo(progress.problem.todo),)
    things: list[ToDo] = []
    if progress.open_ledger and (progress.is_finished or progress.is_of_changes):
        changes = counted(len(progress.open_ledger), "change")
        things.append(ToDo(f"Revert {changes}, or make the requests by hand.", f"esmigrate cleanup {run}"))
    if progress.is_of_changes:
        return tuple(things)
    if progress.refused:
        place = f", listed in {rejects_file}" if rejects_file else ""
        refused = counted(progress.refused, "rejected document")
        again = f"Look at the {refused}{place}: correct the mapping or the documents, send them again."
        if plan.method.traits.loads:
            aside = f"{counted(progress.refused, 'row')} that {'was' if progress.refused == 1 else 'were'} rejected"
            again = f"Look at the {aside}{place}: correct them, in a file of their own, and index that one."
        things.append(ToDo(again))
    if progress.is_finished:
        things += _after_the_end(progress, rows, run, plan_file)
        things += _not_carried(progress, run)
    elif is_live:
        what = "Wait for its end; this shows how far it is, or follow it with attach."
        things.append(ToDo(what, f"esmigrate status {run}"))
    else:
        what = "Resume the run: its process has ended before it was finished. What has arrived stays."
        things.append(ToDo(what, f"esmigrate resume {run}"))
    if look := next((row for row in rows if _can_be_looked_at(row)), None):
        path = quote(look.destination_index, safe="")
        things.append(ToDo("Look at the first documents yourself.", f"GET /{path}/_search?pretty"))
    things += _to_set_again(plan, rows)
    things += _settings_by_hand(plan, progress, rows, beside)
    if is_complete(progress, rows):
        things.append(ToDo("Point your writers and readers at the destination.", plan.destination.endpoint.url))
        things += _old_cluster(plan, progress)
    return _begun_large(things)


def by_hand(
    plan: Plan, progress: Progress, rows: Sequence[ReportRow], beside: Sequence[EarlierChanges] = ()
) -> tuple[ToDo, ...]:
    """What only the user can revert or remove, on the clusters themselves."""
    if progress.is_of_changes:
        return ()
    last = _old_cluster(plan, progress) if is_complete(progress, rows) else ()
    return _begun_large([*_settings_by_hand(plan, progress, rows, beside), *last])


def is_complete(progress: Progress, rows: Sequence[ReportRow]) -> bool:
    """Whether all of it arrived, and was seen to."""
    return progress.outcome is RunOutcome.VERIFIED and all(row.is_verified for row in rows)


def _begun_large(things: Sequence[ToDo]) -> tuple[ToDo, ...]:
    return tuple(ToDo(thing.what[0].upper() + thing.what[1:], thing.copy) for thing in things)


def _settings_by_hand(
    plan: Plan, progress: Progress, rows: Sequence[ReportRow], beside: Sequence[EarlierChanges]
) -> Iterator[ToDo]:
    """What was opened, stopped or registered for the migration, by the user or before the run."""
    if plan.method.traits.pulls and plan.source is not None:
        yield ToDo(
            f"{'' if is_complete(progress, rows) else 'When everything has arrived: '}take the line "
            f"reindex.remote.whitelist for {plan.source.endpoint.authority} out of the destination's settings, if it "
            "was added for this migration (hosted: Edit, Manage user settings and extensions; else elasticsearch.yml "
            "and a restart). To see whether a node still has it:",
            "GET /_nodes/settings?filter_path=nodes.*.name,nodes.*.settings.reindex",
        )
    for one in beside:
        what = f"When it is no longer needed, revert what was changed before the run: {listed(one.changes)}."
        yield ToDo(what, f"esmigrate cleanup {one.name}")
    if plan.restoration is not None and any(row.size or row.is_verified for row in rows):
        yield from _after_a_restore(plan, plan.restoration, rows)


def _old_cluster(plan: Plan, progress: Progress) -> Iterator[ToDo]:
    """What becomes of the source, where there is one."""
    if plan.source is not None:
        yield ToDo(
            f"When you are satisfied, shut the source cluster down; {_touched(progress)}. As long as it is in use, "
            "these numbers of it grow:",
            "GET /_stats/search,indexing?filter_path=_all.total.*.*_total",
        )


def _after_the_end(progress: Progress, rows: Sequence[ReportRow], run: str, plan_file: str) -> Iterator[ToDo]:
    """What is to be done about what is missing, or may be: first what would make a new try fail again."""
    if accepted := next((row for row in rows if row.state is TaskState.ACCEPTED), None):
        arrived = counted(accepted.destination_count or 0, "document")
        sender = accepted.source_index.removeprefix("documents from ")
        yield ToDo(f"Compare the {arrived} with what {sender} says it has sent, and read its log.")
        return
    if progress.is_whole:
        return
    failed = [task for task in progress.tasks if task.state is TaskState.FAILED and task.problem is not None]
    in_the_way: dict[str, list[str]] = {}
    for task in failed:
        if task.problem and task.problem.todo and task.problem.cause not in PASSING:
            in_the_way.setdefault(task.problem.todo, []).append(clean(task.summary.source_index, 100))
    for todo, names in in_the_way.items():
        has_new_plan = _RUN_AGAIN in todo and plan_file
        again = f"esmigrate run {shlex.quote(plan_file)}" if has_new_plan else ""
        yield ToDo(f"For {listed(names, most=3)}: {todo}", again)
    # a resumed run would only meet again that their index was deleted or replaced
    of_new_runs = {task.summary.number for task in failed if task.problem and _RUN_AGAIN in task.problem.todo}
    if any(task.summary.number not in of_new_runs for task in progress.tasks if not _has_arrived(task)):
        what = f"{'Then go' if in_the_way else 'Go'} on with what is missing; what has arrived stays."
        yield ToDo(what, f"esmigrate resume {run}")


def _has_arrived(task: TaskProgress) -> bool:
    return task.is_proved or task.state in {TaskState.WITH_REJECTS, TaskState.SKIPPED}


def _to_set_again(plan: Plan, rows: Sequence[ReportRow]) -> Iterator[ToDo]:
    """What was left out of the definitions so that it would not act on documents on their way."""
    arrived = {row.destination_index for row in rows if row.is_verified or row.state is TaskState.WITH_REJECTS}
    wanted: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for task in plan.tasks:
        if task.later and task.destination_index in arrived:
            wanted.setdefault(tuple(task.later.items()), []).append(task.destination_index)
    if not wanted:
        return
    requests: list[str] = []
    for settings, names in wanted.items():
        body = msgspec.json.encode(dict(settings)).decode()
        for at in range(0, len(names), _NAMED):
            path = ",".join(quote(name, safe="") for name in names[at : at + _NAMED])
            requests.append(f"PUT /{path}/_settings\n{body}")
    has_policy = any(name.startswith("index.lifecycle.") for settings in wanted for name, _ in settings)
    indices = counted(sum(map(len, wanted.values())), "index", "indices")
    what = f"Set again what was left out of {indices}, once what it names exists on the destination: "
    what += "it would have acted on documents on their way."
    if has_policy and Features.of_elasticsearch(plan.destination_version).has_origination_date:
        what += " A policy counts the age of an index from when it was made, which this run did; "
        what += "index.lifecycle.origination_date (milliseconds since 1970) gives it another day."
    yield ToDo(what, "\n".join(requests))


def _not_carried(progress: Progress, run: str) -> Iterator[ToDo]:
    """What was to be made beside the indices and was not, where nothing else is left for the run to go on with."""
    if progress.not_carried and progress.is_whole:
        labels = listed([one.label for one in progress.not_carried], most=3)
        what = f"Fix what kept these from being made, then let the run make them: {labels}."
        yield ToDo(what, f"esmigrate resume {run}")


def _can_be_looked_at(row: ReportRow) -> bool:
    """Whether its first documents can be asked for; of a restore the number of documents may not be known."""
    if row.state is TaskState.FAILED and not row.was_counted:
        return False  # it may have been deleted meanwhile, or never made
    if row.kind in {None, RestoreKind.INDEX, RestoreKind.DATA_STREAM}:
        return bool(row.destination_count or (row.destination_count is None and row.is_verified))
    return False


def _after_a_restore(plan: Plan, restoration: RestoreOptions, rows: Sequence[ReportRow]) -> Iterator[ToDo]:
    """What a restore leaves behind on purpose: the repository, settings that were overridden, the snapshot itself."""
    repository, snapshot = clean(restoration.repository.name), clean(restoration.snapshot)
    restored = [row.destination_index for row in rows if row.kind is RestoreKind.INDEX and row.is_verified]
    if _REPLICAS in restoration.index_settings:
        amount = clean(str(restoration.index_settings[_REPLICAS]), 40)
        names = ",".join(quote(name, safe="") for name in restored[:_NAMED])
        yield ToDo(
            f"The replicas were overridden with {amount}: set as many as the destination should have.",
            f'PUT /{names}/_settings\n{{"index":{{"number_of_replicas":1}}}}' if names else "",
        )
    if restoration.ignore_index_settings:
        ignored = ", ".join(clean(name, 100) for name in restoration.ignore_index_settings)
        yield ToDo(f"Left out of the snapshot's settings: {ignored}. Set again what you need of them.")
    destination = Features.of_elasticsearch(plan.destination_version)
    if destination.has_ilm:  # as preflight proposes to stop them; older servers have none of it
        of = "indices and of snapshots" if destination.has_slm else "indices"
        requests = "POST /_ilm/start" + ("\nPOST /_slm/start" if destination.has_slm else "")
        yield ToDo(f"Start the lifecycles of {of} again, if you stopped them for this migration.", requests)
    features = {row.source_index for row in rows if row.kind is RestoreKind.FEATURE_STATE}
    if features & {"kibana", "security"}:
        yield ToDo("Restart Kibana, and log in as a user of the source cluster: its users replaced the old ones.")
    if restoration.mount is not Mount.NONE:
        yield ToDo(
            f"Keep the snapshot {snapshot} and the repository {repository} for as long as the mounted indices live: "
            "they read from it."
        )
        return
    yield ToDo(f"Keep the snapshot {snapshot} until you are satisfied with the data on the destination.")
    if restoration.register and not restoration.unregister:
        yield ToDo(
            f"The repository {repository} stays registered on the destination. When it is needed no more, take the "
            "registration away; the snapshots in it stay.",
            f"DELETE /_snapshot/{quote(restoration.repository.name, safe='')}",
        )


def _touched(progress: Progress) -> str:
    """What this run changed on the source."""
    changes = [entry for entry in progress.ledger if entry.side is Side.SOURCE]
    if not changes:
        return "nothing on it was changed"
    if all(entry.state is EntryState.UNDONE for entry in changes):
        return "what was changed on it was reverted"
    return "not all that was changed on it was reverted"
