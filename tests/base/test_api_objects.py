"""Objects: entity tags, writing, errors, limits."""

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.urls import path
from rest_framework import serializers
from rest_framework.settings import api_settings
from rest_framework.test import APIClient
from rest_framework.views import APIView

from refamp.accounts.models import User
from refamp.base.api import checks, throttling
from refamp.base.api.views import ReadViewSet
from refamp.jobs.models import IdempotencyKey
from tests.factories import ParishFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.base.api_doors")]
PEOPLE = "/api/v1/people/"


class Token:
    pk = 7
    scopes = ("read",)


@pytest.fixture
def caller():
    client = APIClient()
    client.force_authenticate(UserFactory(name="Zulmira"))
    return client


@pytest.fixture
def someone():
    return UserFactory(name="Ana", email="ana@example.org")


def address(user):
    return f"{PEOPLE}{user.public_id}/"


def test_the_tag_of_an_object_begins_with_its_version(caller, someone):
    answer = caller.get(address(someone))
    assert answer.json() == {"id": str(someone.public_id), "name": "Ana", "email": "ana@example.org", "version": 1}
    assert answer["ETag"].startswith('"1.')
    assert caller.get(address(someone), headers={"if-none-match": answer["ETag"]}).status_code == 304
    other_form = caller.get(address(someone) + "?fields=name")["ETag"]
    assert other_form.startswith('"1.')
    assert other_form != answer["ETag"]


def test_a_change_needs_the_version_that_it_changes(caller, someone):
    url = address(someone)
    first = caller.get(url)["ETag"]
    assert caller.patch(url, {"name": "Bia"}, format="json").status_code == 428
    done = caller.patch(url, {"name": "Bia"}, format="json", headers={"if-match": first})
    assert (done.status_code, done.json()["name"], done.json()["version"]) == (200, "Bia", 2)
    assert done["ETag"] == caller.get(url)["ETag"]
    late = caller.patch(url, {"name": "Carla"}, format="json", headers={"if-match": first})
    assert (late.status_code, late["Content-Type"], late.json()["code"]) == (412, "application/problem+json", "stale")
    assert User.objects.get(pk=someone.pk).name == "Bia"
    assert caller.patch(url, {"name": "Carla"}, format="json", headers={"if-match": "*"}).status_code == 200
    assert caller.patch(url, {"name": "Dina"}, format="json", headers={"if-match": "nonsense"}).status_code == 412


def test_what_may_not_be_changed_is_refused(caller):
    obj = UserFactory(name="Nobody may change me")
    assert caller.patch(address(obj), {"name": "x"}, format="json", headers={"if-match": "*"}).status_code == 403


def test_creating_answers_201_with_the_address(caller):
    answer = caller.post(PEOPLE, {"name": "Nova", "email": "nova@example.org"}, format="json")
    assert answer.status_code == 201
    assert answer["Location"] == f"http://testserver{PEOPLE}{answer.json()['id']}/"
    assert caller.get(answer["Location"]).json() == answer.json()


def test_creating_twice_with_one_key_creates_once(caller):
    body = {"name": "Nova", "email": "nova@example.org"}
    first = caller.post(PEOPLE, body, format="json", headers={"idempotency-key": "k-1"})
    again = caller.post(PEOPLE, body, format="json", headers={"idempotency-key": "k-1"})
    assert (again.status_code, again.content, again["ETag"], again["Location"]) == (
        201,
        first.content,
        first["ETag"],
        first["Location"],
    )
    assert User.objects.filter(name="Nova").count() == 1
    other = caller.post(PEOPLE, body | {"name": "Outra"}, format="json", headers={"idempotency-key": "k-1"})
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")


def test_a_refused_call_leaves_its_key_free(caller):
    body = {"name": "refused", "email": "nova@example.org"}
    assert caller.post(PEOPLE, body, format="json", headers={"idempotency-key": "k-2"}).status_code == 400
    assert not IdempotencyKey.objects.exists()
    good = caller.post(PEOPLE, body | {"name": "Nova"}, format="json", headers={"idempotency-key": "k-2"})
    assert good.status_code == 201


def test_two_callers_do_not_share_a_key(caller):
    client = APIClient()
    client.force_authenticate(UserFactory())
    for number, each in enumerate((caller, client)):
        body = {"name": "Nova", "email": f"nova{number}@example.org"}
        assert each.post(PEOPLE, body, format="json", headers={"idempotency-key": "same"}).status_code == 201


@pytest.mark.parametrize("key", ["", "x" * 256, "é"])
def test_a_key_that_cannot_be_kept_is_400(caller, key):
    body = {"name": "Nova", "email": "nova@example.org"}
    assert caller.post(PEOPLE, body, format="json", HTTP_IDEMPOTENCY_KEY=key).status_code == 400


@pytest.mark.parametrize(
    ("body", "status", "pointer", "code"),
    [
        ('{"name": "x"}', 400, "#/email", "required"),
        ('{"name": "' + "x" * 21 + '", "email": "a@b.pt"}', 400, "#/name", "max_length"),
        ('{"name": "refused", "email": "a@b.pt"}', 400, "#/name", "no"),
        ('{"name": "x", "email": "a@b.pt", "is_superuser": true}', 400, "#/is_superuser", "unknown"),
        ("[]", 400, "#", "invalid"),
        ('"text"', 400, "#", "invalid"),
        ("null", 400, "#", None),
    ],
)
def test_errors_point_at_what_is_wrong(caller, body, status, pointer, code):
    answer = caller.post(PEOPLE, body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")
    error = answer.json()["errors"][0]
    assert error["pointer"] == pointer
    assert code is None or error["code"] == code


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"",
        b"\xff\xfe",
        b'{"name": NaN}',
        b'{"name": "\\u0000"}',
        b'{"name": "\\ud800", "email": "a@b.pt"}',
        b"[" * 100_000,
        b"1" * 5000,
        b'{"name": ' + b"9" * 400 + b', "email": 1e400}',
        b'{"name": {"a": []}, "email": [[]]}',
    ],
)
def test_a_body_that_is_no_document_is_400(caller, body):
    answer = caller.generic("POST", PEOPLE, body, content_type="application/json")
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")


@pytest.mark.parametrize("media", ["text/plain", "application/xml", "application/x-www-form-urlencoded", "nonsense"])
def test_another_media_type_is_415(caller, media):
    assert caller.generic("POST", PEOPLE, b"name=x", content_type=media).status_code == 415


def test_a_document_is_utf_8_whatever_its_label_says(caller):
    body = '{"name": "Ção", "email": "c@b.pt"}'.encode()
    answer = caller.generic("POST", PEOPLE, body, content_type="application/json; charset=latin-1")
    assert (answer.status_code, answer.json()["name"]) == (201, "Ção")


def test_a_state_that_forbids_is_409(caller):
    answer = caller.post(PEOPLE, {"name": "conflict", "email": "a@b.pt"}, format="json")
    assert (answer.status_code, answer.json()["detail"]) == (409, "Not now.")


def test_a_constraint_speaks_to_people(caller, someone):
    answer = caller.post(
        PEOPLE, {"name": "x", "email": someone.email}, format="json", headers={"accept-language": "en"}
    )
    assert (answer.status_code, answer.json()["detail"]) == (409, "This address already has an account.")


def test_a_mistake_of_ours_is_said_without_its_insides(caller, caplog):
    answer = caller.post(PEOPLE, {"name": "broken", "email": "a@b.pt"}, format="json")
    assert (answer.status_code, answer["Content-Type"]) == (500, "application/problem+json")
    assert "mistake" not in answer.content.decode()
    assert "a mistake of ours" in caplog.text


@pytest.mark.parametrize("method", ["put", "delete", "patch"])
def test_a_method_that_is_not_there_is_405_and_says_which_are(caller, method):
    answer = getattr(caller, method)(PEOPLE)
    assert (answer.status_code, answer["Allow"]) == (405, "GET, POST, HEAD, OPTIONS")


def test_nobody_writes_where_no_rule_says_so(caller):
    ParishFactory(code="131202")
    for url in ("/api/v1/places/", "/api/v1/places/131202/"):
        assert caller.post(url, {}, format="json").status_code == 405


def test_strangers_are_asked_who_they_are(someone):
    answer = APIClient().get(address(someone))
    assert answer.status_code in {401, 403}
    assert answer["Content-Type"] == "application/problem+json"


def test_a_token_only_does_what_its_scopes_say(someone):
    client = APIClient()
    client.force_authenticate(someone, token=Token())
    assert client.get(PEOPLE).status_code == 200
    refused = client.post(PEOPLE, {"name": "x", "email": "x@b.pt"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")


@pytest.mark.parametrize("code", ["nothing", "%00", "a%00b", "..%2f..", "1312.5", "x" * 500])
def test_a_code_that_is_nowhere_is_404(caller, code):
    for url in (f"/api/v1/places/{code}/", f"{PEOPLE}{code}/"):
        answer = caller.get(url)
        assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_an_unknown_address_answers_in_json(client):
    for url in ("/api/", "/api/v2/x/", "/api/v1/nothing/"):
        for method in ("get", "post", "delete"):
            answer = getattr(client, method)(url)
            assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")


def test_what_only_lacks_its_slash_is_sent_on_with_its_method(client):
    answer = client.post("/api/v1/people?a=b")
    assert (answer.status_code, answer["Location"]) == (308, "/api/v1/people/?a=b")


def test_errors_speak_the_callers_language(client):
    english = client.get("/api/v1/places/?x=1", headers={"accept-language": "en"})
    assert english.json()["title"] == "Bad request"
    assert english["Content-Language"] == "en"


def test_a_head_has_no_body_and_options_say_the_methods(client):
    assert client.head("/api/v1/places/").content == b""
    answer = client.options("/api/v1/places/")
    assert (answer.status_code, answer["Allow"]) == (204, "GET, HEAD, OPTIONS")


def test_too_many_calls_are_429_with_a_time_to_wait(client, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "anonymous", "3/hour")
    answers = [client.get("/api/v1/places/") for _n in range(4)]
    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[3]["Content-Type"] == "application/problem+json"
    assert 1 <= int(answers[3]["Retry-After"]) <= 3600
    # Somebody who logs in is counted on their own.
    logged_in = APIClient()
    logged_in.force_authenticate(UserFactory())
    assert logged_in.get("/api/v1/places/").status_code == 200


def test_an_address_behind_a_proxy_counts_only_where_the_proxy_is_declared(client, monkeypatch):
    monkeypatch.setitem(api_settings.DEFAULT_THROTTLE_RATES, "anonymous", "1/hour")
    first = client.get("/api/v1/places/", headers={"x-forwarded-for": "10.0.0.1"})
    second = client.get("/api/v1/places/", headers={"x-forwarded-for": "10.0.0.2"})
    assert (first.status_code, second.status_code) == (200, 429)
    monkeypatch.setattr(api_settings, "NUM_PROXIES", 1)
    third = client.get("/api/v1/places/", headers={"x-forwarded-for": "8.8.8.8, 10.0.0.3"})
    fourth = client.get("/api/v1/places/", headers={"x-forwarded-for": "9.9.9.9, 10.0.0.3"})
    assert (third.status_code, fourth.status_code) == (200, 429)


def test_a_cache_that_is_away_stops_nobody(client, monkeypatch):
    def away(*_args, **_options):
        raise ConnectionError("redis is away")

    monkeypatch.setattr(throttling.cache, "incr", away)
    assert client.get("/api/v1/places/").status_code == 200


@pytest.mark.parametrize(("text", "rate"), [("600/min", (600, 60)), ("3/hour", (3, 3600)), ("1/s", (1, 1))])
def test_a_rate_is_read(text, rate):
    assert throttling.read_rate(text) == rate


def test_a_door_without_a_rule_does_not_start():
    with pytest.raises(ImproperlyConfigured, match="declares no read_rule"):

        class Open(ReadViewSet):
            serializer_class = serializers.Serializer


def test_a_strangers_door_without_a_rule_is_found_at_start(monkeypatch):
    class Stray(APIView):
        pass

    monkeypatch.setattr(checks, "get_resolver", lambda: type("R", (), {"url_patterns": [path("x", Stray.as_view())]}))
    assert [error.id for error in checks.every_door_has_a_rule()] == ["refamp.E001"]
