"""Messages to people about their mandates: how to open the account, and what somebody else entered about them."""

from collections.abc import Iterable

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from refamp.accounts.models import User
from refamp.jobs.actions import send_email
from units.choices import Position
from units.models import Mandate, Unit
from units.queries.bodies import mandates_in_force


def welcome(mandate: Mandate) -> None:
    """Tell somebody who cannot log in yet where they sit now and how to open their account.

    The message holds no key: the address where a password is chosen sends one to the same inbox, and it soon expires.
    """
    person = mandate.person
    with translation.override(person.language or settings.LANGUAGE_CODE):
        stands_for = mandate.municipality or mandate.partner
        send_email(
            to=person.email,
            subject=gettext("Your place in: %(unit)s")[:200] % {"unit": mandate.unit},
            body=gettext(
                "Hello %(name)s,\n\nyou were named to %(unit)s, as %(position)s%(stands_for)s, from %(day)s.\n\n"
                "An account on the REF-AMP platform was made for this address. To open it, ask for a password here "
                "and follow the link that you receive:\n\n%(link)s\n\n"
                "If you were not expecting this, do nothing: nobody can open the account without this inbox.\n"
            )
            % {
                "name": person.name,
                "unit": mandate.unit,
                "position": mandate.get_position_display(),
                "stands_for": f" ({stands_for})" if stands_for else "",
                "day": f"{mandate.starts_on:%d/%m/%Y}",
                "link": settings.SITE_URL + reverse("account_reset_password"),
            },
        )


def tell(
    actor: User | None,
    unit: Unit,
    people: Iterable[User],
    *,
    ended: Mandate | None = None,
    begun: Mandate | None = None,
) -> None:
    """Tell people what somebody else entered about a seat: whoever it touches, and who presides and who is secretary.

    A seat that changed hands by mistake, or by somebody who may not, is then seen by those who know better.
    """
    if actor is None:
        return
    keepers = mandates_in_force(unit).filter(position__in=[Position.PRESIDENT, Position.SECRETARY])
    everybody = {person.pk: person for person in (*people, *(mandate.person for mandate in keepers))}
    for person in everybody.values():
        if person.pk != actor.pk and person.is_active:
            with translation.override(person.language or settings.LANGUAGE_CODE):
                send_email(
                    to=person.email,
                    subject=gettext("A seat in: %(unit)s")[:200] % {"unit": unit},
                    body=gettext(
                        "Hello %(name)s,\n\nthis was entered by %(actor)s:\n\n%(what)s\n\n"
                        "If it is not right, tell the secretariat of the body at once: %(link)s\n"
                    )
                    % {
                        "name": person.name,
                        "actor": actor.name,
                        "what": "\n".join(said(ended, begun)),
                        "link": settings.SITE_URL + reverse("units:unit", args=[unit.code]),
                    },
                )


def said(ended: Mandate | None, begun: Mandate | None) -> list[str]:
    """What changed, in words, with the act that is given for it."""
    lines = []
    if ended is not None:
        facts = {"seat": seat_in_words(ended), "day": f"{ended.ends_on:%d/%m/%Y}"}
        lines.append(gettext("%(seat)s: until %(day)s") % facts)
    if begun is not None:
        facts = {"seat": seat_in_words(begun), "day": f"{begun.starts_on:%d/%m/%Y}"}
        lines.append(gettext("%(seat)s: from %(day)s") % facts)
    act = (begun.act if begun else "") or (ended.end_act if ended else "")
    return [*lines, gettext("Act: %(act)s") % {"act": act}]


def seat_in_words(mandate: Mandate) -> str:
    stands_for = mandate.municipality or mandate.partner
    words = [mandate.person.name, *([str(stands_for)] if stands_for else []), str(mandate.get_position_display())]
    return ", ".join(words)
