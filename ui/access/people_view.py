"""The administrators' page, as HTML: who there is, and inviting, disabling, promoting and removing them."""

from __future__ import annotations

from collections.abc import Sequence

from assistant.accounts.schema import Invitation, Person, User
from ui.access.frame_view import (
    button,
    form,
    hidden,
    moment,
    page,
    row,
    rows,
    shown_once,
    told,
    trouble,
)
from ui.parts.markup import escape

DONE = {
    "disable": "The account is disabled: its sessions have ended and its tokens do not work.",
    "enable": "The account is enabled again.",
    "promote": "The account is an administrator's now.",
    "demote": "The account is a member's now.",
    "remove": "The account and all that was its own are removed.",
    "withdraw": "The invitation holds no longer.",
}


def people_page(
    user: User,
    proof: str,
    people: Sequence[Person],
    invitations: Sequence[Invitation],
    done: str = "",
    link: str = "",
    error: str = "",
) -> str:
    """`link` is a one-time link just made."""
    words = "Send this link to one person. It holds once and for a day, and is not shown again."
    administrator = (
        '<label class="check"><input type="checkbox" name="admin" value="yes">As an administrator</label>'
    )
    body = (
        f"<h1>People</h1>{told(DONE.get(done, ''))}{trouble(error)}{shown_once(words, link) if link else ''}"
        f"{rows([_person(proof, person, person.id == user.id) for person in people])}"
        '<h2>Invite someone</h2><p class="quiet">Makes a link by which one person joins.</p>'
        + form(
            "people", proof, administrator + button("Make an invitation", "invite"), label="Invite someone"
        )
        + (rows([_invitation(proof, each) for each in invitations]) if invitations else "")
    )
    return page("People", body, user)


def removing_page(user: User, proof: str, person: User) -> str:
    """What is asked before somebody is removed."""
    words = f"Remove {person.name}?"
    body = (
        f"<h1>{escape(words)}</h1><p>Their sessions end, and their papers, conversations and uploads are deleted. "
        "What they added to the shared library stays. This cannot be undone.</p>"
        + form(
            "people",
            proof,
            hidden("id", person.id) + button("Remove for good", "remove-now", main=False, danger=True),
            card=False,
        )
        + '<p><a href="people">Keep the account</a></p>'
    )
    return page("Remove an account", body, user, narrow=True)


def _person(proof: str, person: Person, self: bool) -> str:
    tags = [
        *(["you"] if self else []),
        *(["administrator"] if person.admin else []),
        *(["disabled"] if person.disabled else []),
    ]
    ways = " and ".join(person.ways) or "nothing yet"
    about = f"signs in by {ways}, joined {moment(person.created)}, last seen {moment(person.seen)}"
    return row(person.name, about, tags, _actions(proof, person, self))


def _actions(proof: str, person: Person, self: bool) -> str:
    offered = [
        ("Enable", "enable") if person.disabled else ("Disable", "disable"),
        ("Make a member", "demote") if person.admin else ("Make an administrator", "promote"),
        ("Link for a new password", "link"),
        ("Remove", "remove"),
    ]
    buttons = "".join(
        button(words, do, main=False, danger=do in ("remove", "disable"), of=person.name)
        for words, do in offered
        if not (self and do in ("disable", "remove"))
    )
    return form("people", proof, hidden("id", person.id) + buttons, card=False)


def _invitation(proof: str, invitation: Invitation) -> str:
    kind = "An administrator's invitation" if invitation.admin else "An invitation"
    withdrawing = button("Withdraw", "withdraw", main=False, of=f"until {moment(invitation.expires)}")
    return row(
        kind,
        f"holds until {moment(invitation.expires)}",
        (),
        form("people", proof, hidden("id", invitation.id) + withdrawing, card=False),
    )
