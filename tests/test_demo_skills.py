"""The small skills of the demo model, as pure functions: remembering, converting, calculating, sorting, summing up."""

import pytest

from demo_model.call import Turn
from demo_model.reading import memory
from demo_model.skills import arithmetic, conversions, text_skills, units

# --- memory ----------------------------------------------------------------------------------------------------------

RECALLED = [
    ("안녕, 나는 차은우야", "내 이름이 뭐야?", "차은우"),
    ("제 이름은 김민지예요", "제 이름이 뭐라고 했죠?", "김민지"),
    ("저는 박서연입니다. 만나서 반갑습니다", "내 이름은?", "박서연"),
    ("이름은 홍길동입니다", "제 이름은요?", "홍길동"),
    ("난 민수라고 해", "내 이름 기억해?", "민수"),
    ("민수라고 불러 줘", "내가 누구라고 했지?", "민수"),
    ("나 지수야", "내 이름 뭐야", "지수"),
    ("My name is Eun-woo Cha.", "Do you remember my name?", "Eun-woo Cha"),
    ("My name's Joe", "whats my name", "Joe"),
    ("Call me Sam", "What is my name again?", "Sam"),
    ("Hi! I am Anna, nice to meet you", "who am I?", "Anna"),
    ("Hello, this is Tom speaking", "what is my name?", "Tom"),
    ("I'm Mina from Busan", "What's my name?", "Mina"),
    ("I'm Mina from Busan", "Where am I from?", "Busan"),
    ("I come from New Zealand, but I work here", "where do I come from?", "New Zealand"),
    ("저는 대전에서 왔어요", "제가 어디서 왔다고 했죠?", "대전"),
    ("나는 부산에 살아", "내가 어디 산다고 했지?", "부산"),
    ("저는 서울에 살고 있어요", "제가 어디에 사는지 기억하세요?", "서울"),
    ("I live in Seoul with my parents", "Where do I live?", "Seoul"),
    ("저는 떡볶이를 좋아해요", "제가 뭘 좋아한다고 했죠?", "떡볶이"),
    ("나는 고양이 좋아해", "내가 뭐 좋아하는지 알아?", "고양이"),
    ("I love hiking", "What do I love?", "hiking"),
    ("I don't like coffee", "What don't I like?", "coffee"),
    ("나는 커피를 싫어해", "내가 뭘 싫어해?", "커피"),
    ("I have two cats", "How many cats do I have?", "two"),
    ("I have two cats", "What pets do I have?", "two"),
    ("나는 고양이 두 마리를 키워", "내가 고양이를 몇 마리 키운다고 했지?", "두 마리"),
    ("내 전화번호는 010-1234-5678이야", "내 전화번호 뭐였지?", "010-1234-5678"),
    ("내 생일은 3월 4일이야", "내 생일이 언제야?", "3월 4일"),
    ("내 생일은 3월 4일이야", "When is my birthday?", "3월 4일"),
    ("My birthday is March 4", "When is my birthday?", "March 4"),
    ("I was born in 1990", "When was I born?", "1990"),
    ("My favourite number is 7", "what's my favourite number?", "7"),
    ("My favorite color is green.", "What is my favourite colour?", "green"),
    ("My favorite color is green.", "내가 좋아하는 색이 뭐야?", "green"),
    ("내가 가장 좋아하는 음식은 김치찌개야", "내가 좋아하는 음식이 뭐라고 했지?", "김치찌개"),
    ("나의 취미는 등산이야", "내 취미가 뭐야?", "등산"),
    ("I am 24 years old", "How old am I?", "24"),
    ("저는 24살이에요", "제 나이가 몇이죠?", "24살"),
    ("나는 스물네 살이야", "How old am I?", "스물네 살"),
    ("I work as a nurse", "What is my job?", "nurse"),
    ("저는 간호사예요", "제 직업이 뭐예요?", "간호사"),
    ("My dog's name is Rex", "What is my dog's name?", "Rex"),
    ("My wife is called Jane", "What's my wife's name?", "Jane"),
    ("우리 강아지 이름은 초코야", "우리 강아지 이름이 뭐야?", "초코"),
    ("The password is swordfish", "what is the password?", "swordfish"),
    ("암호는 바나나야", "암호가 뭐였지?", "바나나"),
    ("Remember the number 42", "what number did I tell you?", "42"),
    ("숫자 42를 기억해", "내가 기억하라고 한 숫자가 뭐야?", "42"),
    ("기억해줘: 내 여권 번호는 M123이야", "내 여권 번호는?", "M123"),
]


@pytest.mark.parametrize(("told", "question", "value"), RECALLED)
def test_what_was_told_is_recalled(told, question, value):
    key = memory.asked(question)
    assert key is not None
    assert memory.recalled([Turn("user", told), Turn("user", question)], key) == value
    assert memory.recalled([Turn("assistant", told), Turn("user", question)], key) is None


def test_what_was_said_last_counts():
    turns = [Turn("user", "My name is Mina."), Turn("user", "Actually, my name is Minji. What is my name?")]
    assert memory.told(turns)["name"] == "Minji"


NOTHING_TOLD = [
    "I am happy",
    "I'm not sure",
    "I'm looking for a job",
    "I am going to Seoul",
    "I'm fine, thanks",
    "I'm Korean",
    "I like it",
    "I love you",
    "I have a question",
    "Call me later",
    "My code is broken",
    "My computer is slow",
    "This is great",
    "What is my name?",
    "나는 배고파",
    "나는 괜찮아",
    "저는 잘 모르겠어요",
    "이건 사과야",
    "내 코드가 이상해",
    "고맙다고 해",
    "오늘 비가 올 거라고 해",
    "내 이름이 뭐야?",
    "좋아해?",
]


@pytest.mark.parametrize("text", NOTHING_TOLD)
def test_what_tells_nothing(text):
    assert memory.told([Turn("user", text)]) == {}


NOTHING_ASKED = [
    "What is my best option for lunch?",
    "do you like coffee?",
    "what do you do?",
    "how old is Korea?",
    "how many words do I have in this text?",
    "what can I try?",
    "내일 뭐해?",
    "내가 뭘 해야 해?",
    "여기서 뭘 해 볼 수 있어?",
]


@pytest.mark.parametrize("question", NOTHING_ASKED)
def test_what_asks_for_nothing_told(question):
    assert memory.asked(question) is None


# --- conversions -----------------------------------------------------------------------------------------------------

CONVERTED = [
    ("convert 10 miles to km", "10 miles", "16.09 km"),
    ("10 km in miles", "10 km", "6.21 miles"),
    ("convert 10 miles", "10 miles", "16.09 km"),
    ("how many feet are in a mile?", "1 mile", "5,280 feet"),
    ("5 feet 10 inches in cm", "5 feet 10 inches", "177.8 cm"),
    ("10 in to cm", "10 in", "25.4 cm"),
    ("10마일은 몇 킬로미터야?", "10마일", "16.09킬로미터"),
    ("길이 3m를 피트로", "3 m", "9.84피트"),
    ("100 pounds in kg", "100 pounds", "45.36 kg"),
    ("600그램은 몇 근이야", "600그램", "1근"),
    ("섭씨 30도는 화씨로", "30 °C", "86 °F"),
    ("화씨 100도는 섭씨 몇 도야?", "100 °F", "37.78 °C"),
    ("영하 10도는 화씨로 몇 도야", "-10 °C", "14 °F"),
    ("Convert 98.6 degrees Fahrenheit to Celsius", "98.6 °F", "37 °C"),
    ("-40 C in F", "-40 °C", "-40 °F"),
    ("0 K to celsius", "0 K", "-273.15 °C"),
    ("500 ml to cups", "500 ml", "2.11 cups"),
    ("30평은 몇 제곱미터야?", "30평", "99.17제곱미터"),
    ("33 m2는 몇 평?", "33 m2", "9.98평"),
    ("60 mph in km/h", "60 mph", "96.56 km/h"),
    ("초속 10m는 시속 몇 km야?", "10 m/s", "36 km/h"),
    ("2 GB in MB", "2 GB", "2,000 MB"),
    ("1 GiB to MB", "1 GiB", "1,073.74 MB"),
    ("1시간 30분은 몇 초야?", "1시간 30분", "5,400초"),
    ("72시간은 며칠이야?", "72시간", "3일"),
    ("하루는 몇 시간이야?", "1일", "24시간"),
    ("how many minutes in 2 hours?", "2 hours", "120 minutes"),
    ("1 mm in miles", "1 mm", "0.0000006214 miles"),
    ("255 in hex", "255", "0xFF"),
    ("255를 2진수로", "255", "0b11111111"),
    ("what is 1010 in binary?", "1010", "0b1111110010"),
    ("1010 binary to decimal", "1010", "10"),
    ("2진수 1010을 10진수로", "1010", "10"),
    ("0xff to decimal", "0xff", "255"),
    ("what's the decimal of 0b1011", "0b1011", "11"),
    ("what is FF in decimal", "FF", "255"),
    ("8 in octal", "8", "0o10"),
    ("2026 in roman numerals", "2026", "MMXXVI"),
    ("로마 숫자 XIV는 얼마야?", "XIV", "14"),
    ("MMXXVI to decimal", "MMXXVI", "2026"),
    ("대문자로: abc", "abc", "ABC"),
    ("hello를 대문자로 바꿔줘", "hello", "HELLO"),
    ("convert this to upper case: abc Def", "abc Def", "ABC DEF"),
    ("convert 'Hello There' to lower case", "Hello There", "hello there"),
]


@pytest.mark.parametrize(("question", "asked", "result"), CONVERTED)
def test_conversions(question, asked, result):
    assert conversions.find_and_convert(question) == conversions.Conversion(asked, result)


CURRENCIES = [
    "100 dollars in won",
    "100달러는 몇 원이야?",
    "$5 to euros",
    "3만원은 몇 달러?",
    "100 pounds in dollars",
    "오늘 환율",
]


@pytest.mark.parametrize("question", CURRENCIES)
def test_currencies_are_not_converted(question):
    found = conversions.find_and_convert(question)
    assert found is not None
    assert (found.reason, found.result) == ("currency", "")


NOT_CONVERTED = [
    "I ran 10 km in 50 minutes",
    "What is binary?",
    "What is uppercase?",
    "how do I convert a string to uppercase in python?",
    "write a poem in uppercase",
    "what is 12 * 3?",
    "키 180cm 몸무게 75kg",
    "서울에서 부산까지 몇 km야?",
    "며칠 남았어?",
    "하루에 몇 시간 자?",
    "translate 5 words to Korean",
    "4000 in roman numerals",
    "2 hours from now, to the minute",
    "",
]


@pytest.mark.parametrize("question", NOT_CONVERTED)
def test_what_is_no_conversion(question):
    assert conversions.find_and_convert(question) is None


@pytest.mark.parametrize(
    "piece", ["a", "1,", "1 ", " ", "1km ", "대문자로", "\"'“", "0x", "in ", "로마 ", "make ", "하루 "]
)
def test_hostile_questions_end(piece):
    text = piece * 30_000
    conversions.find_and_convert(text[:300])
    assert sum(1 for _ in units.measures(text)) <= len(text)


# --- arithmetic ------------------------------------------------------------------------------------------------------

SUMS = [
    ("what is 3 plus 4", "7"),
    ("100에서 37을 빼면?", "63"),
    ("50에 20을 더하면?", "70"),
    ("6에 7을 곱하면?", "42"),
    ("8을 2로 나누면?", "4"),
    ("12,000원 나누기 3은?", "4,000"),
    ("2의 10제곱은 얼마야", "1,024"),
    ("5의 제곱은?", "25"),
    ("9 squared", "81"),
    ("what is the square root of 144?", "12"),
    ("200의 15%는 얼마야?", "30"),
    ("half of 50", "25"),
    ("10의 3배는?", "30"),
    ("what's 7x8", "56"),
    ("(3+4)*2=", "14"),
]


@pytest.mark.parametrize(("question", "value"), SUMS)
def test_sums_in_words(question, value):
    found = arithmetic.find_and_solve(question)
    assert found is not None
    assert found[1] == value


@pytest.mark.parametrize("text", ["2026-03-04", "010-1234-5678", "사과 3개와 배 2개", "I need 2-3 days", "3의 배수"])
def test_what_is_no_sum(text):
    assert arithmetic.find_and_solve(text) is None


# --- lists, letters, key sentences -----------------------------------------------------------------------------------

SORTED = [
    ("sort: pear, fig, apple", ["apple", "fig", "pear"]),
    ("put 5, 3 and 9 in order", ["3", "5", "9"]),
    ("Sort these numbers: 10, 9, 2.5, -1", ["-1", "2.5", "9", "10"]),
    ("사과, 바나나, 가지를 가나다순으로 정렬해줘", ["가지", "바나나", "사과"]),
    ("숫자 5 3 19를 내림차순으로 정렬해줘", ["19", "5", "3"]),
    ("sort by length: aaa, b, cc", ["b", "cc", "aaa"]),
    ("정렬:\n- 배\n- 감", ["감", "배"]),
]


@pytest.mark.parametrize(("text", "items"), SORTED)
def test_sorting(text, items):
    assert text_skills.sorted_items(text) == items


LETTERS = [
    ("how many r are in strawberry?", ("r", "strawberry")),
    ("how many times does the letter s appear in mississippi?", ("s", "mississippi")),
    ("count the e's in 'elephant'", ("e", "elephant")),
    ("strawberry에 r이 몇 개야?", ("r", "strawberry")),
    ("how many letters are in it?", None),
]


@pytest.mark.parametrize(("text", "asked"), LETTERS)
def test_letter_questions(text, asked):
    assert text_skills.letter_question(text) == asked


def test_decimals_do_not_end_a_sentence():
    text = "Version 3.2 is out. Cats sleep. Version 3.2 adds tests to version 3.1."
    assert text_skills.key_sentences(text, 2) == ["Version 3.2 is out.", "Version 3.2 adds tests to version 3.1."]
    assert text_skills.counts(text).sentences == 3
