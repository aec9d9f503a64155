"""What a person has told of themselves, read from the messages of one request. Nothing is kept between requests."""

import re
from collections.abc import Iterable

from demo_model.call import Turn
from demo_model.words import WORDS

_LONGEST = 20_000
"""Characters of one message that are read for facts."""

_LONGEST_SENTENCE = 300

_SENTENCE = re.compile(r"[^.!?。\n]+[.!?。]?")
_QUESTION = re.compile(
    r"\?|뭐|무엇|뭔지|누구|몇 |어디|언제|기억|\b(?:what|who|where|when|which|remember|do you)\b", re.IGNORECASE
)
_COPULA = r"(?:이라고 (?:해|합니다|불러)|라고 (?:해|합니다|불러)|이야|야|입니다|이에요|예요|에요|이다)"

_NAMES = (
    re.compile(rf"(?:내|제|나의|저의) 이름은\s{{0,3}}([가-힣A-Za-z]{{1,20}}?){_COPULA}"),
    re.compile(rf"(?:^|[\s,])(?:나는|저는|난|전)\s{{0,3}}([가-힣A-Za-z]{{2,20}}?){_COPULA}"),
    re.compile(r"(?:^|[\s,])([가-힣]{2,4}?)이?라고 (?:해|합니다|불러)"),
    re.compile(r"(?i:\bmy name is|\bcall me|\bi am called)\s+([A-Za-z가-힣][\w'-]{0,30}(?: [A-Z][\w'-]{0,30})?)"),
    re.compile(r"\bI(?:'m| am|’m)\s+([A-Z][\w'-]{1,30}(?: [A-Z][\w'-]{0,30})?)"),
)
_LIKES = (
    re.compile(r"([가-힣A-Za-z0-9 ]{1,30}?)[을를]?\s{0,2}(?:제일 |가장 |정말 |아주 |참 |너무 )?좋아(?:해|합니다|한다)"),
    re.compile(r"(?i:\bi (?:really |also )?(?:like|love|enjoy)) ([^.!?,\n]{1,40})"),
)
_HOME = (
    re.compile(r"([가-힣A-Za-z]{1,15})에(?:서)?\s{0,2}(?:살아|살고|삽니다|살며|산다|살지)"),
    re.compile(r"(?i:\bi live in) ([^.!?,\n]{1,40})"),
)
_MINE = (
    re.compile(rf"(?:내가|제가) ([가-힣 ]{{0,8}}좋아하는 [가-힣]{{1,8}}?)[은는이가] ([^.!?\n]{{1,30}}?){_COPULA}"),
    re.compile(rf"(?:내|제|나의|저의) ([가-힣 ]{{1,15}}?)[은는] ([^.!?\n]{{1,30}}?){_COPULA}"),
    re.compile(r"(?i:\bmy) ([a-z ]{2,25}?) (?:is|are) ([^.!?,\n]{1,40})"),
)
# Words that "I am ..." takes and that are no names.
_NO_NAMES = frozenset(WORDS["no_names_of_oneself"])
_SUBJECT = re.compile(r"^(?:나는|저는|난|전|나|저|그리고|안녕|,|\s)+\s")

_ASKED_MINE = (
    re.compile(
        r"(?:내가|제가) ([가-힣 ]{0,8}좋아하는 [가-힣]{1,8}?)[이가은는을를]?\s{0,2}(?:뭐|무엇|뭔|뭘|누구|기억|알아)"
    ),
    re.compile(rf"(?:내가|제가) ([가-힣 ]{{0,8}}좋아하는 [가-힣]{{1,8}}?)[은는이가] ([^.!?\n]{{1,30}}?){_COPULA}"),
    re.compile(
        r"(?:내|제|나의|저의) ([가-힣 ]{1,15}?)[이가은는을를]?\s{0,2}"
        r"(?:뭐|무엇|뭔|뭘|누구|몇|어디|언제|기억|알아|아니|아세요|말해)"
    ),
    re.compile(
        r"\b(?:what|who|where|which|when|remember|know|tell me)\b[^.!?\n]{0,30}?\bmy ([a-z ]{2,25}?)"
        r"(?:\?|\.|!|$| is\b| was\b| again\b)",
        re.IGNORECASE,
    ),
)
_ASKED_OTHER = (
    (
        "name",
        re.compile(r"who am i\b|remember me\b|내가 누구|나를? (?:기억|알아)|저를? (?:기억|아세요)", re.IGNORECASE),
    ),
    (
        "likes",
        re.compile(
            r"what (?:do|did) i (?:say i )?(?:like|love|enjoy)|내가 (?:뭘|무엇을|뭐를?) ?(?:제일 |가장 )?좋아",
            re.IGNORECASE,
        ),
    ),
    ("home", re.compile(r"where do i live|내가 어디에?서? ?(?:살|사는)|내가 사는 곳", re.IGNORECASE)),
)
_EMPHASIS = re.compile(r"^(?:제일|가장|정말|아주) ")
_SAME = {"이름": "name", "사는 곳": "home", "집": "home", "favorite color": "favourite colour"}


def told(turns: Iterable[Turn]) -> dict[str, str]:
    """Facts from the user's messages; what was said last counts. Keys: name, likes, home, or "my ..." 's own word."""
    facts: dict[str, str] = {}
    for turn in turns:
        if turn.role != "user":
            continue
        for sentence in _SENTENCE.findall(turn.text[:_LONGEST]):
            if len(sentence) <= _LONGEST_SENTENCE and not _QUESTION.search(sentence):
                facts.update(_facts_of(sentence.strip()))
    return facts


def asked(question: str) -> str | None:
    """Which fact a question asks for; None if it asks for none."""
    for key, pattern in _ASKED_OTHER:
        if pattern.search(question):
            return key
    for pattern in _ASKED_MINE:
        if found := pattern.search(question):
            return _key(found.group(1))
    return None


def _facts_of(sentence: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for pattern in _MINE:
        for key, value in pattern.findall(sentence):
            facts[_key(key)] = value.strip()
    for key, patterns in (("home", _HOME), ("likes", _LIKES), ("name", _NAMES)):
        for pattern in patterns:
            found = pattern.search(sentence)
            value = _SUBJECT.sub("", found.group(1)).strip() if found else ""
            if value and value not in _NO_NAMES:
                facts[key] = value
                break
    return facts


def _key(words: str) -> str:
    plain = _EMPHASIS.sub("", " ".join(words.lower().split()))
    return _SAME.get(plain, plain)
