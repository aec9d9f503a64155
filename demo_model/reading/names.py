"""Persons and places in a text, by the words around them and by lists of common names. Not every name is found."""

import re

from demo_model.lazy_regex import lazy_regex
from demo_model.reading.extracting import Found, emails, once
from demo_model.skills.words import WORDS, any_of

_PEOPLE = WORDS["people"]
_PLACES = WORDS["places"]
_PARTICLES = any_of(_PEOPLE["particles"])
_AFTER_KO = rf"(?=(?:{_PARTICLES}|{any_of(_PEOPLE['copulas'])})?(?:[^가-힣]|$))"

_HANGUL = lazy_regex(r"[가-힣]")

# --- Korean ----------------------------------------------------------------------------------------------------------

_KIN_KO = lazy_regex(rf"(?<![가-힣])({any_of(_PEOPLE['kin_ko'])})(?=들?(?:{_PARTICLES})?(?:[^가-힣]|$))")
_ANIMAL_KO = lazy_regex(rf"(?<![가-힣])({any_of(_PEOPLE['animals_ko'])})(?=들?(?:{_PARTICLES})?(?:[^가-힣]|$))")
_TITLE_KO = any_of(_PEOPLE["titles_ko"])
_SURNAME = f"[{_PEOPLE['surnames_ko']}]"
_TITLED_KO = lazy_regex(
    rf"(?<![가-힣])(?:({_SURNAME}[가-힣]{{1,2}}|{any_of(_PEOPLE['given_ko'])}) ?(?:{_TITLE_KO})"
    rf"|({_SURNAME} ?(?:{any_of([title for title in _PEOPLE['titles_ko'] if len(title) > 1])}))){_AFTER_KO}"
)
_NAME_KO = lazy_regex(
    rf"(?<![가-힣])({_SURNAME}[{_PEOPLE['given_first_ko']}][{_PEOPLE['given_last_ko']}]"
    rf"|{_SURNAME}?(?:{any_of(_PEOPLE['given_ko'])})){_AFTER_KO}"
)
_SAID_KO = lazy_regex(
    r"(?:이름|성함|성명)[은이]?\s?[:：]?\s{0,2}([가-힣]{2,5}?)(?=(?:입니다|이에요|예요|이고|이야|이며|라고|이라고)?(?:[^가-힣]|$))"
    r"|(?:주인공|친구|동생|아들|딸|누나|언니|오빠|남편|아내|조카|시인|배우|가수"
    r"|감독) ([가-힣]{2,4}?)(?=이?(?:는|가|를|와|랑|의|에게|한테|은|을|과|도)(?:[^가-힣]|$))"
    r"|(?<![가-힣])([가-힣]{2,4})(?= ?\((?:만 ?)?\d{1,2}(?:세|살)?[),])"
)
_NO_NAMES_KO = tuple(_PEOPLE["no_names_ko"])
_GIVEN_KO = frozenset(_PEOPLE["given_ko"])

_ENDINGS_KO = any_of(_PLACES["endings_ko"])
_PLACE_KO = lazy_regex(
    rf"(?<![가-힣])(?:((?:{any_of(_PLACES['names_ko'])})(?:{_ENDINGS_KO})?)"
    r"(?=(?:에서|에|의|로|으로|까지|부터|은|는|이|가|을|를|과|와|도)?(?:는|도|만)?(?:[^가-힣]|$))"
    rf"|([가-힣]{{1,7}}(?:{_ENDINGS_KO}))(?=(?:에서|에|의|로|으로|까지|부터)(?:는|도|만)?(?:[^가-힣]|$))"
    r"|([가-힣]{2,6}(?:구|동))(?= )"
    rf"|((?:\d{{1,3}}층 )?[가-힣A-Za-z0-9]{{0,12}}(?:{any_of(_PLACES['houses_ko'])})"
    r"(?: ?\d{1,4}(?:층|호)|(?: \d{1,3}층)? (?:대|소)?(?:회의실|강당|콘서트홀|공연장))?)"
    r"(?=(?:에서|에|의|로|으로|까지|부터|입니다|이고|이며|은|는|이|가)?(?:[^가-힣]|$)))"
)
_HOUSE_LEADS_KO = lazy_regex(r"^(?:우리|이번|다음|오늘|내일|어제|그|이|저|한|어느)$")
_BEFORE_AT_KO = lazy_regex(r"(?<![가-힣\w])((?:[가-힣A-Za-z0-9]{1,12} )?[가-힣A-Za-z0-9]{1,12})에서(?=[^가-힣]|$)")
_NO_PLACES_KO = tuple(_PLACES["no_places_ko"])
_ADDRESS_KO = lazy_regex(
    r"(?<![가-힣])(?:(?:[가-힣]{1,8}(?:시|도|군|구|읍|면|동|리)|CITIES),? ){1,4}[가-힣]{1,12}\d{0,3}(?:번?길"
    r"|대?로|동|리) ?\d{1,5}(?:-\d{1,4})?(?:번지)?"
    r"(?:,? ?\(?[가-힣A-Za-z0-9]{1,12}(?:동|층|호|아파트|빌딩|타워)\)?){0,4}".replace(
        "CITIES", any_of(_PLACES["cities_ko"])
    )
)

# --- English ---------------------------------------------------------------------------------------------------------

_CAPITAL = (
    r"(?!(?:Mr|Mrs|Ms|Dr|Prof)\b)(?:Mc|Mac|Di|De|Du|La|Le|O['’]|D['’])?[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]{1,20}"
    r"(?:-[A-Za-zà-öø-ÿ][a-zà-öø-ÿ]{0,20})?"
)
_NAME_EN = lazy_regex(
    rf"(?:\b(?P<title>{any_of(_PEOPLE['titles_en'])})\.? )?(?<![\w@/.-])(?P<name>{_CAPITAL}(?: "
    rf"(?:[A-Z]\. )?{_CAPITAL}){{0,3}})(?![\w@])"
)
_KIN_EN = lazy_regex(rf"\b(?:(?:old|young) )?({any_of(_PEOPLE['kin_en'])})\b", re.IGNORECASE)
_ANIMAL_EN = lazy_regex(rf"\b({any_of(_PEOPLE['animals_en'])})\b", re.IGNORECASE)
_HEAD = lazy_regex(r"(?:^|[.!?:\n\"“(]|[-*•–]|\d[.)])\s{0,3}$")
_VERB = lazy_regex(
    rf"(?:['’]s (?:[a-z]+ )?(?:[a-z]+)\b|\s(?:{any_of(_PEOPLE['person_verbs_en'])})\b|\s?[(,]\s?\d{{1,2}}[),](?!\d)"
    rf"|\s(?:is|was) (?:\d{{1,3}}\b|responsible|from|our|my|late|absent|born)|\s(?:will"
    rf"|to) (?:{any_of(_PEOPLE['tasks_en'])})\b)"
)
_NO_NAME_END = lazy_regex(r"(?:[^aiou]s|ing|ed|ly|tion|ment|ness)$")
_INTRODUCED = lazy_regex(
    r"\b(?:under(?: the name(?: of)?)?|named|called|name is|i am|i['’]m|this is)\s$", re.IGNORECASE
)
_SIGNED = lazy_regex(r"(?:regards|sincerely|cheers|thanks|wishes|yours|love)[,!.]?\s{1,3}$", re.IGNORECASE)
_BEFORE = lazy_regex(rf"(?:\b(?:{any_of(_PEOPLE['before_people_en'])})|[,(]|:)\s{{0,2}}$", re.IGNORECASE)
_PREPOSITION = lazy_regex(r"\b(?:in|at|near|from|to|into|around|through|across|outside)(?: the)? $", re.IGNORECASE)
_ARTICLE = lazy_regex(r"\b(?:the|an?|this|that|our|my|your|its) $", re.IGNORECASE)
_GIVEN_EN = frozenset(_PEOPLE["given_en"])
_SURNAMES_EN = frozenset(_PEOPLE["surnames_en"])
_SURNAMES_FIRST = frozenset(_PEOPLE["surnames_first"])
_NO_PEOPLE_EN = frozenset(_PEOPLE["no_people_en"])
_NO_NAMES_EN = frozenset([*_PEOPLE["no_names_en"], *_PEOPLE["brands_en"]])
_NO_PLACES_EN = frozenset(_PEOPLE["no_names_en"]) - _NO_PEOPLE_EN
_CITIES_EN = frozenset(_PLACES["names_en"])
_COUNTRIES_EN = frozenset(_PLACES["countries_en"])
_PLACE_EN = lazy_regex(
    rf"\b(?:in|at|from|near|to) (?:the )?({_CAPITAL}(?: {_CAPITAL}){{0,3}}(?: of {_CAPITAL})?(?: (?:\d{{1,4}}"
    rf"|[A-Z])\b)?)|\b({any_of([*_CITIES_EN, *_COUNTRIES_EN])})\b"
    rf"|\b((?:{_CAPITAL} ){{0,3}}(?:Room|Hall|Auditorium|Gate|Building|Floor|Lab|Studio|Court|Stage"
    rf"|Platform) (?:\d{{1,4}}|[A-Z])\b)"
)
_PLAIN_PLACE_EN = lazy_regex(
    r"\b(?:at|in|near|into|through) (?:the |our |my |an? )((?:[a-z]{2,15} ){0,2}(?:library|office|park|station"
    r"|school|hotel|restaurant|museum|hospital|"
    r"market|beach|gym|theatre|theater|church|lab|garden|square|hall|kitchen|lobby|university|airport|cafe|café"
    r"|meeting room|forest|castle|village|town|cottage|palace|mountains?|river|sea|desert|farm))\b"
)
_ADDRESS_EN = lazy_regex(
    rf"(?<![\w-])\d{{1,5}}[A-Za-z]? (?:{_CAPITAL} ){{1,4}}(?:Street|St|Avenue|Ave|Road|Rd|Lane|Ln|Drive|Dr"
    rf"|Boulevard|Blvd|Way|Square|Place|Court)\b\.?"
    rf"(?:, ?(?:Apt\.?|Suite|Unit|Flat|#) ?\w{{1,6}})?(?:, {_CAPITAL}(?: {_CAPITAL}){{0,2}}"
    rf"|, [A-Z]{{2}}(?: \d{{5}})?| \d{{5}}){{0,3}}"
)
_ORGANISATION = lazy_regex(
    rf"\b({_CAPITAL}(?: (?:of |& |and )?{_CAPITAL}){{0,4}}(?:,? (?:Inc|Ltd|LLC)| (?:Corp|Corporation|GmbH"
    rf"|Company|University|College|Institute|Bank|Group|Labs?|"
    r"Studios?|Systems|Software|Technologies|Electronics|Foundation|Hospital))\b|University of [A-Z][a-z]{2,20})"
    rf"|\b((?:Hotel|Café|Cafe|Restaurant|Bistro) {_CAPITAL}(?: {_CAPITAL}){{0,2}}"
    rf"|{_CAPITAL}(?: {_CAPITAL}){{0,2}} (?:Hotel|Restaurant|Café|Bakery|Inn))\b"
    rf"|\b(?:works?|worked|working|job|position|intern(?:ed)?|joined|engineer|developer|designer|manager"
    rf"|analyst|at) (?:at|for|with) ({_CAPITAL}(?: {_CAPITAL}){{0,3}}|[A-Z]{{2,6}})\b"
    r"|((?:㈜|주식회사 ?|\(주\) ?)[가-힣A-Za-z]{1,15}|[가-힣A-Za-z]{1,15}(?:㈜|\(주\)))"
    r"|(?<![가-힣])([가-힣A-Za-z]{1,12}(?:전자|은행|그룹|중공업|텔레콤|소프트|제약|건설|대학교|연구소|연구원|테크|랩스|출판사|병원))(?=[에의은는이가을를과와로도,.\s)]|$)"
    r"|(?<![가-힣])([가-힣A-Za-z]{2,12})(?=에 ?(?:입사|재직|다니|근무|취직)|에서 ?(?:일하|근무|인턴|재직))"
)
_SCHOOL = lazy_regex(r"대학교?|학교|연구원|University|College|School|Institute", re.IGNORECASE)


def people(text: str) -> list[Found]:
    """Names and words for persons, each once, in order of appearance."""
    return once([*_named_ko(text), *named_en(text), *_kin(text)])


def names(text: str) -> list[Found]:
    """Names of persons; only if there is none, words for persons ("할아버지", "teacher")."""
    return once([*_named_ko(text), *named_en(text)]) or people(text)


def characters(text: str) -> list[Found]:
    """Whoever acts in a tale: persons and animals."""
    animals = [*_ANIMAL_KO.finditer(text), *_ANIMAL_EN.finditer(text)]
    return once([*people(text), *(Found(each.start(1), each.group(1), each.group(1)) for each in animals)])


def _kin(text: str) -> list[Found]:
    found = [Found(match.start(1), match.group(1), match.group(1)) for match in _KIN_KO.finditer(text)]
    for match in _KIN_EN.finditer(text):
        words = match.group().split()
        capital = any(word[0].isupper() for word in words) and not _HEAD.search(
            text[max(0, match.start() - 6) : match.start()]
        )
        if not capital and not re.match(
            r" [A-Z]", text[match.end() : match.end() + 2]
        ):  # "Prince Street" and "Doctor Lee" are no kin
            found.append(Found(match.start(1), match.group(1), match.group(1)))
    return found


def _named_ko(text: str) -> list[Found]:
    found: list[Found] = []
    if not _HANGUL.search(text):
        return found
    for match in _TITLED_KO.finditer(text):
        name = match.group(1) or match.group(2)
        if (match.group(2) and " " in name) or name[:3] in _GIVEN_KO or not _is_word(name):
            found.append(Found(match.start(), name, name))
    taken = {each.start for each in found}
    for match in _NAME_KO.finditer(text):
        name = match.group(1)
        known = name in _GIVEN_KO or name[1:] in _GIVEN_KO
        if match.start() not in taken and (known or not _is_word(name)):
            found.append(Found(match.start(), name, name))
    taken = {each.start for each in found}
    for match in _SAID_KO.finditer(text):
        group = next(number for number, value in enumerate(match.groups(), start=1) if value)
        name, start = match.group(group), match.start(group)
        if start not in taken and not name.startswith(_NO_NAMES_KO) and len(name) < 5:
            found.append(Found(start, name, name))
    return found


def _is_word(name: str) -> bool:
    """Whether what looks like a name begins like a common word, or is a place."""
    return name.startswith(_NO_NAMES_KO) or name in _PLACES["names_ko"]


def named_en(text: str) -> list[Found]:
    """Names of persons in Latin letters."""
    found: list[Found] = []
    addresses = "".join(each.written.lower() for each in emails(text)) if "@" in text else ""
    for match in _NAME_EN.finditer(text):
        words = match["name"].split()
        start = match.start("name")
        dropped = 0
        while words and words[0] in _NO_NAMES_EN:
            dropped += len(words.pop(0)) + 1
        while words and words[-1] in _NO_NAMES_EN:
            words.pop()
        if not words:
            continue
        name = " ".join(words)
        before = "" if dropped else text[max(0, start - 24) : start]
        after = text[start + dropped + len(name) :][:24]
        given = words[0].partition("-")[0] in _GIVEN_EN
        known = given or (len(words) > 1 and (words[-1] in _SURNAMES_EN or words[0] in _SURNAMES_FIRST))
        mailed = any(len(word) > 2 and word.lower() in addresses for word in words) and len(words) > 1
        named = match["title"] or known or mailed or _acts_like_a_person(words, before, after, bool(dropped))
        if named and not _is_no_person(words, known=bool(match["title"]) or given):
            found.append(Found(start + dropped, name, name))
    return _whole_names(found)


def _is_no_person(words: list[str], *, known: bool) -> bool:
    name = " ".join(words)
    if name in _CITIES_EN or name in _COUNTRIES_EN:
        return True
    return not known and (any(word in _NO_PEOPLE_EN for word in words) or words[0] in _CITIES_EN)


def _acts_like_a_person(words: list[str], before: str, after: str, dropped: bool) -> bool:
    """Whether the words around an unknown capital phrase are those around a person."""
    if _PREPOSITION.search(before) or _ARTICLE.search(before):
        return False
    if _SIGNED.search(before) or _INTRODUCED.search(before):
        return len(words) < 5
    if _HEAD.search(before) and not dropped:
        return len(words) < 4 and _VERB.match(after) is not None and not _looks_plural(words)
    return _VERB.match(after) is not None or (_BEFORE.search(before) is not None and not dropped and len(words) > 1)


def _looks_plural(words: list[str]) -> bool:
    return len(words) == 1 and bool(_NO_NAME_END.search(words[0]))


def _whole_names(found: list[Found]) -> list[Found]:
    """ "Mina" is left out where she is "Mina Park" elsewhere in the text."""
    parts = {each.written.rsplit(" ", number)[0] for each in found for number in range(1, each.written.count(" ") + 1)}
    return [each for each in found if each.written not in parts]


def places(text: str) -> list[Found]:
    """Places: those that are well known, and those that an ending or a preposition shows."""
    persons = {each.written for each in names(text)}
    found: list[Found] = []
    for pattern in (_PLACE_KO, _PLACE_EN):
        for match in pattern.finditer(text):
            group = next(number for number, value in enumerate(match.groups(), start=1) if value is not None)
            name = _place(match.group(group))
            if name and name not in persons and name.split()[0] not in persons:
                found.append(Found(match.start(group) + match.group(group).find(name), name, name))
    return once(found)


def _place(name: str) -> str:
    """The name without words that are no part of it; empty: it is no place."""
    words = [word for word in name.split() if word not in _NO_PLACES_EN]
    name = " ".join(words)
    if words and (words[0] in _GIVEN_EN or name.endswith(_NO_PLACES_KO) or _HOUSE_LEADS_KO.match(name)):
        return ""
    return name if len(name) > 1 and re.search(r"[^\W\d_]", name) else ""


def venues(text: str) -> list[Found]:
    """Where something happens: a room or a house rather than a town; at last whatever stands before "에서"."""
    found = places(text)
    houses = [each for each in found if not _is_town(each.written)]
    plain = plain_places(text)
    if houses or plain or found:
        return once([*houses, *plain]) or found
    return once(Found(match.start(1), match.group(1), match.group(1)) for match in _BEFORE_AT_KO.finditer(text))


def plain_places(text: str) -> list[Found]:
    """Places without a name: "the library", "in a forest"."""
    return once(Found(match.start(1), match.group(1), match.group(1)) for match in _PLAIN_PLACE_EN.finditer(text))


def _is_town(name: str) -> bool:
    return name in _CITIES_EN or name in _COUNTRIES_EN or name in _PLACES["names_ko"]


def cities(text: str) -> list[Found]:
    """Towns: those that are well known, or else any place."""
    found = places(text)
    towns = [
        each for each in found if each.written in _CITIES_EN or each.written.removesuffix("시") in _PLACES["cities_ko"]
    ]
    addressed = [
        Found(each.start + place, name, name)
        for each in addresses(text)
        for name in (*_PLACES["cities_ko"], *_PLACES["names_en"])
        if (place := each.written.find(name)) >= 0
    ]
    return once([*towns, *addressed]) or [each for each in found if each.written not in countries_known()]


def countries_known() -> frozenset[str]:
    """Countries, in both languages."""
    return _COUNTRIES_EN | frozenset(_PLACES["countries_ko"])


def countries(text: str) -> list[Found]:
    """Countries that are well known."""
    known = countries_known()
    return [each for each in places(text) if each.written in known]


def addresses(text: str) -> list[Found]:
    """Postal addresses: a street and a number."""
    found = [*_ADDRESS_KO.finditer(text), *_ADDRESS_EN.finditer(text)]
    return once(Found(match.start(), match.group().strip(" ,"), match.group().strip(" ,")) for match in found)


def organisations(text: str) -> list[Found]:
    """Firms and schools."""
    found: list[Found] = []
    for match in _ORGANISATION.finditer(text):
        group = next(number for number, value in enumerate(match.groups(), start=1) if value is not None)
        words = match.group(group).split()
        while len(words) > 1 and words[0] in _NO_PLACES_EN:
            words.pop(0)
        name = " ".join(words)
        found.append(Found(match.start(group) + match.group(group).find(name), name, name))
    return once(found)


def schools(text: str) -> list[Found]:
    """Schools and universities."""
    return [each for each in organisations(text) if _SCHOOL.search(each.written)]


def firms(text: str) -> list[Found]:
    """Firms: organisations that are no schools; if there is none, any."""
    found = organisations(text)
    return [each for each in found if not _SCHOOL.search(each.written)] or found
