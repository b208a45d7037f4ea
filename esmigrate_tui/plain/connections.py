"""Where the clusters are, how to sign in, what to trust; each tested at once."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from esmigrate_tui.flow.connections import (
    FAILED,
    LEFT_OUT,
    SECRET_WORD,
    SIGN_IN,
    TRUST,
    ask_vault,
    forget,
    look_at_side,
    remembering,
    warned,
)
from esmigrate_tui.flow.layout import fingerprint
from esmigrate_tui.flow.session import Test
from esmigrate_tui.model.connection import Credential, Side, SignIn, TrustKind, parse_address
from esmigrate_tui.model.problem import ProblemError
from esmigrate_tui.model.text import counted, size
from esmigrate_tui.plain.console import in_turn

if TYPE_CHECKING:
    from esmigrate_tui.plain.console import Console
    from esmigrate_tui.plain.walk import PlainWalk

_WHO = {Side.SOURCE: "the old cluster", Side.DESTINATION: "the new cluster"}


async def connections(walk: PlainWalk, console: Console) -> str:
    """One side after the other."""
    if walk.session.vault is None:
        await ask_vault(walk)
    await in_turn(partial(_side, walk, console, side) for side in walk.session.sides)
    return ""


async def _side(walk: PlainWalk, console: Console, side: Side) -> bool:
    """Ask for one side until it is connected, or left out."""
    form, draft = walk.session.form(side), walk.session.draft
    given = draft.source if side is Side.SOURCE else draft.destination
    is_known = form.sign_in is SignIn.NONE or side in walk.credentials
    if given is not None and is_known and form.test is Test.NOT_YET:
        await _test(walk, side)
    while True:
        form = walk.session.form(side)
        if form.test is Test.GOOD:
            _say_facts(walk, console, side)
            options = (("on", "go on with it"), ("change", "change it"))
            if await console.choose(f"The {side} is connected.", options, "on") == "on":
                return True
        elif form.test is Test.BAD and form.problem is not None:
            console.say(f"{FAILED.get(form.problem.cause, 'failed').capitalize()}:")
            console.trouble(form.problem)
            options = (("change", "change the answers"), ("again", "try again"))
            if await console.choose(f"The {side} is not connected.", options, "change") == "again":
                await _test(walk, side)
                continue
        await _fill_in(walk, console, side)
        if walk.session.is_left_out(side):
            return True
        await _test(walk, side)
        await _compare(walk, console, side)


async def _test(walk: PlainWalk, side: Side) -> None:
    known = walk.credentials.get(side)
    form = walk.session.form(side)
    secret = known.secret if known is not None and known.sign_in is form.sign_in else ""
    await look_at_side(walk, side, secret)


async def _compare(walk: PlainWalk, console: Console, side: Side) -> None:
    """A pinned certificate is shown the first time, and tested once it was compared."""
    form = walk.session.form(side)
    if form.test is not Test.NOT_YET or not form.fingerprint or form.is_accepted:
        return
    console.say("It shows this certificate (SHA-256):")
    console.show(fingerprint(form.fingerprint))
    if await console.agrees("Compare it with what the cluster's owner tells you. Is it the same?"):
        walk.update(walk.session.with_form(side, is_accepted=True))
        await _test(walk, side)
    else:
        walk.update(walk.session.with_form(side, fingerprint=""))


def _say_facts(walk: PlainWalk, console: Console, side: Side) -> None:
    draft, form = walk.session.draft, walk.session.form(side)
    facts = draft.source_facts if side is Side.SOURCE else draft.destination_facts
    if facts is None:
        return
    parts = [f"{facts.name}, {facts.version}, {counted(facts.nodes, 'node')}, {facts.health}"]
    if facts.indices is not None:
        parts.append(counted(facts.indices, "index", "indices"))
    if facts.documents is not None:
        parts.append(counted(facts.documents, "document"))
    if facts.store_bytes is not None:
        parts.append(size(facts.store_bytes))
    if facts.disk is not None:
        parts.append(f"room for {size(facts.disk.usable)} more")
    if facts.user is not None:
        parts.append(f"you are {facts.user}" + (f" ({', '.join(facts.roles)})" if facts.roles else ""))
    console.say(", ".join(parts) + ".")
    for sentence in (warned(form), form.told):
        if sentence:
            console.say(sentence)


# -- the questions ---------------------------------------------------------------------------------------------------


async def _fill_in(walk: PlainWalk, console: Console, side: Side) -> None:
    questions = (_address, _sign_in, _user, _trust, _ca_file, _secret, _remember)
    await in_turn(partial(question, walk, console, side) for question in questions)


def _why_not_an_address(typed: str) -> str:
    try:
        parse_address(typed)
    except ProblemError as error:
        return error.problem.sentence()
    return ""


async def _address(walk: PlainWalk, console: Console, side: Side) -> bool:
    form, may_be_empty = walk.session.form(side), walk.session.may_be_empty(side)
    if may_be_empty:
        console.say(f"The {side} {LEFT_OUT[0]}. {LEFT_OUT[1]}")

    def why_not(typed: str) -> str:
        return "" if may_be_empty and not typed else _why_not_an_address(typed)

    asked = f"Address of the {side}, {_WHO[side]}, such as https://host:9200, or a Cloud ID"
    typed = await console.text(asked, form.address, why_not=why_not)
    if typed != form.address:
        fresh = {"fingerprint": "", "is_accepted": False, "test": Test.NOT_YET, "problem": None, "told": ""}
        walk.update(walk.session.with_form(side, address=typed, **fresh))
        if form.address:
            walk.credentials.pop(side, None)  # a secret that was typed for one place is not for another
    if walk.session.is_left_out(side) and (cluster := forget(walk, side)) is not None:
        await cluster.close()
    return True


async def _sign_in(walk: PlainWalk, console: Console, side: Side) -> bool:
    if walk.session.is_left_out(side):
        return False
    form = walk.session.form(side)
    chosen = SignIn(await console.choose("How do you sign in?", SIGN_IN, form.sign_in.value))
    if chosen is not form.sign_in:
        walk.credentials.pop(side, None)
        walk.update(walk.session.with_form(side, sign_in=chosen, has_secret=False, test=Test.NOT_YET))
    return True


async def _user(walk: PlainWalk, console: Console, side: Side) -> bool:
    form = walk.session.form(side)
    if walk.session.is_left_out(side) or form.sign_in is not SignIn.PASSWORD:
        return False
    _, of_address = parse_address(form.address)
    typed = await console.text(
        "User", form.user or of_address, why_not=lambda typed: "" if typed else "A user's name is needed."
    )
    walk.update(walk.session.with_form(side, user=typed, test=Test.NOT_YET))
    return True


async def _trust(walk: PlainWalk, console: Console, side: Side) -> bool:
    form = walk.session.form(side)
    if walk.session.is_left_out(side) or not form.is_encrypted:
        return False
    chosen = TrustKind(await console.choose("Which certificate is trusted?", TRUST, form.trust.value))
    if chosen is not form.trust:
        walk.update(walk.session.with_form(side, trust=chosen, fingerprint="", is_accepted=False, test=Test.NOT_YET))
    return True


async def _ca_file(walk: PlainWalk, console: Console, side: Side) -> bool:
    form = walk.session.form(side)
    if walk.session.is_left_out(side) or not form.is_encrypted or form.trust is not TrustKind.CA_FILE:
        return False
    typed = await console.text(
        "Path of the file with the authority's certificate",
        form.ca_file,
        why_not=lambda typed: "" if typed else "A path is needed.",
    )
    walk.update(walk.session.with_form(side, ca_file=typed, test=Test.NOT_YET))
    return True


async def _secret(walk: PlainWalk, console: Console, side: Side) -> bool:
    form = walk.session.form(side)
    if walk.session.is_left_out(side) or form.sign_in is SignIn.NONE:
        return False
    if unsafe := warned(form):
        console.say(unsafe)
    known = walk.credentials.get(side)
    is_known = known is not None and bool(known.secret)
    may_be_kept = walk.session.vault is not None and walk.session.vault.is_available
    hint = (
        "; empty: the one that was typed before" if is_known else "; empty: look in the keyring" if may_be_kept else ""
    )
    typed = await console.secret(f"{SECRET_WORD[form.sign_in]} (not shown{hint})")
    if typed:
        walk.credentials[side] = Credential(sign_in=form.sign_in, user=form.user, secret=typed)
        walk.update(walk.session.with_form(side, has_secret=True, test=Test.NOT_YET))
    return True


async def _remember(walk: PlainWalk, console: Console, side: Side) -> bool:
    form = walk.session.form(side)
    if walk.session.is_left_out(side) or form.sign_in is SignIn.NONE or side not in walk.credentials:
        return False
    options, chosen = remembering(walk.session, form)
    if len(options) < 2:
        if walk.session.vault is not None and not walk.session.vault.is_available:
            console.say(f"It is kept only while this runs. {walk.session.vault.sentence}")
        return False
    answer = await console.choose("How long is it kept?", options, chosen)
    walk.update(walk.session.with_form(side, remember=answer == "yes"))
    return True
