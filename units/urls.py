"""The room's address plate, theme by theme."""

from django.urls import URLPattern, path

from units.views import agenda as agenda_views
from units.views import attendance as attendance_views
from units.views import bodies as body_views
from units.views import calendars as calendar_views
from units.views import compositions as composition_views
from units.views import council as council_views
from units.views import dissolutions as dissolution_views
from units.views import effort as effort_views
from units.views import follow_ups as follow_up_views
from units.views import mandates as mandate_views
from units.views import matrix as matrix_views
from units.views import meeting_steps, plan_files, vote_files, vote_steps
from units.views import meetings as meeting_views
from units.views import minutes as minutes_views
from units.views import papers as paper_views
from units.views import partners as partner_views
from units.views import plan_actions as action_views
from units.views import plan_amendments as amendment_views
from units.views import plans as plan_views
from units.views import programmes as programme_views
from units.views import progress as progress_views
from units.views import votes as vote_views

app_name = "units"

bodies: list[URLPattern] = [
    path("unidades/", body_views.units_page, name="units"),
    path("unidades/esforco/", effort_views.effort_page, name="effort"),
    path("unidades/esforco/exportar.csv", effort_views.effort_file, {"form": "csv"}, name="effort_csv"),
    path("unidades/esforco/exportar.xlsx", effort_views.effort_file, {"form": "xlsx"}, name="effort_xlsx"),
    path("unidades/regras/exportar.csv", effort_views.checks_file, {"form": "csv"}, name="checks_csv"),
    path("unidades/regras/exportar.xlsx", effort_views.checks_file, {"form": "xlsx"}, name="checks_xlsx"),
    path("unidades/composicoes/<uuid:public_id>/", composition_views.composition_page, name="composition"),
    path("unidades/composicoes/<uuid:public_id>/alterar/", composition_views.change_page, name="composition_change"),
    path(
        "unidades/composicoes/<uuid:public_id>/conselho/", composition_views.to_council_page, name="composition_council"
    ),
    path("unidades/mandatos/<uuid:public_id>/terminar/", mandate_views.end_page, name="mandate_end"),
    path("unidades/nova/<str:axis>/", body_views.unit_propose_page, name="unit_propose"),
    path("unidades/<str:code>/", body_views.unit_page, name="unit"),
    path("unidades/<str:code>/registo/", body_views.unit_record_fragment, name="unit_record"),
    path("unidades/<str:code>/constituir/", mandate_views.first_page, name="unit_first"),
    path("unidades/<str:code>/regras/", body_views.unit_edit_page, name="unit_edit"),
    path("unidades/<str:code>/dissolver/", dissolution_views.dissolve_page, name="unit_dissolve"),
    path("unidades/<str:code>/propor/", composition_views.propose_page, name="composition_propose"),
    path("conselho/", body_views.council_page, name="council"),
    path("conselho/eleicao/", council_views.election_page, name="election"),
    path("conselho/eleicao/ficheiro/", council_views.election_file_page, name="election_file"),
    path("conselho/suplente/", council_views.substitute_page, name="substitute_add"),
    path("conselho/<uuid:public_id>/substituir/", council_views.replace_page, name="councillor_replace"),
    path("conselho/<uuid:public_id>/cargo/", council_views.position_page, name="councillor_position"),
    path("parceiros/", partner_views.partners_page, name="partners"),
    path("parceiros/novo/", partner_views.add_page, name="partner_add"),
    path("parceiros/importar/", partner_views.import_page, name="partners_import"),
    path("parceiros/exportar.csv", partner_views.partners_file, {"form": "csv"}, name="partners_csv"),
    path("parceiros/exportar.xlsx", partner_views.partners_file, {"form": "xlsx"}, name="partners_xlsx"),
    path("parceiros/<uuid:public_id>/", partner_views.partner_page, name="partner"),
    path("parceiros/<uuid:public_id>/alterar/", partner_views.edit_page, name="partner_edit"),
    path("parceiros/<uuid:public_id>/terminar/", partner_views.end_page, name="partner_end"),
    path("parceiros/<uuid:public_id>/parcerias/nova/", partner_views.partnership_page, name="partnership_add"),
    path(
        "parceiros/<uuid:public_id>/parcerias/<int:key>/terminar/",
        partner_views.partnership_end_page,
        name="partnership_end",
    ),
]
meetings: list[URLPattern] = [
    path("reunioes/", meeting_views.meetings_page, name="meetings"),
    path("reunioes/nova/", meeting_steps.add_page, name="meeting_add"),
    path("reunioes/calendario/", calendar_views.calendar_page, name="calendar"),
    path("reunioes/calendario/<str:token>.ics", calendar_views.feed, name="calendar_feed"),
    path("reunioes/corpo/<str:code>.ics", calendar_views.unit_feed, name="unit_calendar"),
    path("reunioes/<uuid:public_id>/", meeting_views.meeting_page, name="meeting"),
    path("reunioes/<uuid:public_id>/reuniao.ics", calendar_views.meeting_file, name="meeting_ics"),
    path("reunioes/<uuid:public_id>/alterar/", meeting_steps.edit_page, name="meeting_edit"),
    path("reunioes/<uuid:public_id>/convocar/", meeting_steps.convene_page, name="convene"),
    path("reunioes/<uuid:public_id>/cancelar/", meeting_steps.cancel_page, name="meeting_cancel"),
    path("reunioes/<uuid:public_id>/passo/<slug:name>/", meeting_steps.step, name="meeting_step"),
    path("reunioes/<uuid:public_id>/papeis/", paper_views.papers_page, name="papers"),
    path("reunioes/<uuid:public_id>/papeis/<slug:kind>.pdf", paper_views.dossier, name="dossier"),
    path("reunioes/<uuid:public_id>/pontos/novo/", agenda_views.add_page, name="item_add"),
    path("reunioes/<uuid:public_id>/pontos/<uuid:item_id>/", agenda_views.edit_page, name="item_edit"),
    path("reunioes/<uuid:public_id>/pontos/<uuid:item_id>/mover/", agenda_views.move_step, name="item_move"),
    path("reunioes/<uuid:public_id>/pontos/<uuid:item_id>/retirar/", agenda_views.remove_step, name="item_remove"),
    path("reunioes/<uuid:public_id>/documentos/novo/", paper_views.add_document_page, name="document_add"),
    path("reunioes/<uuid:public_id>/documentos/<uuid:document_id>/", paper_views.document, name="document"),
    path("reunioes/<uuid:public_id>/pontos/<uuid:item_id>/urgencia/", agenda_views.urgency_page, name="item_urgency"),
    path(
        "reunioes/<uuid:public_id>/documentos/<uuid:document_id>/mostrar/",
        paper_views.show_step,
        name="document_show",
    ),
    path(
        "reunioes/<uuid:public_id>/documentos/<uuid:document_id>/retirar/",
        paper_views.withdraw_page,
        name="document_withdraw",
    ),
    path("reunioes/<uuid:public_id>/presencas/", attendance_views.attendance_page, name="attendance"),
    path("reunioes/<uuid:public_id>/presencas/quorum/", attendance_views.quorum_fragment, name="quorum"),
    path("reunioes/<uuid:public_id>/presencas/falta/", attendance_views.excuse_step, name="excuse"),
    path("reunioes/<uuid:public_id>/ata/", minutes_views.minutes_page, name="minutes"),
    path("reunioes/<uuid:public_id>/ata/redigir/", minutes_views.write_page, name="minutes_write"),
    path("reunioes/<uuid:public_id>/ata/passo/<slug:name>/", minutes_views.step, name="minutes_step"),
    path("reunioes/<uuid:public_id>/ata/aprovar/", minutes_views.approve_page, name="minutes_approve"),
    path("reunioes/<uuid:public_id>/ata/propor/", minutes_views.amend_page, name="minutes_amend"),
    path(
        "reunioes/<uuid:public_id>/ata/propostas/<uuid:amendment_id>/", minutes_views.answer_page, name="minutes_answer"
    ),
    path("reunioes/<uuid:public_id>/ata.pdf", minutes_views.minutes_file, {"form": "pdf"}, name="minutes_pdf"),
    path("reunioes/<uuid:public_id>/ata.txt", minutes_views.minutes_file, {"form": "txt"}, name="minutes_text"),
]
votes: list[URLPattern] = [
    path("deliberacoes/", vote_views.deliberations_page, name="deliberations"),
    path("deliberacoes/registo.csv", vote_files.register_file, {"form": "csv"}, name="deliberations_csv"),
    path("deliberacoes/registo.xlsx", vote_files.register_file, {"form": "xlsx"}, name="deliberations_xlsx"),
    path("deliberacoes/registo.pdf", vote_files.register_pdf, name="deliberations_pdf"),
    path("deliberacoes/propor/<uuid:item>/", vote_steps.propose_page, name="deliberation_propose"),
    path("deliberacoes/<uuid:public_id>/", vote_views.deliberation_page, name="deliberation"),
    path("deliberacoes/<uuid:public_id>/contagem/", vote_views.count_fragment, name="deliberation_count"),
    path("deliberacoes/<uuid:public_id>/ficha/", vote_views.file_page, name="councillor_file"),
    path("deliberacoes/<uuid:public_id>/posicao/", vote_steps.position_page, name="deliberation_position"),
    path("deliberacoes/<uuid:public_id>/abrir/", vote_steps.open_page, name="deliberation_open"),
    path("deliberacoes/<uuid:public_id>/fechar/", vote_steps.close_page, name="deliberation_close"),
    path("deliberacoes/<uuid:public_id>/retirar/", vote_steps.withdraw_page, name="deliberation_withdraw"),
    path("deliberacoes/<uuid:public_id>/resposta/", vote_steps.answer_page, name="deliberation_answer"),
    path("deliberacoes/<uuid:public_id>/seguimento/", follow_up_views.add_page, name="follow_up_add"),
    path("seguimento/", follow_up_views.follow_ups_page, name="follow_ups"),
    path("seguimento/<uuid:public_id>/", follow_up_views.change_page, name="follow_up"),
    path("seguimento/<uuid:public_id>/passo/<slug:name>/", follow_up_views.step_page, name="follow_up_step"),
]
plans: list[URLPattern] = [
    path("planos/", plan_views.plans_page, name="plans"),
    path("planos/novo/", plan_views.add_page, name="plan_add"),
    path("planos/matriz/", matrix_views.matrix_page, name="matrix"),
    path("planos/matriz/exportar.csv", matrix_views.matrix_file, {"form": "csv"}, name="matrix_csv"),
    path("planos/matriz/exportar.xlsx", matrix_views.matrix_file, {"form": "xlsx"}, name="matrix_xlsx"),
    path("planos/progresso/", progress_views.progress_page, name="progress"),
    path("planos/progresso/exportar.csv", progress_views.progress_file, {"form": "csv"}, name="progress_csv"),
    path("planos/progresso/exportar.xlsx", progress_views.progress_file, {"form": "xlsx"}, name="progress_xlsx"),
    path("planos/emendas/<uuid:public_id>/", amendment_views.amendment_page, name="amendment"),
    path("planos/emendas/<uuid:public_id>/cabecalho/", amendment_views.head_page, name="amendment_head"),
    path("planos/emendas/<uuid:public_id>/acoes/nova/", amendment_views.action_page, name="amendment_action_add"),
    path("planos/emendas/<uuid:public_id>/acoes/<uuid:key>/", amendment_views.action_page, name="amendment_action"),
    path("planos/emendas/<uuid:public_id>/acoes/<uuid:key>/retirar/", amendment_views.drop_step, name="amendment_drop"),
    path("planos/emendas/<uuid:public_id>/parecer/", amendment_views.opinion_page, name="amendment_opinion"),
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
