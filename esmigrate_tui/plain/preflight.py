"""What was found before anything moves, as lines: worst first, with evidence, reason and remedy; waived by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow import preflight as steps
from esmigrate_tui.flow.preflight import REMEDY_DOES, Remedy, asked, look, remedies
from esmigrate_tui.flow.steps import BY_NAME, is_checked
from esmigrate_tui.model.finding import Finding, Severity, worst_first
from esmigrate_tui.model.text import counted, listed
from esmigrate_tui.plain.console import BackError, numbers, place_of
from esmigrate_tui.plain.repository import say_request

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet

    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow

_WORDS: Final = {
    Severity.BLOCKER: "blocks",
    Severity.WARNING: "warns",
    Severity.NOTE: "note",
    Severity.PASSED: "passed",
}
_TYPED: Final = {Remedy.FIX: "f {at}", Remedy.COPY_HERE: "m"}


async def preflight(flow: PlainFlow, console: Console) -> str:
    """Let the checks look, say what they found, and take what is accepted."""
    if is_checked(flow.session):
        _say(flow, console)
    else:
        await _look(flow, console)
    while True:
        reason = BY_NAME["preflight"].may_go_on(flow.session)
        offered = {remedy for one in flow.session.draft.findings for remedy in remedies(one, flow.session)}
        match await console.ask(_question(flow, reason, offered)):
            case "" if not reason:
                return ""
            case "":
                console.say(f"It cannot continue yet: {reason}.")
            case "r":
                await _look(flow, console)
            case "p":
                _say_passed(flow, console)
            case "m" if Remedy.COPY_HERE in offered:
                steps.copy_here(flow)
                console.say(steps.COPIES_HERE)
                await _look(flow, console)
            case typed if typed.partition(" ")[0] == "f":
                await _fix(typed.partition(" ")[2].strip(), flow, console)
            case typed:
                _accept(typed, flow, console)


def _question(flow: PlainFlow, reason: str, offered: AbstractSet[Remedy]) -> str:
    words = "r looks again, p says what passed"
    if flow.session.draft.unaccepted:
        words = f"A number or a name accepts a warning, all accepts every one; {words}"
    elif not reason:
        words = f"Enter continues, {words}"
    words += "; f with a number or a name applies a fix" if Remedy.FIX in offered else ""
    return words + ("; m copies through this machine instead" if Remedy.COPY_HERE in offered else "")


def _say_passed(flow: PlainFlow, console: Console) -> None:
    passed = [one for one in flow.session.draft.findings if one.severity is Severity.PASSED]
    for one in passed:
        console.say(f"passed: {one.title}", 2)
    console.say(f"{counted(len(passed), 'check')} passed.")


async def _look(flow: PlainFlow, console: Console) -> None:
    console.say(f"Asking {asked(flow.session)} …")
    await look(flow)
    _say(flow, console)


def _rows(flow: PlainFlow) -> tuple[Finding, ...]:
    found = worst_first(flow.session.draft.findings)
    return tuple(one for one in found if one.severity is not Severity.PASSED)


def _say(flow: PlainFlow, console: Console) -> None:
    if (problem := flow.session.checking.problem) is not None:
        console.say("The checks could not be made:")
        console.trouble(problem)
        return
    draft, rows = flow.session.draft, _rows(flow)
    for at, finding in enumerate(rows, start=1):
        accepted = ", accepted" if finding.key in draft.accepted else ""
        console.say(f"{at}. {_WORDS[finding.severity]}{accepted}: {finding.title} ({finding.check})", 2)
        _explain(finding, console)
        for remedy in remedies(finding, flow.session):
            console.say(f"{_TYPED[remedy].format(at=at)} {REMEDY_DOES[remedy]}.", 5)
    blocks, passed = len(draft.blockers), len(draft.findings) - len(rows)
    warns = sum(one.severity is Severity.WARNING for one in rows)
    stops = f"{blocks} {'blocks' if blocks == 1 else 'block'}, {warns} {'warns' if warns == 1 else 'warn'}"
    console.say(f"{counted(len(draft.findings), 'check')}: {stops}, {passed} passed.")


def _explain(finding: Finding, console: Console) -> None:
    if finding.evidence:
        console.say(f"Details: {finding.evidence}", 5)
    for word, sentence in (("Why", finding.why), ("Fix", finding.fix)):
        if sentence:
            console.say(f"{word}: {sentence}", 5)
    if finding.copy:
        console.show(finding.copy, 7)
    if finding.subjects:
        console.say(f"About: {listed(finding.subjects)}", 5)
    if finding.link:
        console.show(finding.link, 5)


def _to_fix(typed: str, flow: PlainFlow, console: Console) -> Finding | None:
    """The finding of a number or a name that can be fixed from here; else it is said why not."""
    rows = _rows(flow)
    by_name = [one for one in rows if one.check == typed and one.repairs]
    cursor, wrong = place_of(typed, [one.check for one in rows])
    if wrong:
        console.say(f"Which one? Say f with its number or its name: {wrong}.")
        return None
    finding = by_name[0] if by_name else rows[cursor]
    if Remedy.FIX not in remedies(finding, flow.session):
        console.say(f"{finding.check} cannot be fixed from here: see what stands after Fix.")
        return None
    return finding


async def _fix(typed: str, flow: PlainFlow, console: Console) -> None:
    """Show the requests, ask, and put it right; how that went is said, and the checks look again."""
    finding = _to_fix(typed, flow, console)
    if finding is None:
        return
    title, said = steps.fixing(finding)
    for sentence in said:
        console.say(sentence)
    for change in finding.repairs:
        to = flow.session.draft.authority(change.side)
        say_request(console, to, change.made_by)
        if change.undo is not None:
            say_request(console, to, change.undo, "What reverts it")
    try:
        is_agreed = await console.agrees(title)
    except BackError:
        is_agreed = False
    if not is_agreed:
        console.say("Nothing was changed.")
        return
    await steps.fix(flow, finding)
    fixing = flow.session.fixing
    for made in fixing.done:
        console.say(f"Done: {made.what}.")
    if fixing.done:
        console.say(steps.revert_sentence(fixing.done))
    if fixing.problem is not None:
        is_unsure = fixing.failed in flow.session.unsure
        console.say(f"{'Whether this was done is not known' if is_unsure else 'This failed'}: {fixing.failed}.")
        console.trouble(fixing.problem)
    await _look(flow, console)


def _accept(typed: str, flow: PlainFlow, console: Console) -> None:
    """Accept warnings by number or name; naming one that is accepted takes that back."""
    rows, draft = _rows(flow), flow.session.draft
    meant = draft.unaccepted if typed == "all" else tuple(one for one in rows if one.check in typed.split())
    if typed == "all" and not meant:
        console.say("There is nothing to accept.")
        return
    if not meant:
        chosen, wrong = numbers(typed, len(rows))
        if wrong:
            names = listed(tuple(dict.fromkeys(one.check for one in draft.unaccepted)))
            console.say(f"No check here is called that: {wrong}. {f'To be accepted: {names}.' if names else ''}")
            return
        meant = tuple(rows[at - 1] for at in chosen)
    for finding in meant:
        if finding.severity is Severity.BLOCKER:
            console.say(f"{finding.check} blocks: it cannot be accepted, only fixed. Then r looks again.")
        elif finding.severity is Severity.NOTE:
            console.say(f"{finding.check} is a note, which needs no acceptance.")
        else:
            is_accepted = steps.toggle_accepted(flow, finding)
            said = "Accepted, and the report will say so" if is_accepted else "No longer accepted"
            console.say(f"{said}: {finding.check}.")
