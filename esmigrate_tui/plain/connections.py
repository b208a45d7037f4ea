"""Where the clusters are, how to sign in, what to trust; each tested at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from esmigrate_tui.flow import connections as steps
from esmigrate_tui.flow.layout import fingerprint
from esmigrate_tui.flow.session import ConnectionTest
from esmigrate_tui.model.connection import Side, SignIn, TrustKind, parse_address
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.plain.console import in_turn, needed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.steps import PlainFlow


async def connections(flow: PlainFlow, console: Console) -> str:
    """One side after the other."""
    if flow.session.vault is None:
        await steps.ask_vault(flow)
    await in_turn(partial(_side, flow, console, side) for side in flow.session.sides)
    return ""


async def _side(flow: PlainFlow, console: Console, side: Side) -> bool:
    if steps.is_tested_at_once(flow, side):
        await _test(flow, side)
    while True:
        form = flow.session.form(side)
        if form.test is ConnectionTest.GOOD:
            _say_facts(flow, console, side)
            options = (("on", "go on with it"), ("change", "change it"))
            if await console.choose(f"The {side} is connected.", options, "on") == "on":
                return True
        elif form.test is ConnectionTest.BAD and form.problem is not None:
            console.say(f"{steps.FAILED.get(form.problem.cause, 'failed').capitalize()}:")
            console.trouble(form.problem)
            options = (("change", "change the answers"), ("again", "try again"))
            if await console.choose(f"The {side} is not connected.", options, "change") == "again":
                await _test(flow, side)
                continue
        await _fill_in(flow, console, side)
        if flow.session.is_left_out(side):
            return True
        await _test(flow, side)
        await _compare(flow, console, side)


async def _test(flow: PlainFlow, side: Side) -> None:
    known = flow.credentials.get(side)
    form = flow.session.form(side)
    secret = known.secret if known is not None and known.sign_in is form.sign_in else ""
    await steps.look_at_side(flow, side, secret)


async def _compare(flow: PlainFlow, console: Console, side: Side) -> None:
    """A pinned certificate is shown the first time, and tested once it was compared."""
    form = flow.session.form(side)
    if form.test is not ConnectionTest.NOT_YET or not form.fingerprint or form.is_accepted:
        return
    console.say(steps.SHOWS_CERTIFICATE)
    console.show(fingerprint(form.fingerprint))
    if await console.agrees("Compare it with what the cluster's owner tells you. Is it the same?"):
        flow.update(flow.session.with_form(side, is_accepted=True))
        await _test(flow, side)
    else:
        flow.update(flow.session.with_form(side, fingerprint=""))


def _say_facts(flow: PlainFlow, console: Console, side: Side) -> None:
    form, facts = flow.session.form(side), flow.session.draft.facts(side)
    if facts is None:
        return
    parts = [facts.name, *steps.facts_in_words(facts)]
    if facts.user is not None:
        parts.append(f"you are {facts.user}" + (f" ({', '.join(facts.roles)})" if facts.roles else ""))
    console.say(", ".join(parts) + ".")
    for sentence in (steps.warned(form), form.note):
        if sentence:
            console.say(sentence)


# -- the questions ---------------------------------------------------------------------------------------------------


async def _fill_in(flow: PlainFlow, console: Console, side: Side) -> None:
    async def ask(field: str) -> bool | None:
        is_asked = steps.fields_asked(flow.session, side).get(field, True)
        return await _QUESTIONS[field](flow, console, side) if is_asked else False

    await in_turn(partial(ask, field) for field in _QUESTIONS)


def _why_not_an_address(typed: str) -> str:
    try:
        parse_address(typed)
    except ProblemError as error:
        return error.problem.sentence()
    return ""


async def _address(flow: PlainFlow, console: Console, side: Side) -> None:
    form, may_be_empty = flow.session.form(side), flow.session.may_be_empty(side)
    if may_be_empty:
        console.say(f"The {side} {steps.LEFT_OUT[0]}. {steps.LEFT_OUT[1]}")

    def why_not(typed: str) -> str:
        return "" if may_be_empty and not typed else _why_not_an_address(typed)

    asked = f"Address of the {side}, {steps.WHO[side]}, such as https://host:9200, or a Cloud ID"
    typed = await console.text(asked, form.address, why_not=why_not)
    if typed != form.address:
        steps.answer(flow, side, address=typed)
        if form.address:
            flow.credentials.pop(side, None)  # a secret that was typed for one place is not for another
    if flow.session.is_left_out(side) and (cluster := steps.forget(flow, side)) is not None:
        await cluster.close()


async def _sign_in(flow: PlainFlow, console: Console, side: Side) -> None:
    form = flow.session.form(side)
    chosen = SignIn(await console.choose("How do you sign in?", steps.SIGN_IN, form.sign_in.value))
    if chosen is not form.sign_in:
        steps.answer(flow, side, sign_in=chosen)


async def _user(flow: PlainFlow, console: Console, side: Side) -> None:
    form = flow.session.form(side)
    _, of_address = parse_address(form.address)
    known = form.user or of_address
    steps.answer(flow, side, user=await console.text("User", known, why_not=needed("A user's name is needed.")))


async def _trust(flow: PlainFlow, console: Console, side: Side) -> None:
    form = flow.session.form(side)
    chosen = TrustKind(await console.choose("Which certificate is trusted?", steps.TRUST, form.trust.value))
    if chosen is not form.trust:
        steps.answer(flow, side, trust=chosen)


async def _ca_file(flow: PlainFlow, console: Console, side: Side) -> None:
    asked, known = "Path of the file with the authority's certificate", flow.session.form(side).ca_file
    steps.answer(flow, side, ca_file=await console.text(asked, known, why_not=needed("A path is needed.")))


async def _secret(flow: PlainFlow, console: Console, side: Side) -> None:
    form = flow.session.form(side)
    if unsafe := steps.warned(form):
        console.say(unsafe)
    known = flow.credentials.get(side)
    is_known = known is not None and bool(known.secret)
    may_be_kept = flow.session.vault is not None and flow.session.vault.is_available
    hint = (
        "; empty: the one that was typed before" if is_known else "; empty: look in the keyring" if may_be_kept else ""
    )
    if typed := await console.secret(f"{steps.SECRET_WORD[form.sign_in]} (not shown{hint})"):
        steps.answer_secret(flow, side, typed)


async def _remember(flow: PlainFlow, console: Console, side: Side) -> bool:
    if side not in flow.credentials:
        return False
    options, chosen = steps.remembering(flow.session, flow.session.form(side))
    if len(options) < 2:
        if flow.session.vault is not None and not flow.session.vault.is_available:
            console.say(f"It is kept only while this runs. {flow.session.vault.sentence}")
        return False
    is_kept = await console.choose("How long is it kept?", options, chosen) == "yes"
    flow.update(flow.session.with_form(side, remember=is_kept))
    return True


_QUESTIONS: Final[dict[str, Callable[[PlainFlow, Console, Side], Awaitable[bool | None]]]] = {
    "address": _address,
    "sign-in": _sign_in,
    "user": _user,
    "trust": _trust,
    "ca-file": _ca_file,
    "secret": _secret,
    "remember": _remember,
}
"""In the order in which they are asked, by the names of their fields."""
