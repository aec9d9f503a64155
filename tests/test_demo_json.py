"""JSON of the demo model: prompts as people write them, through HTTP; and the rules by which values are found."""

import base64
import io
import json
import math
import random
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest
from PIL import Image, ImageDraw

from demo_model.call import AnyJson, SchemaJson, Turn
from demo_model.reading import dates, extracting, json_answers, judging, keys, names, quantities, schema_filling
from demo_model.reading.fact_source import FactSource
from demo_model.reading.text_source import TextSource

# --- a small judge of JSON Schema ------------------------------------------------------------------------------------

TYPES: dict[str, Any] = {
    "string": lambda value: isinstance(value, str),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value),
    "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def problems(value: Any, schema: dict[str, Any], root: dict[str, Any], path: str = "$") -> list[str]:
    """What is wrong with a value, by the keywords that the demo model minds (JSON Schema 2020-12, validation)."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#").strip("/").split("/"):
            target = target[step] if step else target
        return problems(value, target, root, path)
    found: list[str] = []
    if "anyOf" in schema and all(problems(value, option, root, path) for option in schema["anyOf"]):
        found.append(f"{path}: fits no option")
    if "const" in schema and value != schema["const"]:
        found.append(f"{path}: is not the constant")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is not in the enum")
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    if kinds and not any(TYPES[kind](value) for kind in kinds):
        return [*found, f"{path}: {value!r} is no {kinds}"]
    if TYPES["number"](value):
        bounds = (
            value >= schema.get("minimum", -math.inf),
            value <= schema.get("maximum", math.inf),
            value > schema.get("exclusiveMinimum", -math.inf),
            value < schema.get("exclusiveMaximum", math.inf),
            "multipleOf" not in schema or math.isclose(value % schema["multipleOf"], 0, abs_tol=1e-9),
        )
        found += [f"{path}: {value} is out of bounds"] if not all(bounds) else []
    if isinstance(value, list):
        if not schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", math.inf):
            found.append(f"{path}: {len(value)} items")
        for number, item in enumerate(value):
            found += problems(item, schema.get("items", {}), root, f"{path}[{number}]")
    if isinstance(value, dict):
        properties = schema.get("properties", {})
        found += [f"{path}: {name} is missing" for name in schema.get("required", []) if name not in value]
        if properties and list(value) != [name for name in properties if name in value]:
            found.append(f"{path}: the keys are {list(value)}")
        if schema.get("additionalProperties") is False and value.keys() - properties.keys():
            found.append(f"{path}: keys too many")
        for name in value.keys() & properties.keys():
            found += problems(value[name], properties[name], root, f"{path}.{name}")
    return found


def test_the_judge_judges():
    schema = shape(mood={"enum": ["good", "bad"]}, age={"type": "integer", "minimum": 1}, tags=listing(TEXT))
    assert problems({"mood": "good", "age": 1, "tags": []}, schema, schema) == []
    assert len(problems({"age": 0, "mood": "so so", "tags": [1]}, schema, schema)) == 4


# --- shapes ----------------------------------------------------------------------------------------------------------

TEXT = {"type": "string"}
MAYBE = {"type": ["string", "null"]}
NUMBER = {"type": ["number", "null"]}
WHOLE = {"type": ["integer", "null"]}
YES = {"type": ["boolean", "null"]}


def shape(**properties: Any) -> dict[str, Any]:
    """A strict schema of an object."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def listing(items: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": items}


def one_of(*options: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(options)}


@dataclass(frozen=True, slots=True)
class Case:
    """``wanted``: a schema, for structured output; or an example as text, for JSON mode."""

    name: str
    wanted: dict[str, Any] | str
    text: str
    value: dict[str, Any]


CASES = [
    # --- English
    Case(
        "contact card",
        shape(name=TEXT, company=MAYBE, title=MAYBE, email=MAYBE, phone=MAYBE, fax=MAYBE, address=MAYBE),
        "Mina Okafor\nSenior Product Manager\nAcme Labs\nmina.okafor@acme.example\n+82 10-1234-5678\n"
        "12 Baker Street, London",
        {
            "name": "Mina Okafor",
            "company": "Acme Labs",
            "title": "Senior Product Manager",
            "email": "mina.okafor@acme.example",
            "phone": "+82 10-1234-5678",
            "fax": None,
            "address": "12 Baker Street, London",
        },
    ),
    Case(
        "receipt",
        '{"store": "", "date": "", "items": [{"name": "", "quantity": 0, "price": 0}], "tax": 0, "tip": 0, "total": 0, '
        '"currency": "", "payment_method": ""}',
        "Corner Café\nMarch 4, 2026 3:12 PM\n2 x Latte  $9.00\nBagel x1 $3.50\nSubtotal $12.50\nTax $1.00\n"
        "Total $13.50\nPaid by card",
        {
            "store": "Corner Café",
            "date": "2026-03-04",
            "items": [
                {"name": "Latte", "quantity": 2, "price": 9},
                {"name": "Bagel", "quantity": 1, "price": 3.5},
            ],
            "tax": 1,
            "tip": None,
            "total": 13.5,
            "currency": "USD",
            "payment_method": "card",
        },
    ),
    Case(
        "meeting minutes",
        shape(
            title=TEXT,
            date=MAYBE,
            attendees=listing(TEXT),
            tasks=listing(shape(who=TEXT, what=TEXT, when=MAYBE)),
        ),
        "Weekly sync, March 4, 2026\nAttendees: Mina, Joon and Sofia Rossi\n"
        "Mina will send the budget by Friday. Joon reviews the design. Sofia Rossi has to book a room by March 9.",
        {
            "title": "Weekly sync",
            "date": "2026-03-04",
            "attendees": ["Mina", "Joon", "Sofia Rossi"],
            "tasks": [
                {"who": "Mina", "what": "send the budget", "when": "Friday"},
                {"who": "Joon", "what": "reviews the design", "when": None},
                {"who": "Sofia Rossi", "what": "book a room", "when": "2026-03-09"},
            ],
        },
    ),
    Case(
        "review",
        shape(
            hotel=MAYBE,
            city=MAYBE,
            check_in=MAYBE,
            check_out=MAYBE,
            nights=WHOLE,
            rating=NUMBER,
            price=NUMBER,
            currency=one_of("USD", "EUR", "KRW"),
            sentiment=one_of("negative", "neutral", "positive"),
            pros=listing(TEXT),
            cons=listing(TEXT),
        ),
        "I stayed at Hotel Aurora in Lisbon from 12 May 2026 to 15 May 2026. The room was clean, breakfast excellent, "
        "but the street was noisy at night. 8/10. It cost 420 euros for 3 nights.",
        {
            "hotel": "Hotel Aurora",
            "city": "Lisbon",
            "check_in": "2026-05-12",
            "check_out": "2026-05-15",
            "nights": 3,
            "rating": 8,
            "price": 420,
            "currency": "EUR",
            "sentiment": "positive",
            "pros": ["The room was clean", "breakfast excellent"],
            "cons": ["the street was noisy at night"],
        },
    ),
    Case(
        "event",
        '{"event": "", "date": "", "time": "", "location": "", "price": 0, "free": true}',
        "Join us for the Spring Jazz Night on April 11, 2026 at 7:30 pm in Riverside Hall, Chicago. Tickets are $25.",
        {
            "event": "Spring Jazz Night",
            "date": "2026-04-11",
            "time": "19:30",
            "location": "Riverside Hall",
            "price": 25,
            "free": None,
        },
    ),
    Case(
        "recipe",
        shape(
            name=TEXT,
            servings=WHOLE,
            ingredients=listing(shape(name=TEXT, quantity=NUMBER, unit=MAYBE)),
            steps=listing(TEXT),
        ),
        "Pancakes (serves 4)\n\nIngredients:\n- 2 cups flour\n- 2 eggs\n- 1/2 tsp salt\n- butter\n\nSteps:\n"
        "1. Mix everything.\n2. Fry until golden.",
        {
            "name": "Pancakes",
            "servings": 4,
            "ingredients": [
                {"name": "flour", "quantity": 2, "unit": "cups"},
                {"name": "eggs", "quantity": 2, "unit": None},
                {"name": "salt", "quantity": 0.5, "unit": "tsp"},
                {"name": "butter", "quantity": None, "unit": None},
            ],
            "steps": ["Mix everything", "Fry until golden"],
        },
    ),
    Case(
        "CV",
        shape(
            name=TEXT,
            email=MAYBE,
            phone=MAYBE,
            skills=listing(TEXT),
            education=listing(shape(school=MAYBE, degree=MAYBE, year=WHOLE)),
            experience=listing(shape(company=MAYBE, role=MAYBE, period=MAYBE)),
        ),
        "Mina Park\nmina@x.example | 010-1234-5678\n\nSkills: Python, SQL, Figma\n\nEducation\n"
        "Seoul National University, Bachelor of Science, 2018\n\nExperience\nAcme Corp, Software Engineer, 2019-2022\n"
        "Hooli Inc, Data Analyst, 2022-present",
        {
            "name": "Mina Park",
            "email": "mina@x.example",
            "phone": "010-1234-5678",
            "skills": ["Python", "SQL", "Figma"],
            "education": [{"school": "Seoul National University", "degree": "Bachelor", "year": 2018}],
            "experience": [
                {"company": "Acme Corp", "role": "Software Engineer", "period": "2019-2022"},
                {"company": "Hooli Inc", "role": "Data Analyst", "period": "2022-present"},
            ],
        },
    ),
    Case(
        "bug report",
        '{"title": "", "severity": "low|medium|high", "steps": ["..."], "expected": "", "actual": "", "browser": "", '
        '"version": "", "assignee": null}',
        "Title: Login button does nothing\nSeverity: high\nSteps to reproduce:\n1. Open the login page\n"
        "2. Click Login\n\nExpected: I am logged in\nActual: nothing happens\nBrowser: Firefox 128, app version 3.2.1",
        {
            "title": "Login button does nothing",
            "severity": "high",
            "steps": ["Open the login page", "Click Login"],
            "expected": "I am logged in",
            "actual": "nothing happens",
            "browser": "Firefox 128",
            "version": "3.2.1",
            "assignee": None,
        },
    ),
    Case(
        "weather note",
        shape(
            city=MAYBE, condition=MAYBE, high=NUMBER, low=NUMBER, humidity=NUMBER, wind_speed=NUMBER, rain_chance=NUMBER
        ),
        "Tomorrow in Berlin: partly cloudy, high of 18°C and low of 9°C, humidity 60%, wind 12 km/h, 20% chance "
        "of rain.",
        {
            "city": "Berlin",
            "condition": "partly cloudy",
            "high": 18,
            "low": 9,
            "humidity": 60,
            "wind_speed": 12,
            "rain_chance": 20,
        },
    ),
    Case(
        "order mail",
        shape(
            customer=TEXT,
            order_number=MAYBE,
            items=listing(shape(product=TEXT, qty={"type": "integer"}, price=NUMBER)),
            express=YES,
            email=MAYBE,
        ),
        "Hi, this is Omar Haddad. I would like to order 3 notebooks at $4 each and 2 pens at $1.50 each (order "
        "#55512). "
        "No express shipping please. Best, Omar, omar@haddad.example",
        {
            "customer": "Omar Haddad",
            "order_number": "55512",
            "items": [
                {"product": "notebooks", "qty": 3, "price": 4},
                {"product": "pens", "qty": 2, "price": 1.5},
            ],
            "express": False,
            "email": "omar@haddad.example",
        },
    ),
    Case(
        "support ticket",
        shape(
            category=one_of("billing", "technical", "account", "other"),
            priority=one_of("low", "medium", "high"),
            customer=MAYBE,
            amount=NUMBER,
            resolved=YES,
        ),
        "I've been charged twice for my subscription this month! Please refund the second payment of $9.99 ASAP. "
        "- Karen Doyle",
        {
            "category": "billing",
            "priority": "high",
            "customer": "Karen Doyle",
            "amount": 9.99,
            "resolved": None,
        },
    ),
    Case(
        "flight",
        shape(
            flight=MAYBE,
            departure_city=MAYBE,
            arrival_city=MAYBE,
            departure_time=MAYBE,
            arrival_time=MAYBE,
            departure_date={"type": "string", "format": "date"},
            arrival_date={"type": "string", "format": "date"},
            seat=MAYBE,
            baggage_kg=NUMBER,
        ),
        "Flight KE902 departs Frankfurt at 19:25 on 21 Nov 2026 and arrives in Seoul at 14:40 on 22 Nov 2026. "
        "Seat 32A. Baggage 23 kg.",
        {
            "flight": "KE902",
            "departure_city": "Frankfurt",
            "arrival_city": "Seoul",
            "departure_time": "19:25",
            "arrival_time": "14:40",
            "departure_date": "2026-11-21",
            "arrival_date": "2026-11-22",
            "seat": "32A",
            "baggage_kg": 23,
        },
    ),
    Case(
        "dialogue",
        shape(participants=listing(TEXT), time=MAYBE, messages=listing(shape(speaker=TEXT, text=TEXT))),
        "Alice: hi Bob!\nBob: hello Alice, lunch at noon?\nAlice: sure.",
        {
            "participants": ["Alice", "Bob"],
            "time": "12:00",
            "messages": [
                {"speaker": "Alice", "text": "hi Bob!"},
                {"speaker": "Bob", "text": "hello Alice, lunch at noon?"},
                {"speaker": "Alice", "text": "sure."},
            ],
        },
    ),
    Case(
        "books",
        '{"books": [{"title": "", "author": "", "year": 0}]}',
        "On the shelf: 'Dune' by Frank Herbert (1965), 'Emma' by Jane Austen (1815).",
        {
            "books": [
                {"title": "Dune", "author": "Frank Herbert", "year": 1965},
                {"title": "Emma", "author": "Jane Austen", "year": 1815},
            ]
        },
    ),
    # --- Korean
    Case(
        "영화",
        shape(title=TEXT, year=WHOLE, director=MAYBE, cast=listing(TEXT), genres=listing(TEXT), rating=NUMBER),
        "[영화] 기생충 (2019)\n감독: 봉준호\n출연: 송강호, 이선균, 조여정\n장르: 드라마, 스릴러\n평점: 8.5/10",
        {
            "title": "기생충",
            "year": 2019,
            "director": "봉준호",
            "cast": ["송강호", "이선균", "조여정"],
            "genres": ["드라마", "스릴러"],
            "rating": 8.5,
        },
    ),
    Case(
        "가족",
        shape(people=listing(shape(name=TEXT, age=WHOLE))),
        "할머니는 손자 민수(5살)와 손녀 지수(7살)를 돌본다.",
        {"people": [{"name": "할머니", "age": None}, {"name": "민수", "age": 5}, {"name": "지수", "age": 7}]},
    ),
    Case(
        "옛이야기",
        '{"people": ["aaa", "bbb"]}',
        "옛날 옛적에 할아버지와 할머니가 살고 있었습니다",
        {"people": ["할아버지", "할머니"]},
    ),
    Case(
        "명함",
        '{"이름": "", "회사": "", "직책": "", "전화번호": "", "이메일": "", "주소": "", "팩스": ""}',
        "(주)한빛소프트\n김민지 팀장\n010-2345-6789\nminji@hanbit.example\n서울시 강남구 테헤란로 123, 4층",
        {
            "이름": "김민지",
            "회사": "(주)한빛소프트",
            "직책": "팀장",
            "전화번호": "010-2345-6789",
            "이메일": "minji@hanbit.example",
            "주소": "서울시 강남구 테헤란로 123, 4층",
            "팩스": None,
        },
    ),
    Case(
        "영수증",
        shape(
            store=MAYBE,
            date={"type": "string", "format": "date"},
            items=listing(shape(name=TEXT, quantity=WHOLE, price=NUMBER)),
            total=NUMBER,
            currency=MAYBE,
            payment_method=one_of("cash", "card", "transfer"),
        ),
        "한빛마트\n2026-03-04 15:30\n사과 3개 6,000원\n우유 2개 5,400원\n합계 11,400원\n신용카드 결제",
        {
            "store": "한빛마트",
            "date": "2026-03-04",
            "items": [
                {"name": "사과", "quantity": 3, "price": 6000},
                {"name": "우유", "quantity": 2, "price": 5400},
            ],
            "total": 11400,
            "currency": "KRW",
            "payment_method": "card",
        },
    ),
    Case(
        "회의록",
        shape(
            회의명=TEXT,
            날짜=MAYBE,
            참석자=listing(TEXT),
            할일=listing(shape(담당자=TEXT, 업무=TEXT, 기한=MAYBE)),
        ),
        "주간 디자인 회의\n일시: 2026년 3월 4일 오후 3시\n참석자: 김민지, 이준호, 박서연\n"
        "김민지는 금요일까지 로고 시안을 마무리하고, 이준호는 3월 9일까지 서버를 점검한다. "
        "박서연은 보고서를 작성하기로 했다.",
        {
            "회의명": "주간 디자인 회의",
            "날짜": "2026-03-04",
            "참석자": ["김민지", "이준호", "박서연"],
            "할일": [
                {"담당자": "김민지", "업무": "로고 시안을 마무리", "기한": "금요일"},
                {"담당자": "이준호", "업무": "서버를 점검", "기한": "2026-03-09"},
                {"담당자": "박서연", "업무": "보고서를 작성", "기한": None},
            ],
        },
    ),
    Case(
        "후기",
        '{"감정": "긍정", "별점": 0, "장점": ["..."], "단점": ["..."], "추천": true}',
        "배송이 빠르고 포장도 꼼꼼해서 좋았어요. 그런데 음식은 식어서 별로였어요. 별 세 개 드립니다. 추천하지 않아요.",
        {
            "감정": "부정",
            "별점": 3,
            "장점": ["배송이 빠르고 포장도 꼼꼼해서 좋았어요"],
            "단점": ["음식은 식어서 별로였어요", "추천하지 않아요"],
            "추천": False,
        },
    ),
    Case(
        "행사",
        shape(event=TEXT, date=MAYBE, start_time=MAYBE, end_time=MAYBE, place=MAYBE, free=YES, host=MAYBE),
        "봄맞이 음악회가 2026년 4월 11일 오후 7시부터 9시까지 예술의전당 콘서트홀에서 열립니다. 입장은 무료입니다.",
        {
            "event": "봄맞이 음악회",
            "date": "2026-04-11",
            "start_time": "19:00",
            "end_time": "21:00",
            "place": "예술의전당 콘서트홀",
            "free": True,
            "host": None,
        },
    ),
    Case(
        "요리법",
        shape(
            title=TEXT,
            servings=WHOLE,
            cooking_time_minutes=WHOLE,
            ingredients=listing(shape(name=TEXT, quantity=NUMBER, unit=MAYBE)),
            steps=listing(TEXT),
        ),
        "김치볶음밥 (2인분, 20분)\n재료\n- 김치 200g\n- 밥 2공기\n- 달걀 두 개\n\n만드는 법\n1. 김치를 볶는다.\n"
        "2. 밥을 넣고 볶는다.\n3. 달걀을 올린다.",
        {
            "title": "김치볶음밥",
            "servings": 2,
            "cooking_time_minutes": 20,
            "ingredients": [
                {"name": "김치", "quantity": 200, "unit": "g"},
                {"name": "밥", "quantity": 2, "unit": "공기"},
                {"name": "달걀", "quantity": 2, "unit": "개"},
            ],
            "steps": ["김치를 볶는다", "밥을 넣고 볶는다", "달걀을 올린다"],
        },
    ),
    Case(
        "이력서",
        '{"이름": "", "이메일": "", "기술": [""], "학력": [{"학교": "", "전공": "", "연도": 0}], '
        '"경력": [{"회사": "", "직책": "", "기간": ""}]}',
        "이름: 박지훈\n이메일: jihoon@x.example\n기술: 파이썬, SQL, 도커\n\n[학력]\n한국대학교 컴퓨터공학과 2018\n\n"
        "[경력]\n네오테크 백엔드 개발자 2019-2022\n한빛소프트 데이터 분석가 2022-현재",
        {
            "이름": "박지훈",
            "이메일": "jihoon@x.example",
            "기술": ["파이썬", "SQL", "도커"],
            "학력": [{"학교": "한국대학교", "전공": "컴퓨터공학과", "연도": 2018}],
            "경력": [
                {"회사": "네오테크", "직책": "백엔드 개발자", "기간": "2019-2022"},
                {"회사": "한빛소프트", "직책": "데이터 분석가", "기간": "2022-현재"},
            ],
        },
    ),
    Case(
        "오류 신고",
        shape(
            category=one_of("결제", "기술", "계정", "기타"),
            priority=one_of("낮음", "보통", "높음"),
            device=MAYBE,
            os=MAYBE,
            reporter=MAYBE,
        ),
        "앱을 업데이트한 뒤로 로그인이 안 됩니다. 아이폰 15, iOS 18.2이고 비밀번호를 바꿔도 같은 오류가 나요. "
        "급합니다.",
        {"category": "기술", "priority": "높음", "device": "아이폰 15", "os": "iOS 18.2", "reporter": None},
    ),
    Case(
        "날씨",
        shape(city=MAYBE, condition=MAYBE, high=NUMBER, low=NUMBER, humidity=NUMBER, wind_speed=NUMBER, rain=YES),
        "서울은 내일 맑음. 아침 최저 기온 -3도, 낮 최고 8도, 습도 45%, 바람은 초속 3m입니다. 비는 오지 않습니다.",
        {
            "city": "서울",
            "condition": "맑음",
            "high": 8,
            "low": -3,
            "humidity": 45,
            "wind_speed": 3,
            "rain": False,
        },
    ),
    Case(
        "주문 메일",
        '{"customer": "", "order_number": "", "items": [{"product": "", "qty": 0}], "shipping_address": "", '
        '"delivery_date": "", "gift_wrap": true, "phone": "", "email": ""}',
        "안녕하세요, 주문번호 A-20391 주문한 한지민입니다. 무선 마우스 2개, 키보드 1개를 선물 포장해서 "
        "부산시 해운대구 우동 123-4로 3월 9일까지 보내 주세요. 연락처는 010-9876-5432입니다.",
        {
            "customer": "한지민",
            "order_number": "A-20391",
            "items": [{"product": "무선 마우스", "qty": 2}, {"product": "키보드", "qty": 1}],
            "shipping_address": "부산시 해운대구 우동 123-4",
            "delivery_date": "3월 9일",
            "gift_wrap": True,
            "phone": "010-9876-5432",
            "email": None,
        },
    ),
    Case(
        "예약",
        shape(name=TEXT, date=MAYBE, time=MAYBE, party_size=WHOLE, phone=MAYBE, requests=MAYBE, has_allergy=YES),
        "예약 문의드립니다. 3월 14일 토요일 저녁 6시 30분에 성인 4명 예약하고 싶습니다. 창가 자리 부탁드려요. "
        "이름은 윤정아, 010-5555-1234입니다. 땅콩 알레르기가 있어요.",
        {
            "name": "윤정아",
            "date": "3월 14일",
            "time": "18:30",
            "party_size": 4,
            "phone": "010-5555-1234",
            "requests": "창가 자리 부탁드려요.",
            "has_allergy": True,
        },
    ),
    Case(
        "자기소개",
        shape(
            name=TEXT,
            age=WHOLE,
            job=MAYBE,
            city=MAYBE,
            skills=listing(TEXT),
            hobbies=listing(TEXT),
            is_member=YES,
        ),
        "안녕하세요. 저는 서울에 사는 스물아홉 살 개발자 최수현입니다. 파이썬과 자바를 쓰고, 취미는 등산과 요리입니다. "
        "아직 회원이 아닙니다.",
        {
            "name": "최수현",
            "age": 29,
            "job": "개발자",
            "city": "서울",
            "skills": ["파이썬", "자바"],
            "hobbies": ["등산", "요리"],
            "is_member": False,
        },
    ),
    Case(
        "방 구하기",
        shape(
            location=MAYBE,
            area_pyeong=NUMBER,
            deposit=NUMBER,
            monthly_rent=NUMBER,
            pets_allowed=YES,
            parking=YES,
            move_in_date=MAYBE,
        ),
        "부동산: 역삼동 투룸, 전용면적 15평, 보증금 3000만원에 월세 90만원, 반려동물 불가, 주차 가능, 5월 1일 "
        "입주 가능",
        {
            "location": "역삼동",
            "area_pyeong": 15,
            "deposit": 30_000_000,
            "monthly_rent": 900_000,
            "pets_allowed": False,
            "parking": True,
            "move_in_date": "5월 1일",
        },
    ),
]


def request(case: Case) -> dict[str, Any]:
    if isinstance(case.wanted, str):
        korean = case.name >= "가"
        asked = f"아래 글을 JSON으로 정리해줘. 예: {case.wanted}" if korean else f"Extract as JSON: {case.wanted}"
        content, response_format = f"{asked}\n\n{case.text}", {"type": "json_object"}
    else:
        named = {"name": "facts", "strict": True, "schema": case.wanted}
        content, response_format = case.text, {"type": "json_schema", "json_schema": named}
    messages = [{"role": "user", "content": content}]
    return {"model": "demo", "messages": messages, "temperature": 0, "response_format": response_format}


def ordered(value: Any) -> Any:
    """A value in which the order of keys counts."""
    if isinstance(value, dict):
        return [(name, ordered(inner)) for name, inner in value.items()]
    return [ordered(inner) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_prompts(http, case):
    response = await http.post("/chat/completions", json=request(case))
    assert response.status_code == 200, response.text
    answer = response.json()["choices"][0]["message"]["content"]
    value = json.loads(answer)
    assert ordered(value) == ordered(case.value)
    assert answer == json.dumps(value, ensure_ascii=False, indent=2)
    if isinstance(case.wanted, dict):
        assert problems(value, case.wanted, case.wanted) == []


def test_there_are_enough_prompts():
    assert len(CASES) >= 20
    assert sum(case.name >= "가" for case in CASES) >= 10


# --- where the text and the shape stand ------------------------------------------------------------------------------


def answered(*turns: Turn, wanted: AnyJson | SchemaJson | None = None) -> Any:
    return json.loads(json_answers.answer(turns, turns[-1], wanted or AnyJson()))


PEOPLE = '{"people": ["aaa", "bbb"]}'
TALE = "옛날 옛적에 할아버지와 할머니가 살고 있었습니다"
ASKED = [
    f"{PEOPLE} 꼴의 JSON으로 답해줘: {TALE}",
    f"등장인물을 JSON으로. 예: {PEOPLE}\n\n{TALE}",
    f"{TALE}\n\n이 글의 인물을 {PEOPLE} 꼴의 JSON으로",
    f"다음 글에서 사람을 찾아 JSON으로 답해줘.\n```json\n{PEOPLE}\n```\n글: {TALE}",
    f"Extract people as JSON like {{'people': ['aaa', 'bbb', ...]}}\n\n{TALE}",
]


@pytest.mark.parametrize("text", ASKED)
def test_the_text_is_found_beside_its_example(text):
    assert answered(Turn("user", text)) == {"people": ["할아버지", "할머니"]}


def test_a_request_may_point_back():
    turns = (Turn("user", TALE), Turn("assistant", "Nice."), Turn("user", f"위 글을 JSON으로 정리해줘. 예: {PEOPLE}"))
    assert answered(*turns) == {"people": ["할아버지", "할머니"]}
    schema = shape(people=listing(TEXT))
    asked = Turn("user", "Now turn that into JSON, please.")
    assert answered(turns[0], turns[1], asked, wanted=SchemaJson(schema)) == {"people": ["할아버지", "할머니"]}


def test_the_example_may_name_types_and_choices():
    example = '{"name": "string", "age": "number", "member": "boolean", "mood": "good | bad", "tags": ["string"]}'
    value = answered(Turn("user", f"JSON like {example}\n\nAnna (31) is not a member. The food was awful. #lunch"))
    assert value == {"name": "Anna", "age": 31, "member": False, "mood": "bad", "tags": ["lunch"]}


@pytest.mark.parametrize(
    ("options", "chosen"), [(("en", "ko"), "ko"), (("English", "Korean"), "Korean"), (("영어", "한국어"), "한국어")]
)
def test_the_language_is_named_as_the_options_name_it(options, chosen):
    schema = shape(language=one_of(*options))
    assert answered(Turn("user", "나는 학교에 간다"), wanted=SchemaJson(schema)) == {"language": chosen}


def test_json_is_data_for_a_schema():
    schema = shape(name=MAYBE, phone=MAYBE, city=MAYBE)
    turn = Turn("user", '{"kunde": {"Name": "Jane", "Phone": "555-123-4567"}}')
    assert answered(turn, wanted=SchemaJson(schema)) == {"name": "Jane", "phone": "555-123-4567", "city": None}


def test_without_a_shape_only_what_was_found_is_told():
    assert answered(Turn("user", "json: nothing here")) == {"language": "en", "characters": 12, "words": 2}
    value = answered(Turn("user", "json으로: 김민지, 3월 4일 부산, 12,000원"))
    assert value["people"] == ["김민지"]
    assert (value["places"], value["dates"], value["amounts"]) == (["부산"], ["3월 4일"], [12000])


# --- what is taken for what ------------------------------------------------------------------------------------------

PERSONS = [
    ("철수와 영희가 만났다.", ["철수", "영희"]),
    ("김 대리가 보고서를 쓰고 박 과장님이 검토합니다.", ["김 대리", "박 과장님"]),
    ("홍길동은 서울대학교를 졸업하고 삼성전자에 입사했다.", ["홍길동"]),
    ("아침에 친구 지영이를 만나 자전거를 탔다.", ["친구", "지영"]),
    ("최근에 박물관에서 한국인 관광객이 정말로 조용한 시간을 보냈다. 신문을 읽고 김치를 먹었다.", []),
    ("이번 여행에서 최고의 음식은 송어회였고 안내원이 친절했다. 주차장이 좁다.", []),
    ("정기 회의는 조용히 진행되었고 전문가들이 이유를 설명했다. 신제품은 안정적이다.", []),
    ("Kim Min-ji and Lee Jun-ho met at Seoul Station Exit 3.", ["Kim Min-ji", "Lee Jun-ho"]),
    ("Dear Ms. Lindqvist,\nthank you.\nBest regards,\nTobias Ahlgren", ["Lindqvist", "Tobias Ahlgren"]),
    ("Zoltan will prepare the slides. Tell Bob that Carol agreed.", ["Zoltan", "Bob", "Carol"]),
    ("Yesterday the weather was great. Staffing was poor. Breakfast is served at seven.", []),
    ("Banana was eaten. Bread is nice. Battery is great. Chrome is slow. Costs will rise.", []),
    ("The Eiffel Tower is in Paris. Visit the Louvre Museum. The Galaxy S24 is great.", []),
]


@pytest.mark.parametrize(("text", "found"), PERSONS)
def test_people(text, found):
    assert [each.value for each in names.people(text)] == found


PLACES = [
    ("나는 부산에 살아. 온도에 따라 정도의 차이가 다시 행동에 영향을", ["부산"]),
    ("본관 2층 대회의실에서 열립니다", ["2층 대회의실"]),
    ("I moved from Lagos to Berlin in May 2020.", ["Lagos", "Berlin"]),
    ("She studied at the University of Toronto on Monday.", ["University of Toronto"]),
]


@pytest.mark.parametrize(("text", "found"), PLACES)
def test_places(text, found):
    assert [each.value for each in names.places(text)] == found


DATES = [
    ("2026년 3월 4일부터 3월 6일까지", ["2026-03-04", "2026-03-06"]),
    ("March 4, 2026 or 5 March", ["2026-03-04", "2026-03-05"]),
    ("on Mar 4th", ["Mar 4th"]),
    ("3월 4일", ["3월 4일"]),
    ("04.03.2026, 3/5/2026, 2026. 3. 6.", ["2026-03-04", "2026-03-05", "2026-03-06"]),
    ("다음 주 화요일까지", ["다음 주 화요일"]),
    ("by next Friday", ["next Friday"]),
    ("May I ask? 13월 40일, 12,000, 010-1234-5678", []),
]


@pytest.mark.parametrize(("text", "found"), DATES)
def test_dates(text, found):
    assert [each.value for each in dates.days(text)] == found


TIMES = [
    ("오후 3시 30분, 10시 반, 정오", ["15:30", "10:30", "12:00"]),
    ("3:30 p.m., 12:30am, noon", ["15:30", "00:30", "12:00"]),
    ("오후 7시부터 9시까지", ["19:00", "21:00"]),
    ("from 2 to 4 pm", ["14:00", "16:00"]),
    ("회의는 3시", ["3시"]),
    ("3시간 걸림, 2026-03-04", []),
]


@pytest.mark.parametrize(("text", "found"), TIMES)
def test_times(text, found):
    assert [each.value for each in dates.times(text)] == found


AMOUNTS = [
    ("3만 5천원", [(35_000, "KRW")]),
    ("1억 2,000만 원", [(120_000_000, "KRW")]),
    ("2.5 million won", [(2_500_000, "KRW")]),
    ("$12.50 and US$3k", [(12.5, "USD"), (3000, "USD")]),
    ("₩9,900", [(9900, "KRW")]),
    ("35,000원짜리", [(35_000, "KRW")]),
    ("사과 3개, 12 people", []),
]


@pytest.mark.parametrize(("text", "found"), AMOUNTS)
def test_amounts(text, found):
    assert [each.value for each in quantities.amounts(text)] == [value for value, _ in found]
    assert {each.value for each in quantities.currencies(text)} == {code for _, code in found}


RATINGS = [
    ("4/5", 4),
    ("4.5 out of 5", 4.5),
    ("5점 만점에 4점", 4),
    ("별 다섯 개", 5),
    ("★★★★☆", 4),
    ("three stars", 3),
    ("별점: 3.5", 3.5),
]


@pytest.mark.parametrize(("text", "value"), RATINGS)
def test_ratings(text, value):
    assert quantities.ratings(text)[0].value == value


PHONES = [
    ("010-1234-5678 or +82 10-1234-5678", ["010-1234-5678", "+82 10-1234-5678"]),
    ("+1 (415) 555-0132, (02) 123-4567", ["+1 (415) 555-0132", "(02) 123-4567"]),
    ("01012345678, 1588-1234", ["01012345678", "1588-1234"]),
    ("2026-03-04, 2018-2022, 12,000 34,000, 3.14159265", []),
]


@pytest.mark.parametrize(("text", "found"), PHONES)
def test_phones(text, found):
    assert [each.value for each in extracting.phones(text)] == found


ITEMS = [
    ("사과 3개와 배 두 개를 샀다.", [("사과", 3), ("배", 2)]),
    ("나는 오늘 마트에서 우유 2병, 그리고 돼지고기 600g을 샀어요.", [("우유", 2), ("돼지고기", 600)]),
    ("I bought 3 apples, two bottles of milk and a loaf of bread.", [("apples", 3), ("milk", 2), ("bread", 1)]),
    ("1. Widget A (qty 3) - $30\n2. Widget B (qty 1) - $15", [("Widget A", 3), ("Widget B", 1)]),
    ("It has 16 GB RAM, takes 2 hours and weighs 1.24 kg.", []),
]


@pytest.mark.parametrize(("text", "found"), ITEMS)
def test_items(text, found):
    assert [(item.name, item.quantity) for item in quantities.items(text)] == found


TRUTHS = [
    ("in_stock", "The lamp is in stock.", True),
    ("in_stock", "Sold out until May.", False),
    ("in_stock", "재고가 없습니다", False),
    ("is_member", "회원이 아니다", False),
    ("is_member", "저는 회원입니다", True),
    ("회원여부", "비회원", False),
    ("attended", "Joon did not attend the meeting.", False),
    ("pets_allowed", "No pets allowed", False),
    ("paid", "미결제", False),
    ("would_recommend", "추천합니다", True),
    ("isUrgent", "ASAP please", True),
    ("is_married", "Nothing is said of it.", None),
]


@pytest.mark.parametrize(("key", "text", "value"), TRUTHS)
def test_truths(key, text, value):
    assert judging.truth(key, text) is value


SENTIMENTS = [
    ("I am not happy with it, the battery is bad", "negative"),
    ("not bad at all", "positive"),
    ("정말 좋아요! 배송도 빠르고 만족합니다.", "positive"),
    ("음식은 맛있지 않았고 직원은 불친절했다", "negative"),
    ("It arrived on Tuesday.", "neutral"),
]


@pytest.mark.parametrize(("text", "value"), SENTIMENTS)
def test_sentiments(text, value):
    assert judging.sentiment(text) == value


KEYS = [
    ("firstName", "people"),
    ("customer_email", "emails"),
    ("number_of_guests", "headcounts"),
    ("order_number", "codes"),
    ("orderDate", "days"),
    ("operating_system", "systems"),
    ("전화번호", "phones"),
    ("총금액", "amounts"),
    ("상품명", "items"),
    ("키워드", "key_words"),
    ("page", None),
    ("tournament", None),
]


@pytest.mark.parametrize(("key", "row"), KEYS)
def test_keys(key, row):
    assert keys.row_of(key) == row


NAMES = [
    (("name", "price", "in_stock"), "", "items"),
    (("name", "email", "company"), "", "people"),
    (("name", "date", "location"), "", "title"),
    (("name",), "products", "items"),
    (("name",), "event", "title"),
    (("name", "title", "email"), "", "people"),
]


@pytest.mark.parametrize(("siblings", "parent", "row"), NAMES)
def test_a_name_is_that_of_its_object(siblings, parent, row):
    assert keys.resolved_row("name", parent, siblings) == row


# --- pictures --------------------------------------------------------------------------------------------------------

CHART = {
    "picture": 1,
    "width": 640,
    "height": 420,
    "kind": "bar chart",
    "colours": [{"colour": "white", "share_percent": 71}, {"colour": "blue", "share_percent": 20}],
    "bars": [
        {"position": 1, "colour": "blue", "height_percent": 80},
        {"position": 2, "colour": "red", "height_percent": 100},
        {"position": 3, "colour": "green", "height_percent": 35},
    ],
    "tallest": {"position": 2, "colour": "red", "height_percent": 100},
    "shortest": {"position": 3, "colour": "green", "height_percent": 35},
}
SHAPES = {
    "picture": 1,
    "kind": "도형",
    "colours": [{"colour": "흰색", "share_percent": 71}],
    "shapes": [
        {"kind": "원", "colour": "빨강", "position": "왼쪽 위", "size_percent": 4.5},
        {"kind": "사각형", "colour": "파랑", "position": "가운데", "size_percent": 6.0},
    ],
    "count": 2,
    "counts": [{"kind": "원", "colour": "빨강", "count": 1}, {"kind": "사각형", "colour": "파랑", "count": 1}],
}
BARS = [("blue", 80), ("red", 100), ("green", 35)]
MEASURED: list[tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        CHART,
        shape(bars=listing(shape(name=TEXT, colour=TEXT, height=NUMBER))),
        {"bars": [{"name": str(n), "colour": c, "height": h} for n, (c, h) in enumerate(BARS, start=1)]},
    ),
    (
        CHART,
        shape(table=listing(shape(label=TEXT, value={"type": "integer"}))),
        {"table": [{"label": str(n), "value": h} for n, (_, h) in enumerate(BARS, start=1)]},
    ),
    (
        CHART,
        shape(number_of_bars=WHOLE, tallest=TEXT, tallest_color=TEXT, shortest=NUMBER, heights=listing(NUMBER)),
        {"number_of_bars": 3, "tallest": "2", "tallest_color": "red", "shortest": 35, "heights": [80, 100, 35]},
    ),
    (
        CHART,
        {
            "type": "object",
            "properties": {
                "막대": listing(shape(이름=TEXT, 높이=NUMBER, 색=TEXT)),
                "가장 높은 막대": TEXT,
                "너비": NUMBER,
            },
        },
        {
            "막대": [{"이름": str(n), "높이": h, "색": c} for n, (c, h) in enumerate(BARS, start=1)],
            "가장 높은 막대": "2",
            "너비": 640,
        },
    ),
    (
        CHART,
        shape(kind=one_of("photo", "bar chart"), author=MAYBE, has_bars=YES),
        {"kind": "bar chart", "author": None, "has_bars": True},
    ),
    (
        SHAPES,
        shape(도형=listing(shape(모양=TEXT, 색=TEXT, 위치=TEXT)), 개수=WHOLE),
        {
            "도형": [
                {"모양": "원", "색": "빨강", "위치": "왼쪽 위"},
                {"모양": "사각형", "색": "파랑", "위치": "가운데"},
            ],
            "개수": 2,
        },
    ),
    (
        SHAPES,
        shape(items=listing(shape(name=TEXT, color=TEXT, count=WHOLE))),
        {
            "items": [
                {"name": "원", "color": "빨강", "count": 1},
                {"name": "사각형", "color": "파랑", "count": 1},
            ]
        },
    ),
    (
        {"pictures": [CHART, SHAPES]},
        shape(images=listing(shape(kind=TEXT))),
        {"images": [{"kind": "bar chart"}, {"kind": "도형"}]},
    ),
]


@pytest.mark.parametrize(("facts", "schema", "value"), MEASURED)
def test_facts_of_pictures_fill_a_shape(facts, schema, value):
    filled = schema_filling.fill(schema, FactSource(facts))
    assert ordered(filled) == ordered(value)
    assert problems(filled, schema, schema) == []


def drawn(
    *rectangles: tuple[str, tuple[int, int, int, int]], circles: tuple[tuple[int, int], ...] = ()
) -> dict[str, Any]:
    """A content part: rectangles, and red circles around their centres, on white."""
    image = Image.new("RGB", (640, 420), "white")
    pen = ImageDraw.Draw(image)
    for colour, box in rectangles:
        pen.rectangle(box, fill=colour)
    for x, y in circles:
        pen.ellipse((x - 50, y - 50, x + 50, y + 50), fill="red")
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    encoded = base64.b64encode(buffer.getvalue()).decode()
    return {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}


async def asked_of_picture(http: httpx2.AsyncClient, text: str, part: dict[str, Any]) -> dict[str, Any]:
    messages = [{"role": "user", "content": [{"type": "text", "text": text}, part]}]
    request = {"model": "demo", "messages": messages, "temperature": 0, "response_format": {"type": "json_object"}}
    response = await http.post("/chat/completions", json=request)
    assert response.status_code == 200, response.text
    return json.loads(response.json()["choices"][0]["message"]["content"])


async def test_a_bar_chart_becomes_a_table(http):
    chart = drawn(("blue", (80, 120, 180, 360)), ("red", (260, 60, 360, 360)), ("green", (440, 255, 540, 360)))
    value = await asked_of_picture(http, 'As JSON: {"bars": [{"name": "...", "colour": "...", "height": 0}]}', chart)
    assert [(bar["name"], bar["colour"]) for bar in value["bars"]] == [("1", "blue"), ("2", "red"), ("3", "green")]
    assert [bar["height"] for bar in value["bars"]] == pytest.approx([80, 100, 35], abs=1)
    korean = await asked_of_picture(
        http, '표를 JSON으로: {"표": [{"이름": "", "높이": 0}], "가장 높은 막대": ""}', chart
    )
    assert [row["높이"] for row in korean["표"]] == pytest.approx([80, 100, 35], abs=1)
    assert korean["가장 높은 막대"] == "2"


async def test_shapes_are_counted_in_json(http):
    shapes = drawn(("blue", (280, 250, 360, 330)), circles=((100, 100), (500, 100)))
    value = await asked_of_picture(http, 'JSON like {"red_circles": 0, "shapes": [{"kind": "", "colour": ""}]}', shapes)
    assert value["red_circles"] == 2
    assert sorted(shape["colour"] for shape in value["shapes"]) == ["blue", "red", "red"]


async def test_without_a_shape_the_facts_of_the_picture_are_told(http):
    value = await asked_of_picture(http, "json please", drawn(("blue", (80, 120, 180, 360))))
    assert (value["width"], value["height"], value["format"]) == (640, 420, "PNG")


# --- any schema, any text --------------------------------------------------------------------------------------------

WORDS = [
    "name", "email", "age", "price", "items", "total", "date", "mood", "tags", "steps", "person",
    "place", "in_stock", "x", "이름", "가격", "날짜", "감정", "할일", "목록",
]  # fmt: skip
MATERIAL = (
    "",
    "no idea",
    "김민지(24세)는 3월 4일 부산에서 사과 3개를 6,000원에 샀다. 정말 좋았다!\n- 배 2개\n- 감 1개",
    "Mina Park, 31, paid $12.50 for 2 lamps on March 4, 2026 in Oslo.\nTotal: $25\n1. Open\n2. Close",
    '{"a": [1, 2, {"b": null}]} \ud800 "\\u0000" 1e999 -0 ٣',
)


def any_schema(dice: random.Random, depth: int = 0) -> dict[str, Any]:
    kind = dice.choice(["string", "number", "integer", "boolean", "array", "object", "enum", "anyOf", "const", "ref"])
    if depth > 3 and kind in ("array", "object", "anyOf"):
        kind = "string"
    match kind:
        case "enum":
            return {"enum": dice.sample(["low", "high", "긍정", "부정", 1, 2.5, None, True], 3)}
        case "const":
            return {"const": dice.choice(["x", 1, None, False])}
        case "ref":
            return {"$ref": "#/$defs/thing"}
        case "anyOf":
            return {"anyOf": [any_schema(dice, depth + 1) for _ in range(dice.randint(1, 3))]}
        case "array":
            least = dice.choice([0, 0, 2])
            return {"type": "array", "items": any_schema(dice, depth + 1), "minItems": least, "maxItems": least + 2}
        case "object":
            properties = {word: any_schema(dice, depth + 1) for word in dice.sample(WORDS, dice.randint(0, 5))}
            return {"type": "object", "properties": properties, "required": list(properties)}
        case "number" | "integer":
            low = dice.randint(-20, 20)
            bounds = {"minimum": low, "maximum": low + dice.randint(2, 9)}
            if kind == "number" and dice.random() < 0.3:
                bounds = {"exclusiveMinimum": low, "exclusiveMaximum": low + 1}
            elif dice.random() < 0.3:
                bounds |= {"multipleOf": 2}
            return {"type": dice.choice([kind, [kind, "null"]]), **(bounds if dice.random() < 0.7 else {})}
    return {"type": dice.choice([kind, [kind, "null"]])}


@pytest.mark.parametrize("seed", range(40))
def test_what_is_filled_always_fits(seed):
    dice = random.Random(seed)
    schema = shape(**{word: any_schema(dice) for word in WORDS})
    schema["$defs"] = {"thing": shape(name=TEXT, age=WHOLE)}
    for text in MATERIAL:
        value = json.loads(json_answers.answer((Turn("user", text),), Turn("user", text), SchemaJson(schema)))
        assert problems(value, schema, schema) == []


def test_a_schema_without_end_ends():
    schema: dict[str, Any] = {"type": "object", "properties": {"name": TEXT}, "required": ["name"]}
    schema["properties"] |= {word: {"anyOf": [{"$ref": "#"}, {"type": "null"}]} for word in ("parent", "child", "boss")}
    value = schema_filling.fill(schema, TextSource("Mina is the boss of Tom."))
    assert problems(value, schema, schema) == []


def test_infinities_of_a_schema_become_null():
    schema = {"type": "object", "properties": {"x": {"const": math.inf}, "y": {"type": "number", "minimum": -math.inf}}}
    assert answered(Turn("user", "x"), wanted=SchemaJson(schema)) == {"x": None, "y": 0}


ODD_SCHEMAS = [
    {
        "type": "object",
        "properties": {"x": {"type": "array", "items": {"$ref": "#/$defs/a"}}},
        "$defs": {"a": {"anyOf": [{"$ref": "#/$defs/a"}] * 8}},
    },
    {"type": "object", "properties": {"x": {"type": "number", "multipleOf": 1e-320, "minimum": 1}}},
    {"type": "object", "properties": {"x": {"type": "integer", "minimum": 10**400}}},
    {
        "type": "object",
        "properties": {"x": {"$ref": "#/x/y"}},
        "x": {"y": {"type": "array", "minItems": "a", "items": {"type": "string"}}},
    },
    {"type": "object", "properties": {"x": {"$ref": "#/oneOf/0"}}, "oneOf": [{"type": "object", "required": 5}]},
]


@pytest.mark.parametrize("schema", ODD_SCHEMAS, ids=str)
async def test_odd_schemas_get_a_value_or_a_refusal(http, schema):
    wanted = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    messages = [{"role": "user", "content": "Alice is 30 and Bob is 31"}]
    body = {"model": "demo", "messages": messages, "response_format": wanted}
    response = await http.post("/chat/completions", json=body)
    if response.status_code == 200:
        assert isinstance(json.loads(response.json()["choices"][0]["message"]["content"]), dict)
    else:
        assert (response.status_code, response.json()["error"]["param"]) == (400, "response_format")
