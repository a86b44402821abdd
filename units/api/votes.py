"""Deliberations for other systems: closed ones are public, with their votes unless the ballot was secret."""

from typing import Any

from django.db.models import Case, CharField, QuerySet, Value, When

from refamp.base.api.columns import Row
from refamp.base.api.pagination import Order
from refamp.base.api.routers import Router
from refamp.base.api.views import ReadViewSet
from refamp.base.doors import everyone
from refamp.base.sql import Fold
from units.choices import CLOSED_DELIBERATION
from units.filters.votes import DeliberationFilter
from units.models import Deliberation, Vote
from units.queries.effect import EFFECTIVE_AT, EFFECTIVE_AT_STATUS
from units.queries.votes import deliberations
from units.serializers.votes import DeliberationSerializer

NOT_COUNTED = Case(
    When(votes_for__isnull=True, then=Value("not_applicable")), default=None, output_field=CharField(null=True)
)


class DeliberationViewSet(ReadViewSet):
    """What the bodies decided. Votes are cast on the page, by those who sit there; nothing is written here."""

    read_rule = everyone
    scope = "units"
    model = Deliberation
    serializer_class = DeliberationSerializer
    filterset_class = DeliberationFilter
    ordering = ("-closed_at",)
    ordering_fields = {
        "closed_at": "closed_at",
        "year": "year",
        "number": "number",
        "unit": "unit__code",
        "title": Order(Fold("title"), never_null=True),
        "updated_at": "updated_at",
    }
    search_fields = ("title", "text", "unit__name")
    columns = {
        "status": NOT_COUNTED,
        "effective_at": EFFECTIVE_AT,
        "effective_at_status": EFFECTIVE_AT_STATUS,
        "votes": None,
    }

    def queryset_for(self, user: Any) -> QuerySet:
        return deliberations(user)

    def finish(self, rows: list[Row], keys: list[Any]) -> None:
        """The votes of closed open ballots, by one query."""
        if not self.wants("votes"):
            return
        votes: dict[Any, list[Row]] = {}
        found = (
            Vote.objects.filter(
                deliberation__in=keys,
                deliberation__is_secret=False,
                deliberation__state__in=sorted(CLOSED_DELIBERATION),
            )
            .select_related("municipality")
            .order_by("municipality__code")
        )
        for vote in found:
            votes.setdefault(vote.deliberation_id, []).append(
                {
                    "municipality": self.reference(vote.municipality.code, vote.municipality.name, "municipalities"),
                    "value": vote.value,
                    "declaration": vote.declaration,
                    "has_conflict": bool(vote.conflict),
                }
            )
        for row, key in zip(rows, keys, strict=True):
            row["votes"] = votes.get(key, [])


def register(router: Router) -> None:
    router.register("deliberations", DeliberationViewSet)
