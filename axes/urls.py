"""The room's address plate."""

from django.urls import URLPattern, path

from axes.views import editions, framework, local_plans

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
]
