"""Judgements by lists of words: whether a text is pleased or not, says yes or no, and which option it speaks for."""

import re
from collections.abc import Sequence

from demo_model.lazy_regex import lazy_regex
from demo_model.reading import passages
from demo_model.reading.keys import TABLES, groups_of, occurrences, terms_of, words_of
from demo_model.speaker import language_of

_SENTIMENT = TABLES["sentiment"]
_SENSES = ("positive", "negative", "neutral")
_NEGATION_EN = lazy_regex(
    r"(?:\b(?:not|no|never|without|neither|nor|cannot|hardly|non)\b|n['’]t\b)[\w\s'’-]{0,24}$", re.IGNORECASE
)
_NO_AFTER_EN = lazy_regex(
    r"^[\w\s'’-]{0,12}?(?:\b(?:not|no longer|unavailable)\b|n['’]t\b)|^:?\s{0,2}(?:no|none|x)\b", re.IGNORECASE
)
_NO_BEFORE_KO = lazy_regex(r"(?:(?<![가-힣])안 ?|(?<![가-힣])못 ?|(?<![가-힣])비|(?<![가-힣])미|(?<![가-힣])불|전혀 )$")
_NO_AFTER_KO = lazy_regex(
    r"^[가-힣]{0,4}\s?(?:[가-힣]{1,3}\s)?(?:[가-힣]{0,2}(?:아니|아닙|아님|않|없|못|불가|금지|안 ?[되돼됩]|말고))"
)
_YES_AFTER = lazy_regex(r"^:?\s{0,2}(?:yes|true|o\b|예\b|네\b)", re.IGNORECASE)
_FILLERS = frozenset(TABLES["words"]["of_questions"])
_FALLBACKS = (
    "other",
    "others",
    "unknown",
    "none",
    "n/a",
    "unspecified",
    "general",
    "misc",
    "기타",
    "없음",
    "미정",
    "알 수 없음",
    "모름",
)
_MIDDLES = ("medium", "normal", "neutral", "moderate", "보통", "중간", "중립")


def sentiment(text: str) -> str:
    """ "positive", "negative" or "neutral": which words there are more of; "not good" counts as bad."""
    plain = text.lower()
    balance = 0
    for sign, words in ((1, _SENTIMENT["positive"]), (-1, _SENTIMENT["negative"])):
        for start, end in _stems(words, plain):
            balance += -sign if _is_denied(plain, start, end) else sign
    return "positive" if balance > 0 else "negative" if balance < 0 else "neutral"


def sentiment_in(text: str) -> str:
    """The sentiment, in a word of the text's own language."""
    return str(_SENTIMENT["names"][language_of(text)][_SENSES.index(sentiment(text))])


def _stems(words: Sequence[str], plain: str) -> list[tuple[int, int]]:
    """Where words stand: Latin ones at the head of a word, Korean ones anywhere; overlaps once."""
    found: list[tuple[int, int]] = []
    for word in words:
        start = -1
        for _ in range(50):
            start = plain.find(word, start + 1)
            if start < 0:
                break
            if word < "가" and (
                plain[start - 1 : start].isalpha() or plain[start + len(word) : start + len(word) + 3].isalpha()
            ):
                continue
            if word >= "가" and plain[start - 1 : start] == "불":
                continue
            found.append((start, start + len(word)))
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _is_denied(plain: str, start: int, end: int) -> bool:
    """Whether a word is denied within its clause."""
    before = re.split(r"[.,;!?\n]|\bbut\b", plain[max(0, start - 28) : start])[-1]
    after = re.split(r"[.,;!?\n]|\bbut\b|지만|는데|[았었했]고 ", plain[end : end + 20])[0]
    if plain[start:end] >= "가":
        return bool(_NO_BEFORE_KO.search(before) or _NO_AFTER_KO.match(after))
    return bool(_NEGATION_EN.search(before) or _NO_AFTER_EN.match(after) or _NO_AFTER_KO.match(after))


def leaning(text: str, sense: str) -> list[passages.Passage]:
    """The clauses of that sentiment."""
    found = [clause for clause in passages.clauses(text) if sentiment(clause.text) == sense]
    return [passages.Passage(each.start, _plain(each.text)) for each in found]


def _plain(clause: str) -> str:
    """A clause without what led to it: its label, or a "but"."""
    text = passages.unmarked(clause).rpartition(": ")[2].strip(" .!,")
    return re.sub(r"^(?:but|and|however|그런데|하지만|그리고|다만)[,\s]\s?", "", text, flags=re.IGNORECASE)


def truth(key: str, text: str) -> bool | None:
    """Whether the text says yes to a key such as "in_stock"; None: it says nothing of it."""
    plain = text.lower()
    words = [word for word in words_of(key) if word not in _FILLERS]
    name = "_".join(words)
    groups = groups_of(name) if words else frozenset()
    denied = [term for group in groups for term in TABLES["denied"].get(group, ())]
    if occurrences(denied, plain, 1):
        return False
    if {"sentiment", "positive", "긍정"} & set(words):
        return sentiment(text) == "positive"
    stems = [re.sub(r"(?:여부|인지|인가요|인가)$", "", word) for word in words]
    terms = [*terms_of(name), *(stem for stem in stems if len(stem) > 1)] if words else []
    places = occurrences(terms, plain) or _stems([_stem(word) for word in words if len(word) > 4], plain)
    if not places:
        return None
    answers = [
        not _is_denied(plain, start, end) or bool(_YES_AFTER.match(plain[end : end + 8])) for start, end in places
    ]
    return all(answers)


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|able|ed|es|s)$", "", word)


def option(options: list[str], key: str, text: str) -> str | None:
    """The option that the text speaks for; None if it speaks for none."""
    senses = {each: _sense(each) for each in options}
    if sum(sense is not None for sense in senses.values()) > 1 and len(set(senses.values()) - {None}) > 1:
        wanted = sentiment(text)
        named = _named(options, text)
        if named is not None and len(options) > 3:
            return named
        return next((each for each, sense in senses.items() if sense == wanted), None)
    if {each.lower() for each in options} <= {"yes", "no", "unknown", "예", "아니오", "네", "아니요", "모름"}:
        said = truth(key, text)
        yes = ("yes", "예", "네") if said else ("no", "아니오", "아니요") if said is not None else ("unknown", "모름")
        return next((each for each in options if each.lower() in yes), None)
    return _named(options, text)


def _sense(name: str) -> str | None:
    plain = name.lower()
    return next((sense for sense, names in _SENTIMENT["options"].items() if plain in names), None)


def _named(options: list[str], text: str) -> str | None:
    """The option whose own words, or words of its meaning, come most often; of equals the one that comes first."""
    scores = _scores(options, text.lower())
    return min(scores)[2] if scores else None


def named(options: list[str], text: str) -> list[str]:
    """All options that the text speaks of, in their own order."""
    return [each for _, _, each in _scores(options, text.lower())]


def _scores(options: list[str], plain: str) -> list[tuple[int, int, str]]:
    """(weight, first place, option) of the options that are spoken of; the lowest weight is the best."""
    scores: list[tuple[int, int, str]] = []
    for each in options:
        own = set(occurrences({" ".join(words_of(each)) or each.lower(), each.lower()}, plain))
        places = [place for place in own.union(occurrences(terms_of(each), plain)) if not _is_denied(plain, *place)]
        if places:
            scores.append((-len(places) - 2 * len(own.intersection(places)), min(places)[0], each))
    return scores


def without_evidence(options: list[str]) -> str | None:
    """The option for "none of these", or the middle of a scale; None: there is none."""
    plain = {each.lower(): each for each in reversed(options)}
    return next((plain[name] for name in (*_FALLBACKS, *_MIDDLES) if name in plain), None)


def is_sentiment(word: str) -> bool:
    """Whether a word names a sentiment."""
    return _sense(word) is not None


def sentiment_scale(word: str) -> list[str]:
    """The three words of the scale that a word is of: in English or in Korean."""
    return list(_SENTIMENT["names"]["ko" if word >= "가" else "en"])
