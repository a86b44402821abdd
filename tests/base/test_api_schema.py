"""The description of the API: valid, without a warning, and true."""

import pytest
import schemathesis
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from django.db import connection, transaction
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, settings
from rest_framework.settings import api_settings
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
    unsupported_method,
)

from refamp.base.api.schema import MEANINGS

SCHEMA = "/api/schema/?format=json"


@pytest.fixture
def description(client):
    return client.get(SCHEMA).json()


def test_the_generator_has_nothing_to_complain_of():
    GENERATOR_STATS.reset()
    made = SchemaGenerator().get_schema(request=None, public=True)
    assert (GENERATOR_STATS._warn_cache, GENERATOR_STATS._error_cache) == ({}, {})
    validate_schema(made)


@pytest.mark.django_db
def test_it_is_openapi_3_1_in_json_and_yaml(client, description):
    assert description["openapi"] == "3.1.0"
    assert client.get("/api/schema/")["Content-Type"] == "application/vnd.oai.openapi"
    assert client.get(SCHEMA)["ETag"].endswith('.json"')
    assert {"token", "session"} <= description["components"]["securitySchemes"].keys()
    assert description["components"]["securitySchemes"]["token"]["scheme"] == "bearer"


@pytest.mark.django_db
def test_every_operation_says_its_errors_and_every_list_its_parameters(description):
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            codes = operation["responses"].keys()
            assert {"400", "401", "403", "406", "429"} <= codes, (path, method)
            assert all(
                "application/problem+json" in operation["responses"][code]["content"]
                for code in codes
                if code in MEANINGS
            )
            if operation["operationId"].endswith("_list"):
                names = {each["name"] for each in operation["parameters"]}
                assert {"limit", "cursor", "count", "fields", "format"} <= names, path
                assert {"application/json", "text/csv"} <= operation["responses"]["200"]["content"].keys(), path


@pytest.mark.django_db
def test_the_pages_use_only_our_own_assets(client):
    page = client.get("/api/docs/")
    assert page.status_code == 200
    text = page.content.decode()
    assert "http" not in text.replace("http-equiv", "")
    assert "<style" not in text
    assert " style=" not in text


@pytest.fixture
def described(db, monkeypatch):
    """The description as a client reads it, over a loaded territory and edition; calls are not limited."""
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "anonymous", None)
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "caller", None)
    # The WSGI application would close the test's own connection, and with it its transaction.
    monkeypatch.setattr(connection, "close_if_unusable_or_obsolete", lambda: None)
    call_command("load_territory")
    call_command("load_framework")
    return schemathesis.openapi.from_wsgi(SCHEMA, get_wsgi_application())


@pytest.mark.parametrize("method", ["GET", "POST", "PATCH"])
def test_a_generic_client_finds_answers_as_described(described, method):
    """Answers are of the described status, type and shape, and never our fault, whatever is sent.

    Left out: whether valid-looking input is accepted (a cursor is signed, which no schema can say) and whether
    undescribed methods are refused (tested by hand).
    """
    wrong = []
    for result in described.get_all_operations():
        operation = result.ok()
        if operation.method.upper() == method:
            try:
                attack(operation)
            except FailureGroup as failures:
                wrong.append(f"{operation.label}: {failures}")
    assert not wrong, "\n".join(wrong)


def attack(operation):
    @given(case=operation.as_strategy())
    @settings(
        max_examples=12,
        deadline=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        database=None,
    )
    def once(case):
        with transaction.atomic():
            case.call_and_validate(
                excluded_checks=[positive_data_acceptance, negative_data_rejection, unsupported_method, ignored_auth]
            )

    once()
