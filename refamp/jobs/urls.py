"""The room's address plate."""

from django.urls import path

from refamp.jobs import views

app_name = "jobs"
urlpatterns = [
    path("", views.jobs, name="jobs"),
    path("<uuid:public_id>/", views.job, name="job"),
    path("importacoes/<uuid:public_id>/", views.upload, name="upload"),
    path("importacoes/<uuid:public_id>/confirmar/", views.confirm, name="upload_confirm"),
    path("importacoes/<uuid:public_id>/rejeitar/", views.reject, name="upload_reject"),
    path("importacoes/<uuid:public_id>/anular/", views.undo, name="upload_undo"),
    path("importacoes/<uuid:public_id>/ficheiro/", views.download, name="upload_file"),
]
