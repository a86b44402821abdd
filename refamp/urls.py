"""Every room under its address."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    # First, for it is called most: addresses are tried from the top.
    path("api/", include("refamp.api")),
    path("", include("refamp.lobby.urls")),
    path("conta/", include("refamp.accounts.urls")),
    path("conta/", include("allauth.urls")),
    path("territorio/", include("refamp.territory.urls")),
    path("trabalhos/", include("refamp.jobs.urls")),
    path("auditoria/", include("refamp.audit.urls")),
    path("", include("axes.urls")),
    path("", include("units.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/password_change/", RedirectView.as_view(pattern_name="account_change_password"), name="admin_password"),
    path("admin/", admin.site.urls),
]
