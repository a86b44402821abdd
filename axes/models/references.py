"""What nodes say of each other, and what the document misprints."""
# ruff: noqa: E501, S608  # the SQL of a trigger stands whole, and nothing in it comes from outside

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from axes.choices import Origin, ReferenceKind
from axes.models.framework import ANY_CHANGE, Framework, Node, unless_open
from refamp.base.sql import refusal


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
