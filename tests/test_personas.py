"""The ready-made personas: complete in both languages, of a length that a person reads, with sane suggestions."""

import re
from pathlib import Path

import pytest

from chat_core.personas import LANGUAGES, Language, Persona, find, load_personas

EXPECTED_IDS = {
    "none",
    "counsellor",
    "chef",
    "trainer",
    "llm_expert",
    "news_summariser",
    "warm_friend",
    "translator",
    "support",
    "language_partner",
    "storyteller",
    "code_reviewer",
    "picture_describer",
}

PERSONAS = load_personas()
WITH_PROMPT = PERSONAS[1:]
HANGUL = re.compile("[가-힣]")
SENTENCE_END = re.compile(r"[.?!](?=\s|$)")


def named(personas: tuple[Persona, ...]) -> list:
    return [pytest.param(persona, id=persona.id) for persona in personas]


def test_all_are_there_once():
    ids = [persona.id for persona in PERSONAS]
    assert len(ids) == len(set(ids))
    assert set(ids) >= EXPECTED_IDS


def test_the_plain_assistant_comes_first_and_sends_nothing():
    plain = PERSONAS[0]
    assert (plain.id, plain.prompt.ko, plain.prompt.en, plain.temperature) == ("none", "", "", None)


@pytest.mark.parametrize("persona", named(PERSONAS))
def test_id_and_names_fit_a_list(persona: Persona):
    assert re.fullmatch(r"[a-z][a-z_]*", persona.id)
    assert HANGUL.search(persona.name.ko)
    assert not HANGUL.search(persona.name.en)
    assert all(0 < len(persona.name.text(language)) <= 40 for language in LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_names_tell_personas_apart(language: Language):
    names = [persona.name.text(language) for persona in PERSONAS]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("persona", named(WITH_PROMPT))
def test_prompt_is_two_to_six_sentences_on_one_line(persona: Persona, language: Language):
    prompt = persona.prompt.text(language)
    assert 80 <= len(prompt) <= 700
    assert 2 <= len(SENTENCE_END.findall(prompt)) <= 6
    assert prompt == " ".join(prompt.split()), "a stray line break or double blank"


@pytest.mark.parametrize("persona", named(WITH_PROMPT))
def test_prompt_is_in_its_own_language(persona: Persona):
    assert len(HANGUL.findall(persona.prompt.ko)) > len(persona.prompt.ko) / 2
    assert not HANGUL.search(persona.prompt.en)


@pytest.mark.parametrize("persona", named(WITH_PROMPT))
def test_suggested_temperature_is_in_range(persona: Persona):
    assert persona.temperature is None or 0 <= persona.temperature <= 1.5


def test_counsellor_knows_where_help_is():
    counsellor = find("counsellor")
    assert counsellor is not None
    for language in LANGUAGES:
        assert "109" in counsellor.prompt.text(language)


def test_find():
    assert [find(persona.id) for persona in PERSONAS] == list(PERSONAS)
    assert find("no_such_persona") is None


def test_a_row_without_one_language_is_refused(tmp_path: Path):
    file = tmp_path / "personas.toml"
    file.write_text('[[persona]]\nid = "half"\nname = {ko = "반", en = "Half"}\nprompt = {en = "Half."}\n', "utf-8")
    with pytest.raises(KeyError, match="ko"):
        load_personas(file)
