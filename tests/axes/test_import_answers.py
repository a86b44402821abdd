"""A file of answers: what is read, what is forgiven, what rejects it, and that it goes in once and whole."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import xlsxwriter
from django.core.management import CommandError, call_command

from axes.actions.answers import record_answers, withdraw_respondent
from axes.actions.results import fold_tallies
from axes.choices import Channel, ConsultationState, Group, PhaseState, Scale
from axes.models import Consultation, Mention, Representativeness, Respondent, Tally, Topic
from axes.queries.counting import wrong_counts
from axes.tasks.answers import KIND
from refamp.audit.models import Event
from refamp.base.errors import Refused
from refamp.jobs.actions import apply_upload, import_now
from refamp.jobs.choices import UploadState
from refamp.jobs.models import Upload
from tests.factories import ConsultationFactory, MunicipalityFactory, PhaseFactory, TopicFactory

pytestmark = pytest.mark.django_db
HEADER = "respondent,municipality,group,topic,scale"
Send = Callable[..., Upload]


@pytest.fixture
def consultation() -> Consultation:
    """Open, asking 1.1 and 4.1a at both scales and AE1 at the metropolitan one; with three municipalities."""
    made = ConsultationFactory()
    PhaseFactory(consultation=made, state=PhaseState.OPEN)
    TopicFactory(consultation=made, code="1.1", label="Seniores")
    TopicFactory(consultation=made, code="4.1a", label="Precariedade económica (1)")
    TopicFactory(consultation=made, code="AE1", label="Articular", scales=[Scale.METROPOLITAN])
    MunicipalityFactory(code="0104", name="Arouca")
    MunicipalityFactory(code="1312", name="Porto")
    MunicipalityFactory(code="1317", name="Vila Nova de Gaia", short_name="Gaia")
    return made


@pytest.fixture
def send(consultation: Consultation, coordination: Any) -> Send:
    """`send("r1,0104,elected,1.1,municipal", …)`: a file imported at once, as the command does."""

    def make(
        *rows: str, header: str = HEADER, encoding: str = "utf-8", name: str = "respostas.csv", **options: Any
    ) -> Upload:
        text = "\n".join([header, *rows]) + "\n"
        return import_now(
            actor=coordination,
            kind=KIND,
            target=str(options.pop("into", consultation).public_id),
            file=io.BytesIO(text.encode(encoding)),
            name=name,
            **options,
        )

    return make


def answers(consultation: Consultation) -> dict[str, tuple[str | None, str | None, set[tuple[str, str]]]]:
    """reference → municipality code, group, mentions, of those not withdrawn."""
    return {
        r.reference: (
            r.municipality and r.municipality.code,
            r.group,
            {(m.topic.code, m.scale) for m in r.mentions.select_related("topic")},
        )
        for r in consultation.respondents.filter(withdrawn_at__isnull=True).select_related("municipality")
    }


def codes(upload: Upload) -> list[tuple[int | None, str | None, str]]:
    return [(one["row"], one["column"], one["code"]) for one in upload.problems]


def test_every_row_is_a_mention_and_a_row_without_topic_a_respondent_who_named_nothing(
    send: Send, consultation: Consultation
) -> None:
    upload = send("r1,0104,elected,1.1,metropolitan", "r1,0104,elected,1.1,municipal", "r2,1312,partner,,")
    assert upload.state == UploadState.DONE
    assert answers(consultation) == {
        "r1": ("0104", "elected", {("1.1", "metropolitan"), ("1.1", "municipal")}),
        "r2": ("1312", "partner", set()),
    }
    assert (upload.rows, upload.summary["respondents"], upload.summary["mentions"]) == (3, 2, 2)
    assert upload.summary["named_nothing"] == 1
    respondent = Respondent.objects.get(reference="r1")
    assert (respondent.channel, respondent.upload_id, respondent.phase.state) == (
        Channel.FILE,
        upload.pk,
        PhaseState.OPEN,
    )


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252"])
@pytest.mark.parametrize("separator", [",", ";"])
def test_portuguese_headers_words_encodings_and_separators_are_understood(
    send: Send, consultation: Consultation, encoding: str, separator: str
) -> None:
    rows = [
        "r1,104,Técnico,1.1,Metropolitano",
        "r1,AROUCA,tecnica,4.1A,MUNICIPAL",
        ",,,,",
        "r2,vila nova de gáia,Eleito,ae1,metropolitano",
        "r3,Gaia,DIRIGENTES,1.1,municipal",
        "r4, Porto ,parceiros locais,,",
    ]
    upload = send(
        *(row.replace(",", separator) for row in rows),
        header="Respondente,Município,Grupo,Tópico,Escala".replace(",", separator),
        encoding=encoding,
    )
    assert codes(upload) == []
    assert answers(consultation) == {
        "r1": ("0104", "technician", {("1.1", "metropolitan"), ("4.1a", "municipal")}),
        "r2": ("1317", "elected", {("AE1", "metropolitan")}),
        "r3": ("1317", "director", {("1.1", "municipal")}),
        "r4": ("1312", "partner", set()),
    }
    assert upload.rows == 5


def test_a_workbook_is_read_with_its_numbers_as_codes(consultation: Consultation, coordination: Any) -> None:
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for row, cells in enumerate(
            [HEADER.split(","), [17, 104, "eleito", 1.1, "municipal"], [18, 1312, "técnico", "", ""]]
        ):
            sheet.write_row(row, 0, cells)
    buffer.seek(0)
    upload = import_now(actor=coordination, kind=KIND, target=str(consultation.public_id), file=buffer, name="a.xlsx")
    assert codes(upload) == []
    assert answers(consultation) == {
        "17": ("0104", "elected", {("1.1", "municipal")}),
        "18": ("1312", "technician", set()),
    }


def test_municipality_and_group_may_be_left_out_and_this_is_reported(send: Send, consultation: Consultation) -> None:
    upload = send("r1,,,1.1,municipal", "r2,0104,,1.1,municipal", "r2,,elected,AE1,metropolitan")
    assert answers(consultation) == {
        "r1": (None, None, {("1.1", "municipal")}),
        "r2": ("0104", "elected", {("1.1", "municipal"), ("AE1", "metropolitan")}),
    }
    assert (upload.summary["municipality_not_stated"], upload.summary["group_not_stated"]) == (1, 1)


def test_a_topic_named_twice_counts_once_and_is_reported_with_its_row(send: Send, consultation: Consultation) -> None:
    upload = send("r1,0104,elected,1.1,municipal", "r2,1312,elected,1.1,municipal", "r1,0104,elected,1.1,municipal")
    assert upload.state == UploadState.DONE
    assert Mention.objects.count() == 2
    assert upload.summary["duplicates"] == 1
    assert [(note["row"], note["code"]) for note in upload.summary["notes"]] == [(4, "duplicate_mention")]


def test_an_empty_row_beside_mentions_adds_nothing_and_is_reported(send: Send, consultation: Consultation) -> None:
    upload = send("r1,0104,elected,,", "r1,0104,elected,1.1,municipal", "r2,0104,elected,,", "r2,0104,elected,,")
    assert upload.state == UploadState.DONE
    assert answers(consultation) == {
        "r1": ("0104", "elected", {("1.1", "municipal")}),
        "r2": ("0104", "elected", set()),
    }
    assert {(note["row"], note["code"]) for note in upload.summary["notes"]} == {
        (2, "empty_beside_mentions"),
        (5, "duplicate_empty"),
    }


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        (["r1,0104,elected,9.9,municipal"], (2, "topic", "topic_unknown")),
        (["r1,9999,elected,1.1,municipal"], (2, "municipality", "municipality_unknown")),
        (["r1,Lisboa,elected,1.1,municipal"], (2, "municipality", "municipality_unknown")),
        (["r1,0104,elected,1.1,regional"], (2, "scale", "scale_unknown")),
        (["r1,0104,vizinho,1.1,municipal"], (2, "group", "group_unknown")),
        (["r1,0104,elected,AE1,municipal"], (2, "scale", "not_asked")),
        (["r1,0104,elected,1.1,"], (2, "scale", "scale_missing")),
        (["r1,0104,elected,,municipal"], (2, "topic", "topic_missing")),
        ([",0104,elected,1.1,municipal"], (2, "respondent", "respondent_missing")),
        ([f"{'x' * 101},0104,elected,1.1,municipal"], (2, "respondent", "respondent_too_long")),
        (["r1,0104,elected,1.1,municipal", "r1,0104,partner,AE1,metropolitan"], (3, "group", "two_groups")),
        (
            ["r1,0104,elected,1.1,municipal", "r1,Porto,elected,1.1,metropolitan"],
            (3, "municipality", "two_municipalities"),
        ),
    ],
)
def test_one_bad_row_rejects_the_whole_file_and_says_where_and_why(
    send: Send, consultation: Consultation, rows: list[str], problem: tuple[int, str, str]
) -> None:
    upload = send(*rows, "bom,0104,elected,1.1,municipal")
    assert upload.state == UploadState.REJECTED
    assert codes(upload) == [problem]
    assert upload.problems[0]["detail"] != problem[2]
    assert answers(consultation) == {}
    assert not Tally.objects.exists()


def test_all_problems_are_listed_in_the_order_of_the_file_and_counted_exactly(send: Send) -> None:
    upload = send("r1,x,y,z,w", *(f"a{n},0104,elected,9.9,municipal" for n in range(1500)))
    assert upload.problem_count == 1504
    assert len(upload.problems) == 1000
    assert codes(upload)[:5] == [
        (2, "municipality", "municipality_unknown"),
        (2, "group", "group_unknown"),
        (2, "topic", "topic_unknown"),
        (2, "scale", "scale_unknown"),
        (3, "topic", "topic_unknown"),
    ]


def test_a_respondent_already_present_rejects_the_file_until_withdrawn(
    send: Send, consultation: Consultation, coordination: Any
) -> None:
    send("r1,0104,elected,1.1,municipal")
    again = send("r1,0104,elected,1.1,municipal", "r1,0104,elected,4.1a,municipal", "r2,0104,elected,1.1,municipal")
    assert codes(again) == [(2, "respondent", "already_answered"), (3, "respondent", "already_answered")]
    withdraw_respondent(actor=coordination, respondent=Respondent.objects.get(reference="r1"))
    assert send("r1,0104,elected,1.1,municipal").state == UploadState.DONE


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("respondent,municipality,group,topic", (None, "scale", "column_missing")),
        ("respondent,municipality,group,topic,scale,escala", (None, "scale", "column_twice")),
    ],
)
def test_a_header_that_lacks_or_repeats_a_column_is_refused(send: Send, header: str, problem: tuple[Any, ...]) -> None:
    upload = send("r1,0104,elected,1.1" + ",municipal" * (header.count(",") - 3), header=header)
    assert codes(upload) == [problem]


def test_a_header_alone_and_rows_of_nothing_are_refused(send: Send) -> None:
    assert [one[2] for one in codes(send())] == ["no_rows"]
    assert [one[2] for one in codes(send(",,,,", ",,,,"))] == ["no_rows"]


def test_other_columns_are_left_alone_and_named(send: Send) -> None:
    upload = send("r1,0104,elected,1.1,municipal,olá", header=HEADER + ",Observações")
    assert upload.state == UploadState.DONE
    assert [(note["column"], note["code"]) for note in upload.summary["notes"]] == [("Observações", "column_ignored")]


@pytest.mark.parametrize(
    "mapping", [{"respondent": "Inquirido", "tópico": "Área"}, {"inquirido": "respondente", "Area": "topic"}]
)
def test_columns_of_other_names_can_be_mapped(send: Send, consultation: Consultation, mapping: dict[str, str]) -> None:
    upload = send("r1,0104,elected,1.1,municipal", header="Inquirido,municipio,grupo,Área,escala", mapping=mapping)
    assert codes(upload) == []
    assert answers(consultation) == {"r1": ("0104", "elected", {("1.1", "municipal")})}


@pytest.mark.parametrize("state", [ConsultationState.DRAFT, ConsultationState.CLOSED])
def test_a_consultation_that_is_not_open_takes_no_file(send: Send, consultation: Consultation, state: str) -> None:
    Consultation.objects.filter(pk=consultation.pk).update(state=state)
    assert codes(send("r1,0104,elected,1.1,municipal")) == [(None, None, "consultation_not_open")]


def test_an_open_consultation_between_two_phases_takes_no_file(send: Send, consultation: Consultation) -> None:
    consultation.phases.update(state=PhaseState.CLOSED)
    assert codes(send("r1,0104,elected,1.1,municipal")) == [(None, None, "consultation_not_open")]


def test_a_confirmed_file_is_checked_again_against_what_happened_since(
    send: Send, consultation: Consultation, coordination: Any
) -> None:
    upload = send("r1,0104,elected,1.1,municipal")
    Respondent.objects.update(withdrawn_at="2026-01-01T00:00Z")
    Upload.objects.update(state=UploadState.CONFIRMED)
    send("r1,1312,partner,AE1,metropolitan")
    upload.refresh_from_db()
    apply_upload(upload=upload)
    assert upload.state == UploadState.REJECTED
    assert codes(upload) == [(2, "respondent", "already_answered")]
    assert answers(consultation) == {"r1": ("1312", "partner", {("AE1", "metropolitan")})}


def test_the_counts_follow_the_import_and_its_undoing(
    send: Send, consultation: Consultation, coordination: Any
) -> None:
    upload = send("r1,0104,elected,1.1,municipal", "r2,,,1.1,municipal", "r3,1312,partner,,")
    fold_tallies(consultation=consultation)
    everybody = Representativeness.objects.filter(consultation=consultation, dimension="all")
    assert everybody.get(topic=None).count == 3
    assert everybody.get(topic__code="1.1", scale="municipal").count == 2
    assert wrong_counts(consultation) == []
    withdraw_respondent(actor=coordination, respondent=Respondent.objects.get(reference="r2"))
    from axes.actions.answer_files import undo_import  # noqa: PLC0415

    assert undo_import(actor=coordination, consultation=consultation, upload=upload) == {"withdrawn": 2}
    fold_tallies(consultation=consultation)
    assert everybody.get(topic=None).count == 0
    assert wrong_counts(consultation) == []
    assert undo_import(actor=coordination, consultation=consultation, upload=upload) == {"withdrawn": 0}
    assert list(Event.objects.filter(object_type="axes.Consultation").values_list("action", flat=True)[:2]) == [
        "answers.import_undone",
        "answers.import_undone",
    ]


def test_two_imports_write_the_same_rows_as_single_answers(
    send: Send, consultation: Consultation, coordination: Any
) -> None:
    send("r1,0104,elected,1.1,municipal")
    topic = Topic.objects.get(code="1.1")
    record_answers(
        actor=coordination, consultation=consultation, phase=None, channel=Channel.INTERVIEW, reference="r2",
        municipality=None, group=Group.ELECTED, mentions=[(topic, Scale.MUNICIPAL), (topic, Scale.MUNICIPAL)], texts={},
    )  # fmt: skip
    assert answers(consultation)["r2"] == (None, "elected", {("1.1", "municipal")})
    with pytest.raises(Refused) as refused:
        record_answers(
            actor=coordination, consultation=consultation, phase=None, channel=Channel.INTERVIEW, reference="r1",
            municipality=None, group=None, mentions=[], texts=None,
        )  # fmt: skip
    assert refused.value.code == "already_answered"
    assert Respondent.objects.count() == 2


def test_the_command_imports_prints_problems_by_row_and_says_so_by_its_exit_code(
    consultation: Consultation, tmp_path: Any, capsys: Any
) -> None:
    good, bad = tmp_path / "bom.csv", tmp_path / "mau.csv"
    good.write_text(f"{HEADER}\nr1,0104,elected,1.1,municipal\n", encoding="utf-8")
    bad.write_text(f"{HEADER}\nr9,0104,elected,7.7,municipal\n", encoding="utf-8")
    call_command("import_answers", str(consultation.public_id), str(good), dry_run=True)
    assert (Respondent.objects.count(), Upload.objects.count()) == (0, 0)
    call_command("import_answers", str(consultation.public_id), str(good))
    assert set(answers(consultation)) == {"r1"}
    with pytest.raises(SystemExit) as stopped:
        call_command("import_answers", str(consultation.public_id), str(bad))
    assert stopped.value.code == 1
    assert "7.7" in capsys.readouterr().err
    for name, file in [("nada", str(good)), (str(consultation.public_id), str(tmp_path / "falta.csv"))]:
        with pytest.raises(CommandError) as wrong:
            call_command("import_answers", name, file)
        assert wrong.value.returncode == 2


def test_the_command_prints_twenty_problems_and_where_the_others_are(
    consultation: Consultation, tmp_path: Any, capsys: Any
) -> None:
    bad = tmp_path / "mau.csv"
    bad.write_text("\n".join([HEADER, *(f"r{row},0104,elected,7.7,municipal" for row in range(25))]), encoding="utf-8")
    for dry_run in (True, False):
        with pytest.raises(SystemExit):
            call_command("import_answers", str(consultation.public_id), str(bad), dry_run=dry_run)
        told = capsys.readouterr().err.splitlines()
        assert len([one for one in told if "7.7" in one]) == 20
        assert "5" in told[20]
        assert ("/trabalhos/" in told[20]) is not dry_run
