"""The room's address plate. It stands before the login library's and takes over some of its addresses."""

from django.urls import path, re_path

from refamp.accounts.views import factors, invitations, me, people, tokens

app_name = "accounts"
urlpatterns = [
    path("", me.me, name="me"),
    path("os-meus-dados/", me.export, name="export"),
    path("apagar/", me.erase, name="erase"),
    path("chaves/", tokens.tokens, name="tokens"),
    path("chaves/<uuid:public_id>/revogar/", tokens.token_revoke, name="token_revoke"),
    path("chaves/todas/", people.every_token, name="tokens_all"),
    path("chaves/todas/<uuid:public_id>/revogar/", people.any_token_revoke, name="any_token_revoke"),
    path("pessoas/", people.people_list, name="people"),
    path("pessoas/<uuid:public_id>/", people.person_detail, name="person"),
    path("pessoas/<uuid:public_id>/funcoes/<int:pk>/terminar/", people.role_end, name="role_end"),
    re_path(
        rf"^pessoas/(?P<public_id>[0-9a-f-]{{36}})/(?P<step>{'|'.join(people.STEPS)})/$",
        people.person_step,
        name="person_step",
    ),
    path("convites/", invitations.invitations, name="invitations"),
    path("convites/<uuid:public_id>/reenviar/", invitations.invitation_resend, name="invitation_resend"),
    path("convites/<uuid:public_id>/retirar/", invitations.invitation_withdraw, name="invitation_withdraw"),
    path("convite/<str:token>/", invitations.accept, name="accept"),
    path("segundo-fator/", factors.second_factor, name="second_factor"),
    # The login library's own addresses, taken over.
    path("2fa/totp/activate/", factors.activate_codes, name="activate_codes"),
    path("2fa/webauthn/add/", factors.add_key, name="add_key"),
    path("email/", factors.not_here, name="no_email_change"),
    path("signup/", factors.not_here, name="no_signup"),
    re_path(r"^confirm-email/(?P<key>[-:\w]*)/?$", factors.not_here, name="no_confirmation"),
    path("password/set/", factors.not_here, name="no_password_set"),
]
