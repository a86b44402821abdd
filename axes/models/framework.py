"""Editions of the referential and the nodes of which they consist."""
# ruff: noqa: E501, S608  # the SQL of a trigger stands whole, and nothing in it comes from outside

from typing import TYPE_CHECKING, ClassVar, Self
from uuid import uuid4

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from axes.choices import PARENT_KINDS, Focus, FrameworkState, NodeKind
from axes.rules import sees_drafts
from refamp.base.fields import PublicIdField, VersionField
from refamp.base.sql import refusal

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
