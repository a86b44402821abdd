"""What comes in from the pages about people."""

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.conf import settings
from django.contrib.auth import password_validation
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from refamp.accounts.choices import LONGEST_TOKEN_DAYS, ROLES_OF_A_MUNICIPALITY, DigestPace, Role, Scope
from refamp.accounts.models import User
from refamp.territory.models import Municipality


class RoleForm(forms.Form):
    """A role and, where it is a local one, its municipality."""

    role = forms.ChoiceField(label=_("Role"), choices=Role)
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(),
        label=_("Municipality"),
        required=False,
        help_text=_("Needed for technicians, councillors and local social networks; left empty for the others."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["municipality"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - it stands above
        field.queryset = Municipality.objects.valid_on(timezone.localdate())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("role") in ROLES_OF_A_MUNICIPALITY and not cleaned.get("municipality") and not self.errors:
            self.add_error("municipality", _("This role belongs to a municipality: say which."))
        return cleaned


class InvitationForm(RoleForm):
    email = forms.EmailField(label=_("E-mail"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"}))
    name = forms.CharField(label=_("Name"), max_length=150)
    field_order = ["email", "name", "role", "municipality"]


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Kept in the audit record."),
    )


class AcceptForm(forms.Form):
    """Name and password of a new account."""

    name = forms.CharField(label=_("Your name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A sentence of your own is easy to remember."),
    )
    password_again = forms.CharField(
        label=_("Password, again"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *args: Any, email: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.email = email

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("password_again")
        if password and again and password != again:
            self.add_error("password_again", _("The two passwords differ."))
        elif password:
            try:
                password_validation.validate_password(password, User(email=self.email, name=cleaned.get("name", "")))
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned


class DetailsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=150, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)
    digest = forms.ChoiceField(
        label=_("Digest by e-mail"),
        choices=DigestPace,
        widget=forms.RadioSelect,
        help_text=_("One message with what waits for you. Calls to meetings come in any case."),
    )


class TokenForm(forms.Form):
    name = forms.CharField(
        label=_("What it is for"), max_length=100, help_text=_("For example the name of the system that will use it.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"), choices=Scope, widget=forms.CheckboxSelectMultiple, initial=[Scope.READ]
    )
    municipality = forms.ModelChoiceField(
        Municipality.objects.none(),
        label=_("Only for"),
        required=False,
        empty_label=_("all that I may do"),
        help_text=_("With a municipality, the token acts only as what you are there."),
    )
    days = forms.IntegerField(label=_("Days until it expires"), min_value=1, max_value=LONGEST_TOKEN_DAYS, initial=90)

    def __init__(self, *args: Any, owner: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = {place for role, place in owner.held_assignments if place and role in ROLES_OF_A_MUNICIPALITY}
        field = self.fields["municipality"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101 - it stands above
        field.queryset = Municipality.objects.filter(pk__in=places)


class AddPasskeyForm(AddWebAuthnForm):
    """The library's, with a label in the language of the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")


class EditPasskeyForm(EditWebAuthnForm):
    """The library's, with a label in the language of the page."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name")
