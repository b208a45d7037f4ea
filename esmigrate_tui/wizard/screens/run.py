"""The board of a run: what its journal says, at most two paints a second; leaving it stops nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from itertools import chain, takewhile
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len
from rich.text import Text
from textual import work
from textual.containers import Horizontal, Vertical

from esmigrate_tui.flow import run_control as steering
from esmigrate_tui.flow.layout import clock, fit, shorten, wrap
from esmigrate_tui.model.command import Command, SkipTask
from esmigrate_tui.model.method import Unit, traits_of
from esmigrate_tui.model.outcome import ExitCode
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.progress import Eta, Progress, TaskProgress, TaskState
from esmigrate_tui.model.text import counted, duration, listed, number, size
from esmigrate_tui.wizard.app import StepScreen
from esmigrate_tui.wizard.draw import (
    ACCENT,
    DIM,
    MOVES,
    STRONG,
    TROUBLE,
    Canvas,
    explained,
    filled,
    hanging,
    ink,
    paragraph,
    rule,
)
from esmigrate_tui.wizard.widgets.board import Board, line_rows
from esmigrate_tui.wizard.widgets.lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from textual.widget import Widget

    from esmigrate_tui.flow.session import Session
    from esmigrate_tui.wizard.draw import Mark

_NUMBER: Final = attrgetter("summary.number")
_STATE: Final = attrgetter("state")
_ATTENTION: Final = {
    TaskState.HELD: 0,
    TaskState.FAILED: 1,
    TaskState.DIFFERENT: 1,
    TaskState.WITH_REJECTS: 2,
    TaskState.MOVING: 3,
    TaskState.VERIFYING: 3,
    TaskState.PREPARING: 3,
    TaskState.WAITING: 4,
    TaskState.STOPPED: 5,
    TaskState.SKIPPED: 5,
    TaskState.ACCEPTED: 6,
    TaskState.VERIFIED: 6,
}
_MARKS: Final[dict[TaskState, Mark]] = {
    TaskState.HELD: "warn",
    TaskState.FAILED: "bad",
    TaskState.DIFFERENT: "bad",
    TaskState.WITH_REJECTS: "warn",
    TaskState.ACCEPTED: "warn",
    TaskState.VERIFIED: "good",
}
_DONE: Final = 12
_COLUMNS: Final = {
    Unit.DOCUMENTS: (("state", 14), ("docs", _DONE), ("%", 5), ("docs/s", 8), ("left", 12)),
    Unit.BYTES: (("state", 12), ("shards", 8), ("size", 9), ("%", 5), ("speed", 11), ("left", 11)),
}
"""The columns after the name, by what is counted: their words, and the cells of each."""
_PLOTS: Final = {Unit.DOCUMENTS: " docs/s  ", Unit.BYTES: " bytes/s "}
"""What stands before the plot, by what is counted."""

_FOLDED: Final = frozenset({TaskState.VERIFIED, TaskState.SKIPPED})
_FEW: Final = 3
"""As many that are done are shown; more are one line."""
_EVENTS, _MORE_EVENTS = 3, 10


# -- questions to a progress -----------------------------------------------------------------------------------------


def by_attention(progress: Progress) -> tuple[TaskProgress, ...]:
    """What needs the user first, then what moves, what waits, what is done."""
    groups: dict[int, list[TaskProgress]] = {place: [] for place in sorted({*_ATTENTION.values()})}
    for task in sorted(progress.tasks, key=_NUMBER):
        groups[_ATTENTION[task.state]].append(task)
    return tuple(chain.from_iterable(groups.values()))


def first_held(tasks: Sequence[TaskProgress]) -> TaskProgress | None:
    """The first that waits for something, of tasks that stand by attention."""
    return next((task for task in takewhile(_is_held, tasks) if task.held_by), None)


def _is_held(task: TaskProgress) -> bool:
    return task.state is TaskState.HELD


def folded(tasks: tuple[TaskProgress, ...]) -> tuple[tuple[TaskProgress, ...], tuple[TaskProgress, ...]]:
    """The tasks that a user may want to see, and those that are done and need no one, as long as others are not."""
    done = tuple([task for task in tasks if task.state in _FOLDED])
    if len(done) <= _FEW or len(done) == len(tasks):
        return tasks, ()
    return tuple([task for task in tasks if task.state not in _FOLDED]), done


def about(seconds: float) -> str:
    """A duration as one says it when it is a guess: 40 s, 24 min, 3 h 05 min."""
    if seconds < 60:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 5_400 else duration(seconds)


def remaining(eta: Eta | None) -> str:
    """How much longer, with the range it will probably fall into."""
    if eta is None:
        return "time left not known yet"
    least, most = about(eta.least), about(eta.most)
    between = "" if least == most else f" ({least} to {most})"
    return f"about {about(eta.likely)} more{between}"


# -- drawing ---------------------------------------------------------------------------------------------------------


def bar(fraction: float, width: int) -> str:
    """A share of `width` cells in half cells."""
    halves = round(fraction * width * 2)
    return "█" * (halves // 2) + ("▌" if halves % 2 else "")


def sparkline(plot: tuple[tuple[float, float], ...], width: int) -> str:
    """The rate over the whole run in at most `width` cells; "" until there is something to plot."""
    values = [rate for _, rate in plot]
    if not values or max(values) <= 0:
        return ""
    if len(values) > width:
        values = [max(values[at * len(values) // width : (at + 1) * len(values) // width]) for at in range(width)]
    steps = "▁▂▃▄▅▆▇█"
    most = max(values)
    return "".join(steps[min(7, round(value / most * 7))] for value in values)


def totals(session: Session, look: Canvas) -> list[Text]:
    """The bar, the numbers, the plot."""
    progress = session.progress
    width = look.width
    if progress.started_at is None:
        return [ink(" waiting for the run's first word …", DIM), Text(), Text(), Text()]
    share = progress.fraction
    known = so_far(progress)
    right = f"{share * 100:5.0f} %   {known}" if share is not None else f"   {known}"
    room = max(8, width - len(right) - 3)
    done = bar(share or 0.0, room)
    first = ink(" ").append(done, ACCENT).append("░" * (room - len(done)), DIM).append(f" {right}")
    parts = [] if steering.is_held(progress) else [speed(progress.rate.per_second, progress.unit)]
    if progress.unit is Unit.BYTES and (wanted := sum(task.parts for task in progress.tasks)):
        parts.append(f"{number(sum(task.parts_done for task in progress.tasks))} of {counted(wanted, 'shard')}")
    if pace := progress.requests_per_second:
        parts.append(f"limit {number(round(pace))}/s each")
    refused = progress.refused
    aside = "" if progress.unit is Unit.BYTES or session.is_watching else f"   {number(refused)} rejected"
    slower = [progress.slower] if progress.slower else []
    wordings = ["   ".join([*parts, *slower, words]) for words in how_much_longer(session)]
    wordings.append(wordings[-1].replace("documents", "docs"))
    if slower:
        wordings.append("   ".join([*parts, how_much_longer(session)[1]]).replace("documents", "docs"))
    second = ink(" " + first_that_fits(width - len(aside) - 1, wordings)).append(aside, STRONG if refused else DIM)
    tail = ""
    if progress.plot:
        most = max(rate for _, rate in progress.plot)
        tail = f"  most {number(round(most)) if progress.unit is Unit.DOCUMENTS else size(most)}"
    plot = sparkline(progress.plot, width - max(24, len(tail) + 10))
    third = ink(_PLOTS[progress.unit], DIM).append(plot, ACCENT)
    third.append(tail if plot else "nothing has moved yet", DIM)
    lines = [first, second, dip_line(progress, len(plot), width), third]
    for line in lines:
        line.truncate(width, overflow="ellipsis")
    return lines


def dip_line(progress: Progress, plotted: int, width: int) -> Text:
    """What held the run up last, above the place in the plot (of `plotted` cells) where that shows."""
    dip, many = progress.dip, len(progress.plot)
    if dip is None or not plotted:
        return Text()
    point = min(bisect_left(progress.plot, dip.at, key=lambda each: each[0]), many - 1)
    cell = len(_PLOTS[progress.unit]) + ((point + 1) * plotted - 1) // many
    words = f"{clock(dip.at)[:5]} {dip.text}"
    left, right = cell - 2, width - cell - 3
    if cell_len(words) <= right or left <= right:
        return ink(" " * cell).append("↓ ", ACCENT).append(shorten(words, right), DIM)
    words = shorten(words, left)
    return ink(" " * (cell - 1 - cell_len(words))).append(words, DIM).append(" ↓", ACCENT)


def how_much_longer(session: Session) -> tuple[str, str]:
    """What is known of the end, in full and shorter."""
    progress = session.progress
    eta = progress.eta()
    if session.is_watching and progress.expected is None:
        return ("d says that this is all",) * 2
    if progress.is_paused:
        return "paused: p resumes it", "paused"
    if (reading := progress.comparing) and eta is None:
        compared = f"{number(sum(task.read for task in reading))} of {number(sum(task.to_read for task in reading))}"
        return f"{compared} read to compare them", f"{compared} compared"
    return remaining(eta), "" if eta is None else f"about {about(eta.likely)} more"


def first_that_fits(width: int, wordings: Sequence[str]) -> str:
    """The first wording that is not wider, else the last: what is cut should be what was said at length."""
    return next((words for words in wordings if cell_len(words) <= width), wordings[-1])


def so_far(progress: Progress) -> str:
    """How much of how much, in what the method counts."""
    shown = number if progress.unit is Unit.DOCUMENTS else size
    if progress.expected is not None:
        return f"{shown(progress.done)} of {shown(progress.expected)}"
    return f"{shown(progress.done)} documents" if progress.unit is Unit.DOCUMENTS else shown(progress.done)


def speed(rate: float, unit: Unit) -> str:
    """A rate as it is said in full."""
    return f"{number(round(rate))} documents/s" if unit is Unit.DOCUMENTS else f"{size(rate)}/s"


def _cells(name: str, words: Iterable[str], width: int, unit: Unit) -> tuple[str, str, str]:
    """The name, the state, and all that stands to the right of it, each filled to its cells."""
    cells = [cells for _, cells in _COLUMNS[unit]]
    state, *others = words
    right = "".join(fit(word, many, "right") for word, many in zip(others, cells[1:], strict=True))
    return fit(name, max(16, width - 6 - sum(cells)) - 1) + " ", fit(state, cells[0]), right


def heading(width: int, unit: Unit = Unit.DOCUMENTS, *, first: str = "index") -> Text:
    """The columns' words; `first` is what the first one has."""
    words = _cells(first, (word for word, _ in _COLUMNS[unit]), width, unit)
    return ink(MOVES, DIM).append("".join(words), DIM)


def done_row(done: tuple[TaskProgress, ...], look: Canvas, *, here: bool) -> Text:
    """All that are done as one line."""
    line = look.row("good", here=here)
    return line.append(counted_states(done), STRONG if here else DIM).append("   f shows them", DIM)


def counted_states(tasks: Sequence[TaskProgress], *, aside: str = "with rejects") -> str:
    """How many are where: 2 moving, 10 waiting."""
    words = {TaskState.WITH_REJECTS: aside, TaskState.HELD: "held up"}
    counts = Counter(map(_STATE, tasks))
    return ", ".join(f"{number(many)} {words.get(state, state.value)}" for state, many in counts.items())


def amount(many: int | None) -> str:
    """A number of documents that is whole or said in millions, never cut."""
    if many is None:
        return "–"
    exact = number(many)
    return exact if len(exact) < _DONE else f"{number(round(many / 1_000_000))} M"


def state_words(task: TaskProgress, now: float) -> str:
    """A task's state in a word or two."""
    match task.state:
        case TaskState.HELD:
            return f"waits {about(max(0.0, task.held_until - now))}" if task.held_until is not None else "waits"
        case TaskState.WITH_REJECTS:
            return f"{number(task.refused)} rejected"
        case TaskState.VERIFYING if task.is_naming and task.read_share is not None:
            return f"naming {task.read_share * 100:.0f} %"
        case TaskState.VERIFYING if task.read_share is not None:
            return f"compared {task.read_share * 100:.0f}%"
        case _:
            return task.state.value


def task_row(task: TaskProgress, look: Canvas, now: float, *, here: bool, is_held: bool = False) -> Text:
    """One task as a line of exactly the width; of one that is held nothing is known of how long it takes."""
    line = look.row(_MARKS.get(task.state, "none"), here=here)
    is_calm = task.state in {TaskState.WAITING, TaskState.VERIFIED, TaskState.SKIPPED, TaskState.STOPPED}
    calm = DIM if is_calm else "none"
    share = task.fraction
    rate = task.rate.per_second if task.state is TaskState.MOVING and not is_held else 0.0
    left = about((task.expected - task.done) / rate) if rate > 0 and task.expected is not None else "–"
    shown = task.expected if task.state is TaskState.WAITING else task.done
    percent = "–" if share is None or task.state is TaskState.WAITING else f"{share * 100:.0f}"
    if task.unit is Unit.BYTES:
        shards = f"{number(task.parts_done)}/{number(task.parts)}" if task.parts else "–"
        amounts, fast = [shards, "–" if shown is None else size(shown)], f"{size(rate)}/s"
    else:
        amounts, fast = [amount(shown)], number(round(rate))
    words = [state_words(task, now), *amounts, percent, fast if rate > 0 else "–", left]
    name, state, right = _cells(task.summary.source_index, words, look.width, task.unit)
    line.append(name, STRONG if here else calm)
    line.append(state, TROUBLE if task.state in {TaskState.FAILED, TaskState.DIFFERENT} else calm)
    return line.append(right, calm)


def below(
    session: Session, tasks: Sequence[TaskProgress], look: Canvas, now: float, events: int = _EVENTS
) -> list[Text]:
    """What the run waits for, how many are where, and the last notable events; always as many lines.

    `tasks` are those of the run by attention.
    """
    progress = session.progress
    states = counted_states(tasks)
    if cell_len(states) >= look.width:
        states = counted_states(tasks, aside="rejected")
    lines = [ink(" ").append(states, DIM), rule(look.width)]
    notable = [*reversed(progress.notable)]
    room = events
    if session.run_problem is not None:
        lines += paragraph(session.run_problem.sentence(), look.width, 1, TROUBLE)[:2]
        room -= len(lines) - 2
    else:
        held = first_held(tasks)
        if held is not None and held.held_by is not None:
            is_tried = held.held_until is not None and not progress.is_paused
            again = f" Next try in {about(max(0.0, (held.held_until or now) - now))}." if is_tried else ""
            others = progress.held_with(held.held_by) - 1
            who = f"{held.summary.source_index} and {number(others)} more wait" if others else ""
            words = f"{who or f'{held.summary.source_index} waits'}: {held.held_by.what}{again}"
            lines += hanging(ink(" ").append_text(look.mark("warn")).append(" "), words, look.width - 5, STRONG, most=2)
            room -= len(lines) - 2
            notable = [each for each in notable if not (each.is_problem and held.held_by.what in each.text)]
        elif words := progress.awaiting(now):
            said = f" {words[:1].upper()}{words[1:]}"
            lines.append(ink(" ").append_text(look.mark("warn")).append(shorten(said, look.width - 5), STRONG))
            room -= 1
    for each in notable:
        if room <= 0:
            break
        style = STRONG if each.is_problem else "none"
        shown = hanging(ink(f" {clock(each.at)}  ", DIM), each.text, look.width - 12, style, most=min(2, room))
        lines += shown
        room -= len(shown)
    return filled(lines, look.width, events + 2)


def task_page(task: TaskProgress, width: int) -> list[Text]:
    """All that is known of one task."""
    summary = task.summary
    facts = [("Goes to", summary.destination_index), ("State", task.state.value)]
    if task.unit is Unit.BYTES:
        copied = size(task.done) if task.expected is None else f"{size(task.done)} of {size(task.expected)}"
        facts += [
            ("Copied", copied),
            ("Shards", f"{number(task.parts_done)} of {number(task.parts)} started" if task.parts else ""),
            ("Checked", checked(task)),
        ]
    else:
        facts += [
            ("Documents", "not known" if task.expected is None else f"{number(task.done)} of {number(task.expected)}"),
            ("Written", number(task.written)),
            ("Existed before", number(task.there_already)),
            ("Same id twice", number(task.collided)),
            ("Rejected", f"{number(task.refused)}, e shows why" if task.refused else "0"),
            ("Retried", number(task.retries)),
            ("Counted", _counts(task)),
            ("Compared", compared(task)),
        ]
        if summary.size is not None:
            facts.insert(1, ("Size", size(summary.size)))
    lines = [ink(" ").append(each, STRONG) for each in wrap(summary.source_index, width - 2)]
    lines.append(Text())
    for word, said in facts:
        lines += hanging(ink(f" {fit(word, 15)}", DIM), said, width - 18) if said else []
    for problem in (task.held_by, task.problem):
        if problem is not None:
            lines.append(Text())
            lines += explained(problem, width)
            lines += paragraph(problem.evidence, width, 1, DIM) if problem.evidence else []
    return lines


def checked(task: TaskProgress) -> str:
    """By what a restored index was checked, in words; "" where it was not yet."""
    if task.shards is None:
        return _counts(task)
    parts = [f"{number(task.shards.arrived)} of {counted(task.shards.wanted, 'shard')} of the snapshot arrived"]
    if task.source_count is not None:
        parts.append(_counts(task))
    elif task.destination_count is not None:
        parts.append(f"{counted(task.destination_count, 'document')} there; the source was not asked")
    parts.append(sampled([task]))
    if task.compared is not None:
        parts.append(f"compared {compared(task)}")
    return "; ".join(filter(None, parts))


def sampled(tasks: Sequence[TaskProgress]) -> str:
    """How many samples of these were compared, and how many of them differ; "" where none was."""
    samples = [task.samples for task in tasks if task.samples is not None]
    different = sum(len(one.different) for one in samples)
    many = sum(one.compared for one in samples)
    return f"{counted(many, 'sample')} compared, {number(different)} different" if many else ""


def compared(task: TaskProgress) -> str:
    """What comparing the documents themselves has shown; "" where none was."""
    if task.compared is not None:
        found = task.compared.sentence or "every one is equal"
        return f"{task.compared.manner}: {found}"
    if task.samples is not None and task.samples.compared:
        different = len(task.samples.different)
        return f"{counted(task.samples.compared, 'sample')}, {number(different)} different"
    return ""


def _counts(task: TaskProgress) -> str:
    if task.source_count is None and task.destination_count is None:
        return ""
    each = ["not known" if count is None else number(count) for count in (task.source_count, task.destination_count)]
    return f"{each[0]} on the source, {each[1]} on the destination"


def in_a_line(session: Session) -> str:
    """A whole run in a line: what keeps it from going on, how far it is, how much longer, what needs the user."""
    progress = session.progress
    if session.run_problem is not None:
        return f"run {session.run}: {session.run_problem.sentence()}"
    held = first_held(by_attention(progress))
    eta = progress.eta()
    share = "" if progress.fraction is None else f"{progress.fraction * 100:.0f} %"
    done = so_far(progress) if progress.unit is Unit.BYTES else counted(progress.done, "document")
    left = f"about {about(eta.likely)} more" if eta is not None else remaining(eta)
    parts = [share, done, "paused" if progress.is_paused else left]
    if progress.refused:
        parts.append(f"{number(progress.refused)} rejected")
    if held is not None and held.held_by is not None:
        parts.append(f"{held.summary.source_index} waits: {held.held_by.what}")
    return f"run {session.run}: " + ", ".join(filter(None, parts))


# -- the screen ------------------------------------------------------------------------------------------------------


class TasksScreen(StepScreen):
    """A step that lists tasks: where there is room, all that is known of the one at the cursor stands beside them."""

    def here(self) -> TaskProgress | None:
        """The task at the cursor."""
        raise NotImplementedError

    def move_cursor(self, item: int) -> None:
        """What stands beside the list follows the cursor."""
        del item
        self.show()

    def list_beside(self, cursor: int = 0) -> Widget:
        """The list, with room beside it for all that is known of the one at the cursor."""
        rows = Vertical(TextLines(id="heading"), Board(cursor=cursor, moved=self.move_cursor), id="list")
        return Horizontal(rows, TextLines(id="pane"), id="beside", classes="body")

    def action_rejects(self) -> None:
        """The documents that were refused."""
        self.wizard.show_rejects()

    def show_pane(self) -> None:
        """All that is known of the one at the cursor, where there is room for it beside the list."""
        task = self.here() if self.has_class("-wide") else None
        self.show_lines("pane", lambda look: [] if task is None else task_page(task, look.width))

    def action_open(self) -> None:
        """All about the one at the cursor."""
        from esmigrate_tui.wizard.screens.dialogs import ReadScreen  # noqa: PLC0415  # loaded when first needed

        if (task := self.here()) is not None:
            self.app.push_screen(ReadScreen("One index", lambda width: task_page(task, width)))


class RunScreen(TasksScreen):
    """Follow a run, and command it."""

    STEP, HAS_NEXT = "run", False  # the finish comes by itself
    CSS = f"""
    #totals {{ height: 5; }}
    #below {{ height: {_EVENTS + 2}; }}
    RunScreen.-tall #below {{ height: {_MORE_EVENTS + 2}; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self._news: Progress | None = None
        self._painted_at = 0.0
        self._tasks: tuple[TaskProgress, ...] = ()
        self._done: tuple[TaskProgress, ...] = ()
        self._is_unfolded = False

    def body(self) -> Iterable[Widget]:
        """Totals, list with the one at the cursor beside it, events."""
        yield TextLines(id="totals", classes="body")
        yield self.list_beside(self.session.run_cursor)
        yield TextLines(id="below", classes="body")

    def title_words(self, session: Session) -> tuple[str, str]:
        """Which run, since when, and that one may leave."""
        progress = session.progress
        if session.run_problem is not None:
            return f"run {session.run}   not followed any more", ""
        elapsed = duration(progress.elapsed(self.wizard.services.now())) if progress.started_at is not None else ""
        state = "paused" if progress.is_paused else "watching" if session.is_watching else "running"
        return f"run {session.run}   {state} {elapsed}".rstrip(), "you may leave: it continues"

    def line_when_small(self, session: Session) -> str:
        """The whole run in a line."""
        return in_a_line(session)

    def paint(self, session: Session) -> None:
        """The board."""
        self._painted_at = now = self.wizard.services.now()
        self.show_lines("totals", lambda look: totals(session, look))
        board = self.query_one(Board)
        # A cursor that was moved stays with its index, wherever that goes; at the top it stays at the top.
        watched = self._tasks[board.cursor].summary.number if 0 < board.cursor < len(self._tasks) else 0
        is_below = bool(self._done) and board.cursor == len(self._tasks)
        every = by_attention(session.progress)  # once a paint: a run may have ten thousand
        self._tasks, self._done = tasks, done = (every, ()) if self._is_unfolded else folded(every)
        at = next((position for position, task in enumerate(tasks) if task.summary.number == watched), 0)
        at = len(tasks) if is_below and done else at
        is_held = steering.is_held(session.progress)
        rows: tuple[TaskProgress | None, ...] = (*tasks, *([None] if done else []))

        def row(task: TaskProgress | None, look: Canvas, *, here: bool) -> Text:
            if task is None:
                return done_row(done, look, here=here)
            return task_row(task, look, now, here=here, is_held=is_held)

        board.show(lambda look, cursor: line_rows(rows, lambda at, task: row(task, look, here=at == cursor)), at)
        unit = traits_of(session.method_name).unit  # also before the run has said a word
        first = "files" if session.is_of_files else "sender" if session.is_watching else "index"
        self.show_lines("heading", lambda look: [heading(look.width - 1, unit, first=first)])
        events = _MORE_EVENTS if self.has_class("-tall") else _EVENTS
        self.show_lines("below", lambda look: below(session, every, look, now, events))
        self.show_pane()

    def begin(self) -> None:
        """Follow the run."""
        self.set_interval(0.5, self._tick)
        self.run_worker(self._follow(), group="follow", exclusive=True)

    async def _tick(self) -> None:
        """At most two paints a second: what is new, or the seconds that went by."""
        news, self._news = self._news, None
        if news is not None:
            self.wizard.update(self.session.but(progress=news))
        is_over = self.session.progress.is_finished
        if is_over and self.app.screen is self:  # else as soon as the page that lies over it is closed
            self.wizard.go("finish")
        elif not is_over and news is None and self.wizard.services.now() - self._painted_at >= 1.0:
            self.show()

    async def _follow(self) -> None:
        progress = Progress()
        try:
            async for update in self.wizard.services.follow(self.session.run):
                self._news = progress = update.progress
        except ProblemError as error:
            self.wizard.update(self.session.but(run_problem=error.problem))
            return
        if not progress.is_finished:
            gone = Problem(
                cause=Cause.STATE,
                what="The process of this run has ended before the run was finished.",
                todo=f"Nothing is lost: r resumes it, and so does `esmigrate resume {self.session.run}`.",
            )
            self.wizard.update(self.session.but(run_problem=gone))

    # -- keys --------------------------------------------------------------------------------------------------------

    def here(self) -> TaskProgress | None:
        """The task at the cursor; None at the line that counts those that are done."""
        cursor = self.query_one(Board).cursor
        return self._tasks[cursor] if cursor < len(self._tasks) else None

    @work(group="command")
    async def _notify(self, command: Command, said: str) -> None:
        with self.wizard.saying_problems():
            await self.wizard.services.command(self.session.run, command)
            self.say(said)

    def action_resume(self) -> None:
        """Resume a run whose process has ended, or one that is paused."""
        if self.session.run_problem is None:
            self._order(steering.GOING_ON)
            return
        self.say("Resuming …")
        self._resume()

    @work(group="follow", exclusive=True)
    async def _resume(self) -> None:
        with self.wizard.saying_problems():
            await self.wizard.services.resume(self.session.run, self.wizard.credentials)
            self.say("")
            self.wizard.update(self.session.but(run_problem=None))
            await self._follow()

    def _order(self, order: steering.CommandReply) -> None:
        if order.command is None:
            self.say(order.said)
        else:
            self._notify(order.command, order.said)

    def action_pause(self) -> None:
        """Pause, or go on."""
        progress = self.session.progress
        self._order(steering.GOING_ON if progress.is_paused else steering.pausing(progress, "p"))

    def action_slower(self) -> None:
        """A step slower."""
        self._order(steering.pacing(self.session.progress, is_faster=False))

    def action_faster(self) -> None:
        """A step faster."""
        self._order(steering.pacing(self.session.progress, is_faster=True))

    def action_enough(self) -> None:
        """Say that what others have sent is all there is, after a question."""
        from esmigrate_tui.wizard.screens.dialogs import AskScreen  # noqa: PLC0415  # loaded when first needed

        if not self.session.is_watching:
            self.say("This run knows how many documents there are: no other program sends any.")
            return
        question = steering.whether_that_is_all(self.session.progress)
        page = AskScreen("Is that all?", question, yes="That is all", no="Keep watching")
        self.wizard.ask(page, lambda _: self._order(steering.THAT_IS_ALL))

    def action_skip(self) -> None:
        """Leave out the index at the cursor, after a question."""
        from esmigrate_tui.wizard.screens.dialogs import AskScreen  # noqa: PLC0415  # loaded when first needed

        task = self.here()
        if task is None or task.state.is_final:
            self.say("This one has ended already.")
            return
        name, number = task.summary.source_index, task.summary.number
        question = "What has arrived of it stays on the destination, and the report will say that it was left out."
        if lost := self.session.progress.deleted_by_stopping(number):
            names = listed(lost)
            question = f"What is partially restored is deleted on the destination: {names}. The snapshot stays."
        self.wizard.ask(
            AskScreen(f"Leave out {name}?", question, yes="Leave it out", no="Keep it"),
            lambda _: self._notify(SkipTask(task=number), f"{name} will be left out."),
        )

    def action_stop(self) -> None:
        """Stop the run, after a question."""
        from esmigrate_tui.wizard.screens.dialogs import AskScreen  # noqa: PLC0415  # loaded when first needed

        question = steering.what_stopping_does(self.session.progress)
        question += " To leave only this screen, press Esc here and Esc again."
        page = AskScreen(f"Stop run {self.session.run}?", question, yes="Stop the run", no="Keep it running")
        self.wizard.ask(page, lambda _: self._order(steering.STOPPING))

    def action_open(self) -> None:
        """All about the index at the cursor; below the last, those that are done."""
        super().action_open()
        if self.here() is None and self._done:
            self.action_fold()

    def action_fold(self) -> None:
        """Show or hide those that are done."""
        self._is_unfolded = not self._is_unfolded
        self.show()
        if not self._is_unfolded and not self._done:
            self.say("Nothing to hide: few are done yet, or all of them.")

    async def action_leave(self) -> None:
        """Leave the screen; the run goes on."""
        run, problem = self.session.run, self.session.run_problem
        goes_on = f"Run {run} continues without this screen. `esmigrate attach {run}` shows it again."
        self.wizard.leave(ExitCode.DETACHED, problem.sentence() if problem is not None else goes_on)
