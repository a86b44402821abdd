"""What the coordination unit types when it prepares an edition."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from axes.choices import PARENT_KINDS, Focus, NodeKind
from axes.models import Framework, Node

WITH_FOCUS = {NodeKind.FOCUS_HEADING, NodeKind.OPERATIONAL_RESPONSE}


class CopyForm(forms.Form):
    """A new edition from an old one."""

    code = forms.RegexField(
        r"^[0-9][0-9A-Za-z.-]*$",
        label=_("Code of the new edition"),
        max_length=20,
        help_text=_("Short, for addresses: for example 2027."),
        error_messages={"invalid": _("It begins with a digit; then letters, digits, dots and hyphens.")},
    )
    title = forms.CharField(label=_("Title"), max_length=300)


class VersionedForm(forms.Form):
    """A form that knows which version it was opened on."""

    version = forms.IntegerField(widget=forms.HiddenInput, label=_("Version"))


class HeadForm(VersionedForm):
    title = forms.CharField(label=_("Title"), max_length=300)
    document_date = forms.DateField(
        label=_("Date of the document"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    source = forms.CharField(label=_("Source"), max_length=300, required=False)


class NodeForm(forms.Form):
    """A node's code, wording and note; its focus where its kind has one."""

    code = forms.CharField(label=_("Code"), max_length=20)
    wording = forms.CharField(label=_("Wording"), widget=forms.Textarea(attrs={"rows": 3}))
    focus = forms.ChoiceField(label=_("Focus"), choices=[("", _("none")), *Focus.choices], required=False)
    note = forms.CharField(label=_("Note"), widget=forms.Textarea(attrs={"rows": 2}), required=False)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind not in WITH_FOCUS:
            del self.fields["focus"]


class EditNodeForm(NodeForm, VersionedForm):
    """The same, of a node that is there."""


class ParentChoice(forms.ModelChoiceField):
    def label_from_instance(self, obj: Any) -> str:
        above = f"{obj.parent.code} › " if obj.parent_id else ""
        return f"{above}{obj.code} {obj.wording}"


class MoveForm(VersionedForm):
    """Where a node goes, and its code there."""

    parent = ParentChoice(Node.objects.none(), label=_("New place, under"), to_field_name="public_id")
    code = forms.CharField(label=_("Code"), max_length=20)

    def __init__(self, *args: Any, node: Node, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [kind for kind in PARENT_KINDS[NodeKind(node.kind)] if kind is not None]
        self.fields["parent"].queryset = (  # type: ignore[attr-defined]  # of a ModelChoiceField
            Node.objects.filter(framework_id=node.framework_id, kind__in=kinds)
            .select_related("parent")
            .order_by("parent__code", "code", "id")
        )


class SplitForm(VersionedForm):
    """Into what a node is split: what it keeps saying, and up to three parts beside it."""

    wording = forms.CharField(label=_("What this one keeps saying"), widget=forms.Textarea(attrs={"rows": 2}))
    code_1 = forms.CharField(label=_("Code of the first part"), max_length=20)
    wording_1 = forms.CharField(label=_("Wording of the first part"), widget=forms.Textarea(attrs={"rows": 2}))
    code_2 = forms.CharField(label=_("Code of the second part"), max_length=20, required=False)
    wording_2 = forms.CharField(
        label=_("Wording of the second part"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )
    code_3 = forms.CharField(label=_("Code of the third part"), max_length=20, required=False)
    wording_3 = forms.CharField(
        label=_("Wording of the third part"), widget=forms.Textarea(attrs={"rows": 2}), required=False
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number in (2, 3):
            if bool(data.get(f"code_{number}")) != bool(data.get(f"wording_{number}")):
                self.add_error(f"wording_{number}", _("A part has a code and a wording."))
        codes = [data[f"code_{n}"] for n in (1, 2, 3) if data.get(f"code_{n}")]
        if len(codes) != len(set(codes)):
            self.add_error("code_2", _("Two parts cannot have the same code."))
        return data

    @property
    def parts(self) -> list[tuple[str, str]]:
        data = self.cleaned_data
        return [(data[f"code_{n}"], data[f"wording_{n}"]) for n in (1, 2, 3) if data.get(f"code_{n}")]


class DropForm(VersionedForm):
    reason = forms.CharField(label=_("Why"), max_length=1000, required=False, widget=forms.Textarea(attrs={"rows": 2}))


class StateForm(VersionedForm):
    state = forms.ChoiceField(choices=Framework._meta.get_field("state").choices or [])
