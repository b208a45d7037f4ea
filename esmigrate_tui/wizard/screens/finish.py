"""How it ended: verified or not, and how; what was reverted, and what is left for a user."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from rich.text import Text

from esmigrate_tui.flow.layout import clock, fit, shorten, wrap
from esmigrate_tui.flow.session import is_watched, registered, repaired
from esmigrate_tui.model.carried import CarryOutcome
from esmigrate_tui.model.connection import Side
from esmigrate_tui.model.event import RunOutcome
from esmigrate_tui.model.ledger import EntryState
from esmigrate_tui.model.method import Unit
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.progress import Progress, TaskProgress, TaskState
from esmigrate_tui.model.text import counted, duration, listed, number, size
from esmigrate_tui.model.verdict import run_verdict
from esmigrate_tui.wizard.draw import DIM, GOOD, MOVES, STRONG, TROUBLE, Canvas, ink, paragraph
from esmigrate_tui.wizard.screens.run import TasksScreen, by_attention, sampled
from esmigrate_tui.wizard.widgets.board import Board, line_rows
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from textual.widget import Widget

    from esmigrate_tui.flow.session import AppliedChange, Session

_COUNT: Final = 15
_STATE: Final = 16
_HALF_GOOD: Final = frozenset({TaskState.WITH_REJECTS, TaskState.ACCEPTED})
_AT_ITS_END: Final = frozenset({TaskState.VERIFIED, TaskState.WITH_REJECTS})
_ENDED: Final = {TaskState.WITH_REJECTS: "some rejected", TaskState.WAITING: "not begun"}


def summary(progress: Progress, look: Canvas) -> list[Text]:
    """The verdict, and what was counted."""
    verdict = run_verdict(progress)
    mark, sentence = verdict.mark, verdict.sentence
    style = GOOD if mark == "good" else TROUBLE if mark == "bad" else STRONG
    first, *rest = wrap(sentence, look.width - 5)
    lines = [ink(" ").append_text(look.mark(mark)).append(" ").append(first, f"{STRONG} {style}")]
    lines += [ink("   ").append(line, style) for line in rest]
    sentences = how_checked(progress) if progress.unit is Unit.BYTES else (_counted(progress),)
    for sentence in (*sentences, progress.problem.todo if progress.problem is not None else ""):
        lines += paragraph(sentence, look.width, 3) if sentence else []
    return lines


def _counted(progress: Progress) -> str:
    """What was counted on both sides, compared and rejected, in a sentence."""
    equal = sum(task.state is TaskState.VERIFIED for task in progress.tasks)
    words = [f"Counts equal on {number(equal)} of {counted(len(progress.tasks), 'index', 'indices')}"]
    if is_watched(progress):
        expected = [task.source_count for task in progress.tasks if task.source_count is not None]
        words = [f"{number(sum(expected))} were expected" if expected else "No number was expected"]
    elif progress.traits.loads:
        words = [f"{counted(sum(task.source_count or 0 for task in progress.tasks), 'row')} read"]
    arrived = sum(task.destination_count or 0 for task in progress.tasks)
    words.append(f"{counted(arrived, 'document')} on the destination")
    if (each := _compared(progress)) and progress.outcome is not None:
        words.append(each)
    if progress.refused:
        words.append(f"{number(progress.refused)} rejected (e)")
    return ", ".join(words) + "."


def _compared(progress: Progress) -> str:
    """What comparing documents themselves has shown, in a few words; "" where none was."""
    whole = [task.compared for task in progress.tasks if task.compared is not None]
    if not whole:
        return sampled(progress.tasks)
    unequal = sum(not one.is_equal for one in whole)
    found = f"not equal in {number(unequal)}" if unequal else "all equal"
    return f"every document of {counted(len(whole), 'index', 'indices')} compared: {found}"


def how_checked(progress: Progress) -> tuple[str, ...]:
    """How a restore was checked: shards of the snapshot; counts and samples where a source was there."""
    known = [task.shards for task in progress.tasks if task.shards is not None]
    if not known:
        return ("Nothing of it was restored far enough to be checked.",)
    arrived, wanted = sum(one.arrived for one in known), sum(one.wanted for one in known)
    copied = size(sum(one.bytes for one in known))
    first = f"{number(arrived)} of {counted(wanted, 'shard')} of the snapshot arrived, {copied}."
    compared = [task for task in progress.tasks if task.source_count is not None]
    there = sum(task.destination_count or 0 for task in progress.tasks)
    if not compared:
        unknown = "Whether that is all cannot be known without the source: a snapshot does not count documents."
        return first, f"{counted(there, 'document')} there now. {unknown}"
    equal = sum(task.source_count == task.destination_count for task in compared)
    second = f"Counts equal to the source's now on {number(equal)} of {counted(len(compared), 'index', 'indices')}"
    more = [sampled(progress.tasks)]
    more += [_compared(progress)] if any(task.compared is not None for task in progress.tasks) else []
    return first, "; ".join([second, *filter(None, more)]) + "."


def heading(width: int, unit: Unit = Unit.DOCUMENTS, *, first: str = "index", there: str = "on the source") -> Text:
    """The columns' words; `first` is what the first one has, `there` what it is compared with."""
    shards, rejected = (fit("shards", 9, "right"), "") if unit is Unit.BYTES else ("", fit("rejected", 9, "right"))
    words = fit(first, _name_width(width)) + fit("state", _STATE) + shards
    words += fit(there, _COUNT, "right") + fit("destination", _COUNT, "right") + rejected
    return ink(MOVES, DIM).append(words, DIM)


def _name_width(width: int) -> int:
    return max(16, width - 5 - _STATE - 2 * _COUNT - 9 - 1)


def ended_row(task: TaskProgress, look: Canvas, *, here: bool) -> Text:
    """One index, and what was counted on both sides."""
    good = task.state is TaskState.VERIFIED
    state = _ENDED.get(task.state, task.state.value if task.state.is_final else "cut short")
    line = look.row("good" if good else "warn" if task.state in _HALF_GOOD else "bad", here=here)
    line.append(fit(task.summary.source_index, _name_width(look.width) - 1) + " ", STRONG if here else "none")
    line.append(fit(state, _STATE), "none" if good else STRONG)
    if task.unit is Unit.BYTES:
        proof = task.shards
        arrived = "–" if proof is None else f"{number(proof.arrived)}/{number(proof.wanted)}"
        line.append(fit(arrived, 9, "right"), "none" if proof is None or proof.is_whole else STRONG)
    for count in (task.source_count, task.destination_count):
        line.append(fit("–" if count is None else number(count), _COUNT, "right"))
    if task.unit is Unit.BYTES:
        return line
    return line.append(fit(number(task.refused), 9, "right"), DIM if not task.refused else STRONG)


def put_back(progress: Progress, look: Canvas) -> list[Text]:
    """What had been changed for the run, and where that stands."""
    undone = [entry.what for entry in progress.ledger if entry.state is EntryState.UNDONE]
    lines: list[Text] = []
    if undone:
        words = undone[0] if len(undone) == 1 else f"{counted(len(undone), 'change')}: {undone[0]}, …"
        lines.append(_labelled("Reverted", words, look))
    for at, entry in enumerate(progress.open_ledger[:3]):
        words = f"{entry.what}{': ' + entry.trouble if entry.trouble else ''}"
        lines.append(_labelled("Not reverted" if at == 0 else "", words, look, TROUBLE))
    if len(progress.open_ledger) > 3:
        lines.append(_labelled("", f"and {len(progress.open_ledger) - 3} more: c copies the requests", look, DIM))
    return lines


def carried_over(progress: Progress, look: Canvas) -> list[Text]:
    """What was to be made beside the indices, and what of it was not."""
    if not progress.carried:
        return []
    lacking = (f"{one.label}: {one.words}" for one in progress.not_carried[:1])
    first = _labelled("Carried over", outcome_counts(progress), look)
    return [first, *(_labelled("", words, look, TROUBLE) for words in lacking)]


def outcome_counts(progress: Progress) -> str:
    """How many definitions were made, and how many were not for which reason: 3 made; 1 refused."""
    many = Counter(one.fate for one in progress.carried)
    return "; ".join(f"{number(many[fate])} {fate}" for fate in CarryOutcome if fate in many)


def after_restore(session: Session) -> tuple[str, ...]:
    """What only a restore leaves to a user: the repository, the replicas, what deletes or moves by itself."""
    wanted = session.plan.restoration if session.plan is not None else None
    things = []
    made_here = {each.what for each in session.made}
    if wanted is not None and not wanted.unregister and registered(wanted.repository.name) not in made_here:
        things.append(f"the repository {wanted.repository.name} stays registered there")
    replicas = wanted.index_settings.get("index.number_of_replicas") if wanted is not None else None
    asked = "see that there are as many replicas as you want"
    things.append(asked if replicas is None else f"number_of_replicas is {replicas} as you asked: raise it when ready")
    return (*things, "switch ILM and SLM on again, where you had stopped them")


def to_do(progress: Progress, made: tuple[AppliedChange, ...] = (), more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What is left for a user, in the order to do it."""
    if progress.outcome is RunOutcome.WAITING and progress.problem is not None:
        return (progress.problem.todo,)
    return _after_the_end(progress, made, more)


def _after_the_end(progress: Progress, made: tuple[AppliedChange, ...], more: tuple[str, ...]) -> tuple[str, ...]:
    things: list[str] = []
    if progress.open_ledger:
        things.append(f"revert {counted(len(progress.open_ledger), 'change')} by hand: c copies the requests")
    if progress.not_carried and progress.outcome is RunOutcome.VERIFIED:
        things.append(f"make what is not made beside the indices: esmigrate resume {progress.run}")
    if progress.traits.pulls:
        things.append("take reindex.remote.whitelist out of the settings again")
    things += [f"esmigrate cleanup {each.name} {each.back_in_full}" for each in made if each.repaired is None]
    for name, repairs in repaired(made).items():
        if back := [each.what for each in repairs if each.back]:
            things.append(f"esmigrate cleanup {name} reverts: {listed(back, 2)}")
    if progress.outcome is RunOutcome.VERIFIED:
        things += more
    if progress.outcome is RunOutcome.ACCEPTED:
        sender = ", ".join(task.summary.source_index.removeprefix("documents from ") for task in progress.tasks)
        things.append(f"compare with what {sender} says it has sent")
        things.append("read its log: only the sender learns what a mapping rejects")
        things.append(f"look at some documents: GET {_first_index(progress)}/_search")
        return tuple(things)
    is_of_files = progress.traits.loads and not is_watched(progress)
    states = {task.state for task in progress.tasks}
    if is_of_files and progress.is_finished and TaskState.WITH_REJECTS in states <= _AT_ITS_END:
        things.append("correct the rejected rows (e), and index them once more")
        things.append(f"look at some documents: GET {_first_index(progress)}/_search")
    elif progress.outcome is RunOutcome.VERIFIED:
        things.append(f"look at some documents: GET {_first_index(progress)}/_search")
        things.append(f"point your writers at {progress.destination}")
        nothing = "no index of it was changed" if made else "nothing on it was changed"
        if any(each.repaired is Side.SOURCE and each.back for each in made):
            nothing = "revert first what was changed on it"
        old = f"keep or delete the source: {nothing}"
        if not is_watched(progress):
            things.append("keep or delete the files: nothing in them was changed" if is_of_files else old)
    else:
        things.append(f"resume what is missing: esmigrate resume {progress.run}")
    return tuple(things)


def to_set_again(session: Session) -> tuple[str, ...]:
    """What was left out of the definitions so that it would not act on documents on their way."""
    many = sum(bool(task.later) for task in session.plan.tasks) if session.plan is not None else 0
    return (f"give {counted(many, 'index', 'indices')} pipelines and lifecycles again: see the report",) if many else ()


def _first_index(progress: Progress) -> str:
    return next((task.summary.destination_index for task in progress.tasks if task.destination_count), "INDEX")


def _labelled(label: str, words: str, look: Canvas, style: str = "") -> Text:
    return ink(" ").append(fit(label, 13), DIM).append(shorten(words, look.width - 15), style or "none")


def below(session: Session, look: Canvas) -> list[Text]:
    """Reverted, for you, report."""
    progress = session.progress
    lines = [Text(), *put_back(progress, look), *carried_over(progress, look)]
    more = after_restore(session) if session.is_restore else to_set_again(session)
    for at, thing in enumerate(to_do(progress, session.still_made, more), start=1):
        lines.append(_labelled("For you" if at == 1 else "", f"{at}  {thing}", look))
    if session.report:
        for at, path in enumerate(session.report):
            lines.append(_labelled("Report" if at == 0 else "", path, look))
    elif session.run_problem is not None:
        lines.append(_labelled("Report", session.run_problem.sentence(), look, TROUBLE))
    return lines


class FinishScreen(TasksScreen):
    """The end of a run, and what is left."""

    STEP, HAS_NEXT = "finish", False
    CSS = "#beside { min-height: 4; } #below { max-height: 13; }"

    def body(self) -> Iterable[Widget]:
        """Verdict, counts with the one at the cursor beside them, what is left."""
        yield TextLines(id="summary", classes="body")
        yield self.list_beside()
        yield TextLines(id="below", classes="body")

    def title_words(self, session: Session) -> tuple[str, str]:
        """Which run, when it ended, how long it took."""
        progress = session.progress
        ended = f"finished {clock(progress.finished_at)}" if progress.finished_at is not None else "finished"
        return f"run {session.run}   {ended}", duration(progress.elapsed(progress.finished_at or 0.0))

    def line_when_small(self, session: Session) -> str:
        """How it ended, in a line."""
        return f"run {session.run}: {run_verdict(session.progress).sentence}"

    def paint(self, session: Session) -> None:
        """The page."""
        progress = session.progress
        self.show_lines("summary", lambda look: [*summary(progress, look), Text()])
        tasks = by_attention(progress)
        self.query_one(Board).show(
            lambda look, cursor: line_rows(tasks, lambda at, task: ended_row(task, look, here=at == cursor))
        )
        words = {}
        if session.is_of_files:
            words = {"first": "files", "there": "rows read"}
        elif session.is_watching:
            words = {"first": "sender", "there": "expected"}
        self.show_lines("heading", lambda look: [heading(look.width - 1, progress.unit, **words)])
        self.show_lines("below", lambda look: below(session, look))
        self.show_pane()

    def here(self) -> TaskProgress | None:
        """The task at the cursor."""
        tasks, cursor = by_attention(self.session.progress), self.query_one(Board).cursor
        return tasks[cursor] if cursor < len(tasks) else None

    def begin(self) -> None:
        """Write the report."""
        self.run_worker(self._report(), group="report", exclusive=True)

    async def _report(self) -> None:
        try:
            paths = await self.wizard.services.report(self.session.run)
        except ProblemError as error:
            self.wizard.update(self.session.but(run_problem=error.problem))
        else:
            self.wizard.update(self.session.but(report=paths))

    def action_copy(self) -> None:
        """Copy what has to be reverted by hand, or the search that shows the first documents."""
        progress = self.session.progress
        undo = [entry.undo.as_console() for entry in progress.open_ledger if entry.undo is not None]
        self.wizard.copy("\n\n".join(undo) or f"GET {_first_index(progress)}/_search")

    async def action_leave(self) -> None:
        """Leave with the run's own exit code."""
        progress = self.session.progress
        sentence = run_verdict(progress).sentence
        report = f" The report: {self.session.report[0]}" if self.session.report else ""
        code = progress.exit_code()
        self.wizard.leave(
            ExitCode.DONE if code is ExitCode.DETACHED else code, f"Run {self.session.run}: {sentence}{report}"
        )
