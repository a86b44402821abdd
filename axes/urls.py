"""The room's address plate."""

from django.urls import URLPattern, path

from axes.views import answers, coding, consultation, editions, framework, local_plans, results

app_name = "axes"
urlpatterns: list[URLPattern] = [
    path("referencial/", framework.framework_page, name="framework"),
    path("referencial/edicoes/", framework.editions_page, name="editions"),
    path("referencial/<str:edition>/", framework.edition_page, name="edition"),
    path("referencial/<str:edition>/comparar/", framework.difference_page, name="difference"),
    path("referencial/<str:edition>/copiar/", editions.copy_page, name="framework_copy"),
    path("referencial/<str:edition>/alterar/", editions.head_page, name="framework_edit"),
    path("referencial/<str:edition>/estado/", editions.state_step, name="framework_state"),
    path("referencial/<str:edition>/acrescentar/<slug:kind>/", editions.add_node_page, name="node_add"),
    path("referencial/<str:edition>/<slug:kind>/<str:code>/", framework.node_page, name="node"),
    path("referencial/<str:edition>/<slug:kind>/<str:code>/alterar/", editions.rename_page, name="node_rename"),
    path("referencial/<str:edition>/<slug:kind>/<str:code>/mover/", editions.move_page, name="node_move"),
    path("referencial/<str:edition>/<slug:kind>/<str:code>/dividir/", editions.split_page, name="node_split"),
    path("referencial/<str:edition>/<slug:kind>/<str:code>/retirar/", editions.drop_page, name="node_drop"),
    path("referencial/<str:edition>/<slug:kind>/<str:code>/ordem/", editions.order_step, name="node_order"),
    path("planos-locais/", local_plans.local_plans_page, name="local_plans"),
    path("planos-locais/novo/", local_plans.add_plan_page, name="local_plan_add"),
    path("planos-locais/importar/", local_plans.import_page, name="local_plans_import"),
    path("planos-locais/exportar.csv", local_plans.export_plans, {"form": "csv"}, name="local_plans_csv"),
    path("planos-locais/exportar.xlsx", local_plans.export_plans, {"form": "xlsx"}, name="local_plans_xlsx"),
    path("planos-locais/<uuid:public_id>/", local_plans.local_plan_page, name="local_plan"),
    path("planos-locais/<uuid:public_id>/documento/", local_plans.document, name="local_plan_document"),
    path("planos-locais/<uuid:public_id>/alterar/", local_plans.edit_plan_page, name="local_plan_edit"),
    path("planos-locais/<uuid:public_id>/publicar/", local_plans.publish_step, name="local_plan_publish"),
    path("planos-locais/<uuid:public_id>/retirar/", local_plans.remove_step, name="local_plan_remove"),
    path("auscultacoes/", consultation.consultations_page, name="consultations"),
    path("auscultacoes/nova/", consultation.new_page, name="consultation_new"),
    path("auscultacoes/<uuid:public_id>/", consultation.consultation_page, name="consultation"),
    path("auscultacoes/<uuid:public_id>/alterar/", consultation.edit_page, name="consultation_edit"),
    path("auscultacoes/<uuid:public_id>/historia/", consultation.history_page, name="consultation_history"),
    path("auscultacoes/<uuid:public_id>/passo/<slug:step>/", consultation.step_page, name="consultation_step"),
    path("auscultacoes/<uuid:public_id>/fases/nova/", consultation.add_phase_page, name="phase_add"),
    path("auscultacoes/<uuid:public_id>/fases/<uuid:phase_id>/", consultation.edit_phase_page, name="phase_edit"),
    path(
        "auscultacoes/<uuid:public_id>/fases/<uuid:phase_id>/<slug:step>/", consultation.phase_step_page, name="phase_step"
    ),
    path("auscultacoes/<uuid:public_id>/quotas/", consultation.quota_page, name="quota"),
    path("auscultacoes/<uuid:public_id>/codigos/", consultation.code_book_page, name="code_book"),
    path("auscultacoes/<uuid:public_id>/codigos/propor/", consultation.propose_step, name="code_book_propose"),
    path("auscultacoes/<uuid:public_id>/codigos/copiar/", consultation.copy_step, name="code_book_copy"),
    path("auscultacoes/<uuid:public_id>/codigos/novo/", consultation.add_topic_page, name="topic_add"),
    path("auscultacoes/<uuid:public_id>/codigos/<uuid:topic_id>/", consultation.edit_topic_page, name="topic_edit"),
    path(
        "auscultacoes/<uuid:public_id>/codigos/<uuid:topic_id>/retirar/", consultation.remove_topic_page, name="topic_remove"
    ),
    path("auscultacoes/<uuid:public_id>/codigos/<uuid:topic_id>/ordem/", consultation.move_topic_step, name="topic_move"),
    path("auscultacoes/<uuid:public_id>/respostas/", answers.answers_page, name="answers"),
    path("auscultacoes/<uuid:public_id>/respostas.csv", answers.export_answers, {"form": "csv"}, name="answers_csv"),
    path("auscultacoes/<uuid:public_id>/respostas.xlsx", answers.export_answers, {"form": "xlsx"}, name="answers_xlsx"),
    path("auscultacoes/<uuid:public_id>/respostas/introduzir/", answers.entry_page, name="entry"),
    path("auscultacoes/<uuid:public_id>/respostas/minhas/", answers.entries_page, name="entries"),
    path(
        "auscultacoes/<uuid:public_id>/respostas/<uuid:respondent_id>/retirar/",
        answers.withdraw_page,
        name="respondent_withdraw",
    ),
    path("auscultacoes/<uuid:public_id>/convites/", answers.invitations_page, name="invitations"),
    path("auscultacoes/<uuid:public_id>/convites/enviar/", answers.send_step, name="invitations_send"),
    path(
        "auscultacoes/<uuid:public_id>/convites/<uuid:invitee_id>/retirar/", answers.remove_invitee_step, name="invitee_remove"
    ),
    path("auscultacoes/<uuid:public_id>/codificacao/", coding.coding_page, name="coding"),
    path("auscultacoes/<uuid:public_id>/codificacao/texto/", coding.code_page, name="code"),
    path("auscultacoes/<uuid:public_id>/resultados/", results.results_page, name="results"),
    path("responder/<str:token>/", answers.answer_page, name="answer"),
]
