"""Two people edit the same thing: the second sees both versions, and chooses."""

from collections.abc import Callable

from tests.journeys.driving import Person

Someone = Callable[..., Person]


def test_the_second_to_save_sees_both_versions_and_chooses(someone: Someone, arranged: dict[str, str]) -> None:
    base = f"/auscultacoes/{arranged['stale']}/"
    first, second = someone("coordenacao").visit(f"{base}alterar/"), someone("coordenacao2").visit(f"{base}alterar/")
    first.write("#id_description", "Da primeira pessoa.")
    first.write("#id_minimum_cell", "6")
    first.send()
    assert first.path == base
    second.write("#id_description", "Da segunda pessoa.")
    second.send()
    assert second.path == f"{base}alterar/", "it is not saved over the other"
    assert second.page.evaluate("document.activeElement.matches('.summary')")
    second.look(everywhere=True)
    beside = [text for row in second.table("main section.card table").values() for text in row]
    assert beside[:2] == ["Da primeira pessoa.", "Da segunda pessoa."] or "Da primeira pessoa." in beside
    assert "Da segunda pessoa." in beside
    assert second.find("#id_description").input_value() == "Da segunda pessoa."
    second.write("#id_description", "Das duas pessoas.")
    second.write("#id_minimum_cell", "6")
    second.send()
    assert second.path == base
    first.visit(f"{base}alterar/")
    assert first.find("#id_description").input_value() == "Das duas pessoas."
    assert first.find("#id_minimum_cell").input_value() == "6"


def test_two_people_at_the_same_quota_plan(someone: Someone, arranged: dict[str, str]) -> None:
    base = f"/auscultacoes/{arranged['stale']}/"
    first, second = someone("coordenacao").visit(f"{base}quotas/"), someone("coordenacao2").visit(f"{base}quotas/")
    first.write("table[data-grid] input >> nth=0", "11")
    first.send()
    second.write("table[data-grid] input >> nth=0", "12")
    second.send()
    second.look()
    beside = list(second.table("main section.card table").values())
    assert beside == [["11", "12"]]
    second.send("main form.form:has(table[data-grid])")
    first.visit(f"{base}quotas/")
    assert first.find("table[data-grid] input >> nth=0").input_value() == "12"
