"""The room's address plate, theme by theme."""

from django.urls import URLPattern, path

from units.views import matrix as matrix_views
from units.views import plan_actions as action_views
from units.views import plan_amendments as amendment_views
from units.views import plan_files
from units.views import plans as plan_views
from units.views import programmes as programme_views

app_name = "units"

bodies: list[URLPattern] = []
meetings: list[URLPattern] = []
votes: list[URLPattern] = []
plans: list[URLPattern] = [
    path("planos/", plan_views.plans_page, name="plans"),
    path("planos/novo/", plan_views.add_page, name="plan_add"),
    path("planos/matriz/", matrix_views.matrix_page, name="matrix"),
    path("planos/matriz/exportar.csv", matrix_views.matrix_file, {"form": "csv"}, name="matrix_csv"),
    path("planos/matriz/exportar.xlsx", matrix_views.matrix_file, {"form": "xlsx"}, name="matrix_xlsx"),
    path("planos/emendas/<uuid:public_id>/", amendment_views.amendment_page, name="amendment"),
    path("planos/emendas/<uuid:public_id>/cabecalho/", amendment_views.head_page, name="amendment_head"),
    path("planos/emendas/<uuid:public_id>/acoes/nova/", amendment_views.action_page, name="amendment_action_add"),
    path("planos/emendas/<uuid:public_id>/acoes/<uuid:key>/", amendment_views.action_page, name="amendment_action"),
    path(
        "planos/emendas/<uuid:public_id>/acoes/<uuid:key>/retirar/", amendment_views.drop_step, name="amendment_drop"
    ),
    path("planos/emendas/<uuid:public_id>/conselho/", amendment_views.council_page, name="amendment_council"),
    path("planos/emendas/<uuid:public_id>/passo/<slug:name>/", amendment_views.step, name="amendment_step"),
    path("planos/<uuid:public_id>/", plan_views.plan_page, name="plan"),
    path("planos/<uuid:public_id>/alterar/", plan_views.edit_page, name="plan_edit"),
    path("planos/<uuid:public_id>/retirar/", plan_views.remove_page, name="plan_remove"),
    path("planos/<uuid:public_id>/parecer/", plan_views.opinion_page, name="plan_opinion"),
    path("planos/<uuid:public_id>/devolver/", plan_views.return_page, name="plan_return"),
    path("planos/<uuid:public_id>/conselho/", plan_views.council_page, name="plan_council"),
    path("planos/<uuid:public_id>/passo/<slug:name>/", plan_views.step, name="plan_step"),
    path("planos/<uuid:public_id>/versoes/", plan_views.versions_fragment, name="plan_versions"),
    path("planos/<uuid:public_id>/versoes/<int:number>/", plan_views.version_page, name="plan_version"),
    path("planos/<uuid:public_id>/versoes/<int:number>.json", plan_views.version_file, name="plan_version_file"),
    path("planos/<uuid:public_id>/comparar/", plan_views.compare_page, name="plan_compare"),
    path("planos/<uuid:public_id>/emendar/", amendment_views.add_page, name="amendment_add"),
    path("planos/<uuid:public_id>/livro.xlsx", plan_files.workbook_file, name="plan_workbook"),
    path("planos/<uuid:public_id>/importar/", plan_files.import_page, name="plan_import"),
    path("planos/<uuid:public_id>/acoes/nova/", action_views.add_action_page, name="action_add"),
    path("acoes/", action_views.actions_page, name="actions"),
    path("acoes/servem/<uuid:node>/", matrix_views.serving_fragment, name="serving"),
    path("acoes/<uuid:public_id>/", action_views.action_page, name="action"),
    path("acoes/<uuid:public_id>/ficha.pdf", plan_files.sheet, name="action_sheet"),
    path("acoes/<uuid:public_id>/alterar/", action_views.edit_action_page, name="action_edit"),
    path("acoes/<uuid:public_id>/retirar/", action_views.remove_action_page, name="action_remove"),
    path("acoes/<uuid:public_id>/marcos/<uuid:milestone>/", action_views.report_page, name="milestone_report"),
    path("acoes/<uuid:public_id>/passo/<slug:name>/", action_views.state_step, name="action_step"),
    path("acoes/<uuid:public_id>/anular/", action_views.cancel_page, name="action_cancel"),
    path("acoes/<uuid:public_id>/fundir/", action_views.merge_page, name="action_merge"),
    path("acoes/<uuid:public_id>/transitar/", action_views.carry_page, name="action_carry"),
    path("acoes/<uuid:public_id>/situacao/", action_views.override_page, name="action_override"),
    path("programas/", programme_views.programmes_page, name="programmes"),
    path("programas/novo/", programme_views.add_page, name="programme_add"),
    path("programas/<uuid:public_id>/", programme_views.programme_page, name="programme"),
    path("programas/<uuid:public_id>/alterar/", programme_views.edit_page, name="programme_edit"),
]

urlpatterns = [*bodies, *meetings, *votes, *plans]
