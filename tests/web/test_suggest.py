"""What is offered while somebody types."""

from __future__ import annotations


def suggested(client, q: str) -> list[dict]:
    answer = client.get("/api/v1/suggest", query_string={"q": q}).get_json()
    assert answer["q"] == q
    return answer["suggestions"]


def test_a_beginning_of_a_title_is_offered_with_its_address(client) -> None:
    (first, *_) = suggested(client, "warf")
    assert first["text"].startswith("Warf")
    assert first["kind"] == "article"
    assert client.get(first["url"]).status_code == 200


def test_names_that_begin_so_come_before_those_with_a_word_that_does(client) -> None:
    for letter in "abcdw":
        names = [entry["text"].casefold() for entry in suggested(client, letter)]
        beginning = [name.startswith(letter) for name in names]
        assert beginning == sorted(beginning, reverse=True)
        assert len(names) <= 10


def test_nothing_typed_and_nothing_meant_offer_nothing(client) -> None:
    assert suggested(client, "") == []
    assert suggested(client, "   ") == []
    assert suggested(client, "xyzzy" * 100) == []


def test_every_suggestion_leads_somewhere(client) -> None:
    for letter in "abcdefghijklmnopqrstuvwxyz":
        for entry in suggested(client, letter):
            assert set(entry) == {"text", "kind", "see", "url"}
            assert client.get(entry["url"]).status_code == 200
