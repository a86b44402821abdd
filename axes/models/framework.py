"""Editions of the referential and the nodes of which they consist."""
# ruff: noqa: E501, S608  # the SQL of a trigger stands whole, and nothing in it comes from outside

from typing import TYPE_CHECKING, ClassVar, Self
from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from axes.choices import PARENT_KINDS, Focus, FrameworkState, LocalPlanKind, NodeKind, Origin, ReferenceKind
from axes.rules import sees_drafts
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal
from refamp.territory.models import Municipality

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from refamp.accounts.models import User

PUBLISHED_STATES = [FrameworkState.IN_FORCE, FrameworkState.SUPERSEDED]

ANY_CHANGE = pgtrigger.Insert | pgtrigger.Update | pgtrigger.Delete


def unless_open(edition: str) -> str:
    """The PL/pgSQL that refuses a change of an edition in force or superseded.

    `edition` selects the keys of the editions that the row belongs to, before and after. The row lock makes a change
    and the act that puts the edition in force wait for each other.
    """
    name = "edition_in_force_never_changes"
    return f"""
        PERFORM 1 FROM axes_framework WHERE id IN ({edition}) FOR SHARE;
        IF EXISTS (SELECT 1 FROM axes_framework WHERE id IN ({edition}) AND state IN ('in_force', 'superseded')) THEN
            {refusal(name, "An edition in force or superseded never changes.")}
        END IF;
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NEW;
    """


# kind:parent pairs that may be, "-" for none.
KNOWN_PAIRS = ", ".join(
    sorted(
        f"'{kind.value}:{parent.value if parent else '-'}'"
        for kind, parents in PARENT_KINDS.items()
        for parent in parents
    )
)


class FrameworkQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Everybody: in force or superseded. Who logged in: those in consultation too. The coordination unit: all."""
        if sees_drafts(user):
            return self
        states = [*PUBLISHED_STATES, FrameworkState.IN_CONSULTATION] if user.is_authenticated else PUBLISHED_STATES
        return self.filter(state__in=states)

    def in_force(self) -> Self:
        return self.filter(state=FrameworkState.IN_FORCE)


class Framework(models.Model):
    """One edition of the referential."""

    public_id = PublicIdField()
    code = models.CharField(_("code"), max_length=20)
    title = models.CharField(_("title"), max_length=300)
    state = models.CharField(_("state"), max_length=20, choices=FrameworkState, default=FrameworkState.DRAFT)
    based_on = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="successors", verbose_name=_("based on")
    )
    document_date = models.DateField(_("date of the document"), null=True, blank=True)
    source = models.CharField(_("source"), max_length=300, blank=True)
    founding_note = models.TextField(
        _("note on its standing"), blank=True, help_text=_("Shown on every page of this edition.")
    )
    in_force_since = models.DateTimeField(_("in force since"), null=True, blank=True)
    superseded_at = models.DateTimeField(_("superseded at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("made by")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = FrameworkQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                name="one_edition_per_code",
                violation_error_message=_("There is already an edition with this code."),
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="in_force"),
                name="one_edition_in_force",
                violation_error_message=_("Only one edition can be in force."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=FrameworkState.values),
                name="framework_state_is_known",
                violation_error_message=_("Unknown state."),
            ),
            models.CheckConstraint(
                condition=Q(state__in=["draft", "in_consultation"]) | Q(in_force_since__isnull=False),
                name="edition_in_force_says_since_when",
                violation_error_message=_("An edition in force says since when."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="edition_in_force_never_changes",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(old__state__in=["in_force", "superseded"]),
                func=f"""
                    IF TG_OP = 'DELETE'
                        OR NOT (NEW.state = OLD.state OR (OLD.state = 'in_force' AND NEW.state = 'superseded'))
                        OR (to_jsonb(NEW) - ARRAY['state', 'superseded_at', 'updated_at', 'version'])
                            IS DISTINCT FROM (to_jsonb(OLD) - ARRAY['state', 'superseded_at', 'updated_at', 'version'])
                        OR (NEW.state = OLD.state AND NEW.superseded_at IS DISTINCT FROM OLD.superseded_at)
                    THEN
                        {refusal("edition_in_force_never_changes", "An edition in force or superseded never changes.")}
                    END IF;
                    RETURN NEW;
                """,
            )
        ]
        verbose_name = _("edition of the referential")
        verbose_name_plural = _("editions of the referential")

    def __str__(self) -> str:
        return self.title


class NodeQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        return self.filter(framework__in=Framework.objects.visible_to(user))


class Node(models.Model):
    """One thing that an edition says. Known by edition, kind and code, for printed codes collide.

    `lineage` is kept by copies, so that two editions can be compared; `split_from` names the lineage of the node that
    this one was split out of.
    """

    public_id = PublicIdField()
    framework = models.ForeignKey(Framework, models.PROTECT, related_name="nodes", verbose_name=_("edition"))
    kind = models.CharField(_("kind"), max_length=25, choices=NodeKind)
    code = models.CharField(_("code"), max_length=20)
    code_is_printed = models.BooleanField(_("code is printed"), default=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, null=True, blank=True, related_name="children", verbose_name=_("under")
    )
    order = models.PositiveSmallIntegerField(_("order"))
    wording = models.TextField(_("wording"))
    focus = models.CharField(_("focus"), max_length=10, choices=Focus, null=True, blank=True)  # noqa: DJ001 - null: has none
    note = models.TextField(_("note"), blank=True)
    lineage = models.UUIDField(_("lineage"), default=uuid4, editable=False)
    split_from = models.UUIDField(_("split from"), null=True, blank=True, editable=False)
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = NodeQuerySet.as_manager()

    class Meta:
        ordering = ["framework", "kind", "order", "id"]
        indexes = [models.Index(fields=["lineage"], name="node_by_lineage")]
        constraints = [
            models.UniqueConstraint(
                fields=["framework", "kind", "code"],
                name="one_node_per_edition_kind_and_code",
                violation_error_message=_("This edition already has a node of this kind with this code."),
            ),
            models.UniqueConstraint(
                fields=["framework", "lineage"],
                name="one_node_per_edition_and_lineage",
                violation_error_message=_("This edition already holds this node."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NodeKind.values),
                name="node_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
            models.CheckConstraint(
                condition=Q(focus__isnull=True) | Q(focus__in=Focus.values),
                name="node_focus_is_known",
                violation_error_message=_("Unknown focus."),
            ),
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="node_does_not_stand_under_itself",
                violation_error_message=_("A node cannot stand under itself."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="edition_in_force_never_changes",
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=unless_open("OLD.framework_id, NEW.framework_id"),
            ),
            pgtrigger.Trigger(
                name="node_keeps_edition_and_kind",
                operation=pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.AnyChange("framework", "kind", "lineage"),
                func=refusal("node_keeps_edition_and_kind", "A node keeps its edition, its kind and its lineage."),
            ),
            pgtrigger.Trigger(
                name="node_stands_where_its_kind_may",
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("parent_id"),
                when=pgtrigger.Before,
                declare=[("parent_kind", "text"), ("parent_edition", "bigint")],
                func=f"""
                    SELECT kind, framework_id INTO parent_kind, parent_edition FROM axes_node WHERE id = NEW.parent_id;
                    IF NEW.parent_id IS NOT NULL AND parent_edition IS DISTINCT FROM NEW.framework_id THEN
                        {refusal("node_stands_in_its_parents_edition", "A node stands in the edition of what it stands under.")}
                    END IF;
                    IF NEW.kind || ':' || coalesce(parent_kind, '-') NOT IN ({KNOWN_PAIRS}) THEN
                        {refusal("node_stands_where_its_kind_may", "A node of this kind cannot stand there.")}
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        verbose_name = _("node")
        verbose_name_plural = _("nodes")

    def __str__(self) -> str:
        return f"{self.code} {self.wording}"


class KindManager(models.Manager.from_queryset(NodeQuerySet)):  # type: ignore[misc]  # built at run time
    """The nodes of one kind."""

    def __init__(self, kind: NodeKind) -> None:
        super().__init__()
        self.kind = kind

    def get_queryset(self) -> NodeQuerySet:
        return super().get_queryset().filter(kind=self.kind)


class StructuringIdea(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.STRUCTURING_IDEA)

    class Meta:
        proxy = True
        verbose_name = _("structuring idea")
        verbose_name_plural = _("structuring ideas")


class PriorityAxis(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.PRIORITY_AXIS)

    class Meta:
        proxy = True
        verbose_name = _("priority axis")
        verbose_name_plural = _("priority axes")


class ProblemArea(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.PROBLEM_AREA)

    class Meta:
        proxy = True
        verbose_name = _("problem area")
        verbose_name_plural = _("problem areas")


class FocusHeading(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.FOCUS_HEADING)

    class Meta:
        proxy = True
        verbose_name = _("focus heading")
        verbose_name_plural = _("focus headings")


class OperationalResponse(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.OPERATIONAL_RESPONSE)

    class Meta:
        proxy = True
        verbose_name = _("operational response")
        verbose_name_plural = _("operational responses")


class StrategicAction(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.STRATEGIC_ACTION)

    class Meta:
        proxy = True
        verbose_name = _("strategic action")
        verbose_name_plural = _("strategic actions")


class ActionLine(Node):
    objects: ClassVar[KindManager] = KindManager(NodeKind.ACTION_LINE)

    class Meta:
        proxy = True
        verbose_name = _("action line")
        verbose_name_plural = _("action lines")


class CrossReference(models.Model):
    """One node speaks of another of the same edition. `origin` says whether the document prints it or we read it so."""

    source = models.ForeignKey(Node, models.PROTECT, related_name="references", verbose_name=_("from"))
    target = models.ForeignKey(Node, models.PROTECT, related_name="referred_by", verbose_name=_("to"))
    kind = models.CharField(_("kind"), max_length=15, choices=ReferenceKind)
    origin = models.CharField(_("printed or read"), max_length=10, choices=Origin)
    note = models.TextField(_("note"), blank=True)

    class Meta:
        ordering = ["source", "target", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "target", "kind"],
                name="one_cross_reference_of_a_kind_between_two_nodes",
                violation_error_message=_("This reference is already there."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ReferenceKind.values),
                name="cross_reference_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
            models.CheckConstraint(
                condition=Q(origin__in=Origin.values),
                name="cross_reference_origin_is_known",
                violation_error_message=_("Unknown origin."),
            ),
            models.CheckConstraint(
                condition=~Q(source=F("target")),
                name="node_does_not_refer_to_itself",
                violation_error_message=_("A node cannot refer to itself."),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="edition_in_force_never_changes",
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=unless_open(
                    "SELECT framework_id FROM axes_node"
                    " WHERE id IN (OLD.source_id, OLD.target_id, NEW.source_id, NEW.target_id)"
                ),
            ),
            pgtrigger.Trigger(
                name="cross_reference_stays_in_one_edition",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=f"""
                    IF (SELECT count(DISTINCT framework_id) FROM axes_node WHERE id IN (NEW.source_id, NEW.target_id)) > 1
                    THEN
                        {refusal("cross_reference_stays_in_one_edition", "A cross-reference stays in one edition.")}
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        verbose_name = _("cross-reference")
        verbose_name_plural = _("cross-references")

    def __str__(self) -> str:
        return f"{self.source.code} {self.get_kind_display()} {self.target.code}"


class Erratum(models.Model):
    """A misprint of the document: what is printed where, and how we read it."""

    framework = models.ForeignKey(Framework, models.PROTECT, related_name="errata", verbose_name=_("edition"))
    node = models.ForeignKey(Node, models.PROTECT, null=True, blank=True, related_name="errata", verbose_name=_("node"))
    place = models.CharField(_("where"), max_length=200)
    printed = models.TextField(_("printed"))
    reading = models.TextField(_("our reading"))

    class Meta:
        ordering = ["framework", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["framework", "place", "printed"],
                name="one_erratum_per_place",
                violation_error_message=_("This misprint is already noted."),
            )
        ]
        triggers = [
            pgtrigger.Trigger(
                name="edition_in_force_never_changes",
                operation=ANY_CHANGE,
                when=pgtrigger.Before,
                func=unless_open("OLD.framework_id, NEW.framework_id"),
            ),
            pgtrigger.Trigger(
                name="erratum_speaks_of_its_edition",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                func=f"""
                    IF NEW.node_id IS NOT NULL
                        AND NEW.framework_id IS DISTINCT FROM (SELECT framework_id FROM axes_node WHERE id = NEW.node_id)
                    THEN
                        {refusal("erratum_speaks_of_its_edition", "An erratum speaks of a node of its own edition.")}
                    END IF;
                    RETURN NEW;
                """,
            ),
        ]
        verbose_name = _("erratum")
        verbose_name_plural = _("errata")

    def __str__(self) -> str:
        return self.printed


class LocalPlanQuerySet(models.QuerySet):
    def visible_to(self, user: "User | AnonymousUser") -> Self:
        """Published ones are for everybody; an unpublished one is its municipality's and the coordination unit's."""
        if sees_drafts(user):
            return self
        own = [place for _role, place in user.held_assignments if place] if user.is_authenticated else []
        return self.filter(Q(published_at__isnull=False) | Q(municipality__in=own))


class LocalPlan(models.Model):
    """A municipality's social diagnosis, development plan (PDS) or yearly plan."""

    public_id = PublicIdField()
    municipality = models.ForeignKey(
        Municipality, models.PROTECT, related_name="local_plans", verbose_name=_("municipality")
    )
    kind = models.CharField(_("kind"), max_length=20, choices=LocalPlanKind)
    title = models.CharField(_("title"), max_length=300)
    starts_on = models.DateField(_("from"))
    ends_on = models.DateField(_("until"), null=True, blank=True)
    document = models.FileField(_("document"), upload_to="local-plans/", max_length=200, blank=True)
    document_name = models.CharField(_("name of the document"), max_length=200, blank=True, editable=False)
    link = models.URLField(_("address of the document"), blank=True)
    published_at = models.DateTimeField(_("published at"), null=True, blank=True)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("entered by")
    )
    updated_at = models.DateTimeField(_("updated at"), auto_now=True)
    version = VersionField()

    objects = LocalPlanQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_on", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["municipality", "kind", "starts_on"],
                name="one_local_plan_of_a_kind_per_start",
                violation_error_message=_("This municipality already has such a plan with this first day."),
            ),
            models.CheckConstraint(
                condition=Q(kind__in=LocalPlanKind.values),
                name="local_plan_kind_is_known",
                violation_error_message=_("Unknown kind."),
            ),
            models.CheckConstraint(
                condition=Q(ends_on__isnull=True) | Q(ends_on__gte=F("starts_on")),
                name="local_plan_ends_after_it_begins",
                violation_error_message=_("The last day cannot come before the first."),
            ),
        ]
        verbose_name = _("local plan")
        verbose_name_plural = _("local plans")

    def __str__(self) -> str:
        return self.title


class LocalPlanPriority(models.Model):
    """A priority in a local plan's own words, tied to a problem area where it fits one."""

    plan = models.ForeignKey(LocalPlan, models.CASCADE, related_name="priorities", verbose_name=_("local plan"))
    order = models.PositiveSmallIntegerField(_("order"))
    wording = models.CharField(_("wording"), max_length=500)
    problem_area = models.ForeignKey(
        Node, models.PROTECT, null=True, blank=True, related_name="local_priorities", verbose_name=_("problem area")
    )

    class Meta:
        ordering = ["plan", "order", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plan", "order"],
                name="one_priority_per_place_in_a_local_plan",
                violation_error_message=_("Two priorities cannot have the same place."),
            )
        ]
        verbose_name = _("priority of a local plan")
        verbose_name_plural = _("priorities of local plans")

    def __str__(self) -> str:
        return self.wording
