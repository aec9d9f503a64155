"""What a person has told of themselves, read from the messages of one request. Nothing is kept between requests."""

import re
from collections.abc import Iterable

from demo_model.call import Turn
from demo_model.lazy_regex import lazy_regex
from demo_model.reading.keys import TABLES
from demo_model.skills.words import WORDS, any_of

_LONGEST = 20_000
"""Characters of one message that are read for facts."""

# What is told is repeated, so pictures, links and tags are not told.
_MARKUP = lazy_regex(r"!?\[[^\]\n]{0,200}\]\([^)\n]{0,500}\)|<[^>\n]{0,300}>|[\[\]<>`|]")

_LONGEST_SENTENCE = 300

_SENTENCE = lazy_regex(r"(?:[^.!?。\n]|(?<=[\w-])\.(?=\w))+[.!?。]?")
_QUESTION = lazy_regex(
    r"\?|뭐|뭘|무엇|뭔지|누구|몇 |어디|언제|기억(?:나|하(?:세요|니|냐|시|고 있)|해요\?)"
    r"|\b(?:what|who|where|when|which|how|(?:do|can|could|will|would) you|did i|do i|am i|is my)\b",
    re.IGNORECASE,
)
_COPULA = r"(?:이라고 (?:해|합니다|불러)|라고 (?:해|합니다|불러)|이야|야|입니다|이에요|예요|에요|이다|임(?=[.!]?$))"
_I_KO = r"(?:^|[\s,])(?:나는|저는|난|전)\s{1,3}"
_MY_KO = r"(?:내|제|나의|저의|우리(?: 집)?)"
_VALUE_KO = rf"([^.!?\n]{{1,30}}?){_COPULA}"
_I_AM = r"\bI(?:'m| am|’m)"
_PLACE_EN = r"([A-Z][\w' -]{1,30}?)(?=,? (?:and|with|but|for|since|where|now|originally)\b|[.,!\n]|$)"
_COUNT_EN = r"\d{1,4}|two|three|four|five|six|seven|eight|nine|ten"
_COUNT_KO = r"\d{1,4}|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열"
_JOB = any_of(TABLES["vocabulary"]["jobs"])
_SECRET_EN = r"password|secret word|code word|magic word|secret number|secret code|secret"
_SECRET_KO = r"암호|비밀번호|비밀 단어|비밀 숫자|암구호"

# (key, pattern): the first of a key that finds something counts. A value is the last group that took part.
_TOLD: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("name", lazy_regex(rf"(?:{_MY_KO} |^\W{{0,3}})이름은\s{{0,3}}([가-힣A-Za-z]{{1,20}}?){_COPULA}")),
    ("name", lazy_regex(rf"{_I_KO}([가-힣A-Za-z]{{2,20}}?){_COPULA}")),
    # "-고" ends verbs, too, so before it only a common name counts.
    ("name", lazy_regex(rf"{_I_KO}((?:[가-힣]{{1,2}})?(?:{any_of(WORDS['people']['given_ko'])}))이?고(?=[\s,]|$)")),
    ("name", lazy_regex(r"(?:^|[\s,])(?:나|저)\s([가-힣]{2,4}?)(?:이야|야|예요|이에요)(?=[\s.!,]|$)")),
    (
        "name",
        lazy_regex(
            r"(?:^|[\s,])(?!고맙|거|것|한|했|간|온|된|좋|싫)([가-힣]{2,4}?)(?<![다지자])이?라고 (?:해|합니다"
            r"|불러)(?=[\s.!,]|요|주|줘|$)"
        ),
    ),
    (
        "name",
        lazy_regex(
            r"(?i:\bmy name(?:['’]s| is)|\bi am called|\bi go by)\s+([A-Za-z가-힣](?:[\w'-]"
            r"|\.(?=\w)){0,30}(?: [A-Z][\w'-]{0,30})?)"
        ),
    ),
    ("name", lazy_regex(r"(?i:\bcall me)\s+([A-Z가-힣][\w'-]{0,30}(?: [A-Z][\w'-]{0,30})?)")),
    ("name", lazy_regex(rf"{_I_AM}\s+([A-Z][\w'-]{{1,30}}(?: [A-Z][\w'-]{{0,30}})?)")),
    ("name", lazy_regex(r"(?i:\bthis is) ([A-Z][\w'-]{1,30}(?: [A-Z][\w'-]{0,30})?) (?:speaking|here)\b")),
    (
        "likes",
        lazy_regex(
            r"([가-힣A-Za-z0-9 ]{1,30}?)[을를]?\s{0,2}(?:제일 |가장 |정말 |아주 |참 |너무 )?좋아(?:해|합니다|한다|하고)"
        ),
    ),
    ("likes", lazy_regex(r"(?i:\bi (?:really |also |just )?(?:like|love|enjoy)) ([^.!?,\n]{1,40})")),
    ("home", lazy_regex(r"([가-힣A-Za-z]{1,15})에(?:서)?\s{0,2}(?:살아|살고|삽니다|살며|산다|살지|사는)")),
    ("home", lazy_regex(r"(?i:\bi live in) ([^.!?,\n]{1,40}?)(?= (?:with|and|but|for|since|now)\b|[.!?,\n]|$)")),
    (
        "origin",
        lazy_regex(rf"{_I_AM}(?: [A-Z][\w'-]{{1,30}}(?: [A-Z][\w'-]{{1,30}})?,?)? (?:originally )?from {_PLACE_EN}"),
    ),
    ("origin", lazy_regex(rf"(?i:\bi (?:come|came)) from {_PLACE_EN}")),
    ("온 곳", lazy_regex(r"([가-힣A-Za-z]{1,15})에서\s{0,2}왔(?:어|습니다|다)|([가-힣]{1,15}) 출신(?:이|입|예|이에)")),
    ("age", lazy_regex(rf"{_I_AM} (\d{{1,3}})(?: years? old)?(?=[.,!\n]| and\b|$)|{_I_AM} (\d{{1,3}}) years old")),
    (
        "나이",
        lazy_regex(
            r"(?:나는|저는|난|전|올해|만)\s{1,2}(?:올해 |만 )?(\d{1,3} ?[살세]|[가-힣]{1,5} ?살)(?=이|입|예|야"
            r"|인|[\s.!,]|$)"
        ),
    ),
    ("job", lazy_regex(rf"(?i:\bi work as an?|{_I_AM} an?) ((?:[a-z-]{{1,20}} ){{0,2}}(?:{_JOB}))\b", re.IGNORECASE)),
    ("직업", lazy_regex(rf"{_I_KO}((?:[가-힣]{{1,8}} )?(?:{_JOB}))(?:이고|{_COPULA})")),
    ("birthday", lazy_regex(r"\bI was born (?:on|in) ([^.!?,\n]{3,30}(?:, \d{4})?)")),
    ("생일", lazy_regex(r"(?:나는|저는|난|전)\s{1,2}([^.!?,\n]{2,20}?)에 태어났")),
    ("dislike", lazy_regex(r"(?i:\bi (?:really )?(?:don['’]t like|do not like|dislike|hate)) ([^.!?,\n]{1,40})")),
    (
        "싫어하는 것",
        lazy_regex(
            r"([가-힣A-Za-z0-9 ]{1,30}?)[을를이가]?\s{0,2}(?:제일 |가장 |정말 |너무 )?싫어(?:해|합니다|한다"
            r"|요)?(?=[\s.!,요]|$)"
        ),
    ),
)
# (pattern of key and value): what a thing is called that the person names with "my".
_MINE = (
    lazy_regex(rf"(?:내가|제가) ([가-힣 ]{{0,8}}좋아하는 [가-힣]{{1,8}}?)[은는이가] {_VALUE_KO}"),
    lazy_regex(rf"(?:^|[\s,:]){_MY_KO} ([가-힣 ]{{1,15}}?)[은는] {_VALUE_KO}"),
    lazy_regex(rf"(?:^|[\s,:])({_SECRET_KO})[은는] {_VALUE_KO}"),
    lazy_regex(r"(?i:\bmy) ([a-z'’ ]{2,25}?) (?:is|are) (?!called|named)([^.!?,\n]{1,40}(?:\.\w{1,20}){0,3})"),
    lazy_regex(rf"(?i:\b(?:the|our) ({_SECRET_EN}) is) ([^.!?,\n]{{1,40}})"),
    lazy_regex(r"(?i:\bremember (?:the |this )?(number|word|code)):? ([\w-]{1,30})"),
    lazy_regex(r"(숫자|단어|번호) ['\"“]?([\w가-힣-]{1,20}?)['\"”]?[을를]? (?:꼭 )?기억"),
)
_CALLED = lazy_regex(r"(?i:\bmy) ([a-z]{2,15}) is (?:called|named) ([A-Z][\w'-]{1,30})")
_HAVE = (
    lazy_regex(rf"\bI have ({_COUNT_EN}) ([a-z]{{2,15}}s|children)\b", re.IGNORECASE),
    lazy_regex(
        rf"(?<![가-힣])(?P<key>[가-힣]{{1,8}}?)[을를가]? ?(?P<value>(?:{_COUNT_KO}) ?(?:마리"
        rf"|명))[을를이가]? ?(?:키|기르|있)"
    ),
)
# "My code is broken" is no fact to keep: a value in small letters counts only for these.
_PERSONAL = lazy_regex(
    r"favou?rite|lucky|name|number|birthday|age|job|hobby|hobbies|colou?r|food|pet|dog|cat|wife|husband|partner|"
    r"brother|sister|mother|father|son|daughter|friend|e-?mail|address|city|country|language|major|school|team|password|goal"
)
# Words that "I am ..." takes and that are no names; and what "I like ..." takes and that is no thing.
_NO_NAMES = frozenset(WORDS["no_names_of_oneself"])
_NO_VALUES = frozenset(WORDS["no_likes"])
_SUBJECT = lazy_regex(r"^(?:나는|저는|난|전|나|저|그리고|안녕|,|\s)+\s")

_ASKED_MINE = (
    lazy_regex(
        r"(?:내가|제가) ([가-힣 ]{0,8}좋아하는 [가-힣]{1,8}?)[이가은는을를]?\s{0,2}(?:뭐|무엇|뭔|뭘|누구|기억|알아)"
    ),
    lazy_regex(
        rf"(?:^|[\s,]){_MY_KO} ([가-힣 ]{{1,15}}?)[이가은는을를]?\s{{0,2}}"
        r"(?:뭐|무엇|뭔|뭘|누구|몇|어디|언제|기억|알아|아니|아세요|말해|요?\?|$)"
    ),
    lazy_regex(
        r"\b(?:what['’]?s?|who|where|which|when|remember|know|tell me)\b[^.!?\n]{0,30}?\bmy (?!best\b|next\b"
        r"|first\b)([a-z'’ ]{2,25}?)"
        r"(?:\?|\.|!|$| is\b| was\b| again\b)",
        re.IGNORECASE,
    ),
    lazy_regex(rf"\bwhat(?:['’]s| is| was) (?:the|our) ({_SECRET_EN})\b", re.IGNORECASE),
    lazy_regex(rf"({_SECRET_KO})[이가은는]?\s{{0,2}}(?:뭐|무엇|뭔|기억)"),
    lazy_regex(r"\b(?:what|which) (number|word|code) (?:did|was)\b[^.?\n]{0,20}\b(?:I|you)\b", re.IGNORECASE),
    lazy_regex(r"기억하라고 한 (숫자|단어|번호)|(?:말한|알려 ?준) (숫자|단어|번호)[가는]?\s?(?:뭐|무엇)"),
)
_ASKED_OTHER = tuple(
    (key, lazy_regex(pattern, re.IGNORECASE))
    for key, pattern in (
        ("name", r"who am i\b|remember me\b|내가 누구|나를? (?:기억|알아)|저를? (?:기억|아세요)"),
        (
            "dislike",
            r"what (?:don['’]?t|do) i (?:not like|like least|hate|dislike)|what don['’]?t i like|(?:내가"
            r"|제가) (?:뭘|뭐를?|무엇을) ?싫어",
        ),
        (
            "likes",
            r"what (?:do|did) i (?:say (?:that )?i )?(?:like|love|enjoy)|(?:내가|제가) (?:뭘|무엇을"
            r"|뭐를?) ?(?:제일 |가장 )?좋아",
        ),
        (
            "home",
            r"where (?:do|did) i (?:say (?:that )?i )?live|(?:내가|제가) 어디에?서? ?(?:살|사는|산다)|(?:내가"
            r"|제가) 사는 곳",
        ),
        ("origin", r"where (?:am i|do i come|did i come) from|(?:내가|제가) 어디에?서 왔"),
        ("age", r"how old am i\b|(?:내가|제가|나|저) 몇 ?살|(?:내|제) 나이"),
        ("job", r"what(?: do i do|['’]?s my (?:job|work))\b(?! (?:now|next|if|with))|(?:내가|제가) 무슨 일"),
        ("birthday", r"when was i born|(?:내가|제가) 언제 태어"),
    )
)
_ASKED_NUMBER = (
    lazy_regex(
        r"how many (?!words|letters|characters|tokens|sentences|lines)([a-z]{2,15}) (?:do"
        r"|did) i (?:say i )?(?:have|own)",
        re.IGNORECASE,
    ),
    lazy_regex(r"\b(?:what|which) (pets) do i have", re.IGNORECASE),
    lazy_regex(r"(?:내가|제가|우리 ?(?:집)?(?:에|은|는)?) ([가-힣]{1,8}?)[을를가]? ?몇 ?(?:마리|명)"),
)
_ENDS_IN_I = ("고양이", "아이", "거북이", "어린이")
_EMPHASIS = lazy_regex(r"^(?:제일|가장|정말|아주) ")
_SAME = {"이름": "name", "사는 곳": "home", "집": "home", "favorite color": "favourite colour"}
# The same fact in other words: told in one language, it may be asked for in the other.
_EQUAL = (
    ("age", "나이"),
    ("job", "직업", "occupation", "profession", "work"),
    ("birthday", "생일", "date of birth", "birth date", "태어난 날"),
    ("origin", "온 곳", "고향", "hometown", "home town"),
    ("dislike", "싫어하는 것"),
    ("hobby", "hobbies", "취미"),
    ("phone number", "phone", "number", "전화번호", "번호", "휴대폰 번호", "휴대전화 번호"),
    ("email", "email address", "e-mail", "이메일", "이메일 주소", "메일 주소"),
    ("address", "주소"),
    ("favourite colour", "favourite color", "favorite colour", "좋아하는 색", "좋아하는 색깔", "좋아하는 색상"),
    ("favourite food", "favorite food", "좋아하는 음식"),
    ("favourite number", "favorite number", "좋아하는 숫자"),
    ("lucky number", "행운의 숫자"),
    ("password", "암호", "비밀번호"),
    ("number", "숫자"),
    ("word", "단어"),
    ("dog's name", "강아지 이름", "개 이름"),
    ("cat's name", "고양이 이름"),
    ("number of pets", "number of cats", "number of dogs", "고양이 수", "강아지 수", "반려동물 수"),
    ("number of cats", "고양이 수"),
    ("number of dogs", "강아지 수"),
    ("number of children", "number of kids", "아이 수"),
)


def told(turns: Iterable[Turn]) -> dict[str, str]:
    """Facts from the user's messages; what was said last counts. Keys: name, likes, home, or a word for the fact."""
    facts: dict[str, str] = {}
    for turn in turns:
        if turn.role != "user":
            continue
        for sentence in _SENTENCE.findall(_MARKUP.sub(" ", turn.text[:_LONGEST])):
            if len(sentence) <= _LONGEST_SENTENCE and not _QUESTION.search(sentence):
                facts.update(_facts_of(sentence.strip()))
    return facts


def asked(question: str) -> str | None:
    """Which fact a question asks for; None if it asks for none."""
    for key, pattern in _ASKED_OTHER:
        if pattern.search(question):
            return key
    for pattern in _ASKED_NUMBER:
        if found := pattern.search(question):
            return _number_of(found.group(1))
    for pattern in _ASKED_MINE:
        if found := pattern.search(question):
            return _key(next(group for group in found.groups() if group))
    return None


def recalled(turns: Iterable[Turn], key: str) -> str | None:
    """The fact of that key, or of one that means the same in other words or in the other language; None: not told."""
    facts = told(turns)
    equal = (other for group in _EQUAL if key in group for other in group)
    return next((facts[each] for each in (key, *equal) if each in facts), None)


def _facts_of(sentence: str) -> dict[str, str]:
    facts: dict[str, str] = {}
    for pattern in _MINE:
        for key, value in pattern.findall(sentence):
            if _key(key) == "name":
                continue  # below, where it is known what ends a name
            if key >= "가" or _PERSONAL.search(key.lower()) or re.search(r"[A-Z\d]", value):
                facts[_key(key)] = value.strip()
    for thing, value in _CALLED.findall(sentence):
        facts[_key(f"{thing}'s name")] = value
    for pattern in _HAVE:
        if found := pattern.search(sentence):
            count, thing = (found["value"], found["key"]) if "key" in found.groupdict() else found.groups()
            facts[_number_of(thing)] = count
    for key, pattern in _TOLD:
        found = pattern.search(sentence) if key not in facts else None
        value = next((group for group in reversed(found.groups()) if group), "") if found else ""
        value = _SUBJECT.sub("", value).strip()
        no_name = key == "name" and value in _NO_NAMES
        if value and not no_name and value.split()[0].lower() not in _NO_VALUES:
            facts[key] = value
    if "likes" in facts and "dislike" in facts:
        del facts["likes"]
    return facts


def _number_of(thing: str) -> str:
    if thing < "가":
        return f"number of {thing.lower()}"
    return f"{thing if thing.endswith(_ENDS_IN_I) else thing.removesuffix('이')} 수"


def _key(words: str) -> str:
    plain = _EMPHASIS.sub("", " ".join(words.lower().replace("’", "'").split()))
    plain = plain.removesuffix(" again")
    return _SAME.get(plain, plain)
