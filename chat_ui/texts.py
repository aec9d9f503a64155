"""Every visible string, English and Korean, and numbers and money in the reader's form.

``TEXTS[key]`` is the pair (English, Korean); ``t(language, key, **fields)`` fills it in. A test holds that both sides
are there and take the same fields.
"""

from datetime import date
from decimal import Decimal
from typing import Literal, get_args

Language = Literal["en", "ko"]
LANGUAGES: tuple[Language, ...] = get_args(Language)

TEXTS: dict[str, tuple[str, str]] = {
    # the page
    "tab.chat": ("Chat", "채팅"),
    "tab.describe": ("Describe images", "이미지 설명"),
    "tab.extract": ("Extract JSON", "JSON 추출"),
    "tab.usage": ("Tokens & cost", "토큰과 비용"),
    "tab.inspect": ("Under the hood", "안쪽 들여다보기"),
    # connection
    "connection.demo": (
        "Demo model: not an AI, free, offline",
        "데모 모델: AI가 아니며 무료, 오프라인",
    ),
    "connection.use_key": ("use my key", "내 키 쓰기"),
    "connection.openai": ("OpenAI, with the key of this app's owner", "OpenAI, 이 앱 주인의 키로"),
    "connection.openai_typed": ("OpenAI, with your key", "OpenAI, 내 키로"),
    "connection.custom": ("{host}, with the key of this app's owner", "{host}, 이 앱 주인의 키로"),
    "connection.custom_typed": ("{host}, with your key", "{host}, 내 키로"),
    "connection.local": ("{host}, on this machine, free", "{host}, 이 컴퓨터, 무료"),
    "connection.own": ("Use my key or server", "내 키나 서버 쓰기"),
    "connection.key": ("API key", "API 키"),
    "connection.key_info": (
        "Kept in memory for this visit only. Never written, shown back or logged.",
        "이번 방문 동안 메모리에만 둡니다. 저장하거나 다시 보여 주거나 기록하지 않습니다.",
    ),
    "connection.url": ("Base URL", "기본 URL"),
    "connection.url_info": (
        "Empty: OpenAI. Any server that speaks Chat Completions will do.",
        "비워 두면 OpenAI. Chat Completions를 쓰는 서버면 됩니다.",
    ),
    "connection.connect": ("Connect", "연결하기"),
    "connection.forget": ("Disconnect and forget my key", "연결을 끊고 내 키 지우기"),
    "connection.local_found": (
        "Model servers found on this machine",
        "이 컴퓨터에서 찾은 모델 서버",
    ),
    "connection.local_use": ("Use it", "사용하기"),
    "connection.connected": ("Connected: {where}.", "연결했습니다: {where}."),
    "connection.forgotten": (
        "Disconnected, and your key is forgotten. Now: {where}.",
        "연결을 끊고 키를 지웠습니다. 지금은 {where}.",
    ),
    "connection.no_models": (
        "Connected, but the server lists no models: type the name of one. ({reason})",
        "연결했지만 서버가 모델 목록을 주지 않습니다. 모델 이름을 직접 입력하세요. ({reason})",
    ),
    # model
    "model.label": ("Model", "모델"),
    "model.info": ("From the server's list; any other name can be typed.", "서버 목록에서 고르거나 직접 입력합니다."),
    "model.context": ("context {tokens}", "컨텍스트 {tokens}"),
    "model.context_unknown": ("context unknown", "컨텍스트 모름"),
    "model.price": ("{input} in · {output} out per 1M tokens", "100만 토큰당 입력 {input} · 출력 {output}"),
    "model.price_cached": ("{cached} cached", "캐시 {cached}"),
    "model.free": ("free", "무료"),
    "model.price_unknown": ("price unknown", "가격 모름"),
    "model.images_yes": ("takes pictures", "이미지 가능"),
    "model.images_no": ("text only", "텍스트만"),
    "model.images_unknown": ("pictures: unknown", "이미지: 모름"),
    "model.efforts": ("reasoning effort: {efforts}", "추론 노력: {efforts}"),
    "model.shutdown": ("shuts down on {date}", "{date}에 종료"),
    "model.ended": ("was shut down on {date}", "{date}에 종료됨"),
    # failure drills: what a real server does, on one line each
    "drill.label": ("Failure drill", "실패 연습"),
    "drill.info": (
        "Answers as real servers fail, so that you meet each failure once and see what to do. Choose one and send any "
        "message; choosing a model ends the drill.",
        "진짜 서버의 실패를 그대로 흉내 냅니다. 하나를 고르고 아무 메시지나 보내면 무슨 일이 생기고 무엇을 하면 되는지 볼 수 "
        "있습니다. 모델을 고르면 연습이 끝납니다.",
    ),
    "drill.chosen": (
        "Failure drill. {what}. Now send any message.",
        "실패 연습. {what}. 이제 아무 메시지나 보내 보세요.",
    ),
    "drill.card": ("Failure drill. {what}.", "실패 연습. {what}."),
    "drill.wrong_key": ("Wrong key: the server refuses it (401)", "잘못된 키: 서버가 키를 거절합니다(401)"),
    "drill.quota": (
        "Quota used up: refused until somebody pays (429)",
        "할당량 소진: 결제할 때까지 거절합니다(429)",
    ),
    "drill.rate_limit": (
        "Rate limit: come back in a few seconds (429)",
        "요청 한도: 몇 초 뒤에 다시 오라고 합니다(429)",
    ),
    "drill.server_error": ("Server error: its own fault (500)", "서버 오류: 서버 자신의 문제입니다(500)"),
    "drill.silence": (
        "Silence: takes the request, then sends nothing",
        "침묵: 요청을 받고는 아무것도 보내지 않습니다",
    ),
    "drill.cut": ("Cut: the connection breaks in mid-answer", "끊김: 답 도중에 연결이 끊어집니다"),
    "drill.length": (
        "Length: the answer stops at the limit of tokens",
        "길이: 답이 토큰 한도에서 멈춥니다",
    ),
    "drill.content_filter": (
        "Filter: the provider's filter ends the answer",
        "필터: 제공자의 필터가 답을 멈춥니다",
    ),
    "drill.refusal": ("Refusal: the model declines to answer", "거절: 모델이 답하기를 거절합니다"),
    "drill.blanks": (
        "Blanks: in JSON mode, blanks without end",
        "공백: JSON 모드에서 공백만 끝없이 씁니다",
    ),
    # persona
    "persona.label": ("Persona", "페르소나"),
    "persona.prompt": ("System prompt", "시스템 프롬프트"),
    "persona.prompt_info": (
        "Sent before the messages on every turn. Empty: none is sent.",
        "매 턴 메시지 앞에 보냅니다. 비우면 보내지 않습니다.",
    ),
    # parameters
    "temperature.own": ("Set the temperature", "온도 직접 정하기"),
    "temperature.own_info": ("Off: not sent, the model's default.", "끄면 보내지 않고 모델 기본값을 씁니다."),
    "temperature.label": ("Temperature", "온도"),
    "temperature.suggested": (
        "This persona suggests a temperature of {value}.",
        "이 페르소나의 권장 온도는 {value}입니다.",
    ),
    "json.label": ("JSON mode", "JSON 모드"),
    "json.info": ("The answer is one JSON value.", "답이 JSON 값 하나로 옵니다."),
    "history.label": ("History sent", "보낼 대화 기록"),
    "history.info": (
        "A model remembers nothing: it knows only what is sent.",
        "모델은 기억하지 못합니다. 보낸 것만 압니다.",
    ),
    "history.all": ("all", "전체"),
    "history.last": ("last turns", "최근 몇 턴"),
    "history.none": ("none", "없음"),
    "history.turns": ("Earlier turns to send", "함께 보낼 이전 턴 수"),
    "stream.label": ("Streaming", "스트리밍"),
    "stream.info": ("Show the answer as it is written.", "답을 쓰는 대로 보여 줍니다."),
    "more.label": ("More parameters", "다른 파라미터"),
    "more.info": ("What is empty is not sent.", "비워 둔 것은 보내지 않습니다."),
    "more.max_tokens": ("Longest answer (tokens)", "답의 최대 길이(토큰)"),
    "more.top_p": ("top_p", "top_p"),
    "more.effort": ("Reasoning effort", "추론 노력"),
    "more.effort_default": ("model's default", "모델 기본값"),
    "effort.none": ("none", "none · 없음"),
    "effort.minimal": ("minimal", "minimal · 아주 적게"),
    "effort.low": ("low", "low · 적게"),
    "effort.medium": ("medium", "medium · 보통"),
    "effort.high": ("high", "high · 많이"),
    "effort.xhigh": ("xhigh", "xhigh · 아주 많이"),
    "effort.max": ("max", "max · 최대"),
    "more.seed": ("Seed", "시드"),
    "more.stop": ("Stop texts, one per line", "중지 문자열(한 줄에 하나)"),
    "pictures.label": ("Pictures", "이미지"),
    "detail.label": ("Level of detail", "보는 정밀도(detail)"),
    "detail.info": (
        "How closely the model looks. It decides what a picture costs.",
        "모델이 얼마나 자세히 보는지입니다. 이미지 값이 이것으로 정해집니다.",
    ),
    "detail.none": ("not set", "보내지 않음"),
    "detail.auto": ("auto", "자동(auto)"),
    "detail.low": ("low", "낮음(low)"),
    "detail.high": ("high", "높음(high)"),
    "detail.original": ("original", "원본(original)"),
    "sizing.label": ("Size sent", "보낼 크기"),
    "sizing.info": (
        "For pictures attached from now on. “What the model sees” costs no quality.",
        "앞으로 첨부하는 이미지에 적용됩니다. ‘모델이 보는 크기’는 화질을 잃지 않습니다.",
    ),
    "sizing.as_is": ("as it is", "그대로"),
    "sizing.fit": ("what the model sees", "모델이 보는 크기"),
    "sizing.small": ("small: 512 px", "작게: 512픽셀"),
    "kept.label": ("Pictures sent again", "다시 보낼 이미지"),
    "kept.info": (
        "Each turn pays for every picture it carries. Older ones become a line of text.",
        "대화마다 함께 보낸 이미지 값을 다시 냅니다. 더 오래된 이미지는 글 한 줄로 남습니다.",
    ),
    "kept.one": ("this turn’s", "이번 것만"),
    "kept.two": ("last 2 turns", "최근 2번"),
    "kept.four": ("last 4 turns", "최근 4번"),
    "kept.all": ("all", "모두"),
    "links.label": ("Picture links in the text", "글 속의 이미지 링크"),
    "pictures.url": ("send the link", "링크로 보내기"),
    "pictures.fetch": ("fetch and send the picture", "받아서 이미지로 보내기"),
    "pictures.text": ("leave as text", "글자 그대로 두기"),
    # chat
    "chat.label": ("Conversation", "대화"),
    "chat.placeholder": (
        "A message, pictures, text files…",
        "메시지, 이미지, 텍스트 파일…",
    ),
    "chat.new": ("New chat", "새 대화"),
    "chat.edit_answer": (
        "Edit this answer: the model will be told that it said this",
        "이 답을 고칩니다. 모델에게는 이렇게 말한 것으로 전달됩니다",
    ),
    "chat.save_answer": ("Save", "저장"),
    "chat.cancel_edit": ("Cancel editing", "편집 취소"),
    "chat.editing": (
        "Editing an earlier message. What follows it is cut when you send.",
        "이전 메시지를 편집하는 중입니다. 보내면 그 뒤의 대화는 지워집니다.",
    ),
    "chat.waiting": ("Waiting for the model… {seconds} s", "모델을 기다리는 중… {seconds}초"),
    "chat.retrying": (
        "{reason} Trying again in {seconds} s (attempt {attempt}).",
        "{reason} {seconds}초 뒤 다시 시도합니다({attempt}번째).",
    ),
    "chat.retry_asked": ("The server asks to wait {seconds} s.", "서버가 {seconds}초 기다리라고 합니다."),
    "chat.retry_limited": ("The server limits the rate of requests.", "서버가 요청 빈도를 제한합니다."),
    "chat.retry_failed": ("The server failed.", "서버 오류가 있었습니다."),
    "chat.retry_unreachable": ("No connection.", "연결되지 않았습니다."),
    "chat.only_blanks": ("Only blanks so far: {count}", "아직 공백뿐: {count}자"),
    "chat.reasoning": ("Reasoning", "추론 과정"),
    "chat.too_many_files": (
        "A message takes up to {most} files. Remove some and send again.",
        "메시지 하나에 파일은 {most}개까지입니다. 몇 개를 빼고 다시 보내세요.",
    ),
    "chat.nothing_to_send": ("Type a message or attach a file first.", "먼저 메시지를 쓰거나 파일을 붙이세요."),
    # the first screen: its promise, and the six cards with what they ask and what there was to see
    "first.promise": (
        "See everything a language model is sent, what it answers, and what that costs.",
        "언어 모델에 무엇을 보내고, 무엇을 받고, 얼마가 드는지 모두 보여 드립니다.",
    ),
    "card.shapes.title": ("Ask about a picture", "그림에 대해 묻기"),
    "card.shapes.line": ("How many red circles? It counts.", "빨간 원은 몇 개일까요? 세어 봅니다."),
    "card.shapes.note": (
        "The picture went along in the same message as the question, written out as text (base64). *Under the hood* shows "
        "that message; *Tokens & cost* shows that a picture is paid for in tokens, too.",
        "그림은 질문과 같은 메시지 안에 글자(base64)로 바뀌어 함께 갔습니다. *안쪽 들여다보기*에서 그 메시지를, *토큰과 비용*에서 "
        "그림값도 토큰으로 매겨지는 것을 볼 수 있습니다.",
    ),
    "card.bars.title": ("Turn a chart into data", "그래프를 데이터로"),
    "card.bars.line": ("A bar chart becomes a JSON table.", "막대그래프가 JSON 표가 됩니다."),
    "card.bars.note": (
        "JSON mode was on and the message held an example of the shape, so the answer is data that a program can read. "
        "*Under the hood*: `response_format`, and the example in the message.",
        "JSON 모드를 켜고 메시지에 원하는 모양의 예를 넣었더니, 답이 프로그램이 바로 읽을 수 있는 데이터로 왔습니다. *안쪽 들여다보기*에서 "
        "`response_format`과 메시지 속의 예를 보세요.",
    ),
    "card.memory.title": ("Does it remember me?", "나를 기억할까?"),
    "card.memory.line": (
        "Asked with history, and without.",
        "같은 질문을 기록과 함께, 그리고 기록 없이.",
    ),
    "card.memory.note": (
        "A model remembers nothing. With history *all* the earlier messages were sent again, your name among them; with "
        "*none* only the last question went. Compare the `messages` of the last two requests in *Under the hood*, and "
        "their input in *Tokens & cost*: memory is paid for on every turn.",
        "모델은 아무것도 기억하지 못합니다. 기록을 *전체*로 두면 이름이 든 앞의 메시지까지 다시 보내고, *없음*이면 마지막 질문만 보냅니다. "
        "*안쪽 들여다보기*에서 마지막 두 요청의 `messages`를, *토큰과 비용*에서 입력 토큰을 견줘 보세요. 기억에는 매 턴 돈이 듭니다.",
    ),
    "card.tale.title": ("Watch JSON grow", "자라나는 JSON"),
    "card.tale.line": (
        "The people of a fairy tale, live.",
        "옛이야기 속 사람들이 데이터가 됩니다.",
    ),
    "card.tale.note": (
        "The answer came token by token: that is *streaming*. Until its last brace it was no valid JSON, so a program has "
        "to wait for the end. The shape came from the example in the message: see *Under the hood*.",
        "답이 토큰 단위로 조금씩 왔습니다. 이것이 *스트리밍*입니다. 마지막 괄호가 오기 전까지는 올바른 JSON이 아니므로 프로그램은 끝까지 "
        "기다려야 합니다. 모양은 메시지 속의 예에서 왔습니다. *안쪽 들여다보기*에서 확인해 보세요.",
    ),
    "card.temperature.title": ("Turn up the temperature", "온도 올려 보기"),
    "card.temperature.line": ("One prompt at 0.3, 1.0 and 1.8.", "같은 부탁을 0.3, 1.0, 1.8에서."),
    "card.temperature.note": (
        "The same request went out three times; only `temperature` differed. Low, the likeliest words nearly always win; "
        "high, unlikely ones get their chance, until words leak in that do not belong. *Under the hood* shows the "
        "three requests.",
        "같은 요청을 세 번 보냈고 `temperature`만 달랐습니다. 낮으면 가장 그럴듯한 낱말이 거의 늘 뽑히고, 높으면 드문 낱말에도 기회가 "
        "가다가 마침내 엉뚱한 말이 섞입니다. *안쪽 들여다보기*에서 세 요청을 견줘 보세요.",
    ),
    "card.count.title": ("Count the price", "값을 세어 보기"),
    "card.count.line": (
        "One Korean text, a million times.",
        "한국어 글 하나를 백만 번 보내면?",
    ),
    "card.note": ("What just happened", "방금 일어난 일"),
    "card.stopped.title": ("The card ends here", "카드는 여기까지입니다"),
    "card.stopped.text": (
        "Nothing more will be asked, and your settings are back as they were. *New chat* brings the cards back.",
        "더 묻지 않으며, 설정은 처음대로 돌아왔습니다. *새 대화*를 누르면 카드가 다시 나옵니다.",
    ),
    "card.set_by_card": (
        "Set for this message by the card. Your own settings come back when it has ended.",
        "카드가 이 메시지에만 정한 값입니다. 카드가 끝나면 원래 설정으로 돌아갑니다.",
    ),
    "card.json_on": ("JSON mode: on", "JSON 모드: 켬"),
    "ask.shapes": ("How many red circles?", "빨간 원은 몇 개야?"),
    "ask.bars": (
        "Give me this bar chart as JSON, in the shape of {shape}",
        "이 막대그래프를 JSON으로 바꿔 줘. 모양은 {shape}",
    ),
    "ask.my_name_is": ("Hi, I am Cha Eun-woo", "안녕, 나는 차은우야"),
    "ask.my_name": ("Do you remember my name?", "내 이름 기억해?"),
    "ask.tale": (
        "Put this fairy tale into JSON: {shape}\n\nOnce upon a time there lived an old man and an old woman. The old man went "
        "to the mountains to cut wood, and the old woman went to the river to wash clothes. A great peach came floating "
        "down the river.",
        "이 동화를 JSON으로 정리해 줘: {shape}\n\n옛날 옛적에 할아버지와 할머니가 살고 있었습니다. 할아버지는 산으로 나무를 하러 가고, "
        "할머니는 강으로 빨래를 하러 갔습니다. 강에는 커다란 복숭아가 떠내려오고 있었습니다.",
    ),
    "ask.story": ("Tell me a short story", "짧은 이야기 하나 들려줘"),
    # meter
    "meter.next": ("Next message", "다음 메시지"),
    "meter.tokens": ("≈ {tokens} tokens", "≈ {tokens} 토큰"),
    "meter.parts": (
        "persona {persona} · history {history} · draft {draft}",
        "페르소나 {persona} · 기록 {history} · 초안 {draft}",
    ),
    "meter.images": ("pictures {tokens}", "이미지 {tokens}"),
    "meter.images_unknown": ("{count} picture(s) of unknown size in tokens", "토큰 수를 알 수 없는 이미지 {count}개"),
    "meter.price": ("≈ {money} before the answer", "답 전까지 ≈ {money}"),
    "meter.price_unknown": ("price unknown", "가격 모름"),
    "meter.free": ("free", "무료"),
    "meter.as_if": ("the same on {model} ≈ {money}", "{model} 기준 ≈ {money}"),
    "meter.overflow": (
        "Too long: {model} takes {limit} tokens. Shorten the message or send less history.",
        "너무 깁니다. {model}의 한도는 {limit} 토큰입니다. 메시지를 줄이거나 기록을 덜 보내세요.",
    ),
    "meter.no_images": (
        "{model} takes no pictures; the server will refuse this message.",
        "{model}은(는) 이미지를 받지 않아 서버가 거절할 것입니다.",
    ),
    "meter.picture_too_large": (
        "{name} is too large for {model} at this level of detail. Choose the level high or low, or a smaller size.",
        "{name}: 이 정밀도로 {model}에 보내기에는 너무 큽니다. 정밀도를 높음이나 낮음으로 하거나 크기를 줄이세요.",
    ),
    "meter.ended": ("{model} was shut down on {date}.", "{model}은(는) {date}에 종료되었습니다."),
    "meter.urls": ("{count} picture link(s): {how}", "이미지 링크 {count}개: {how}"),
    # footnote of an answer
    "meter.old_pictures": ("{count} older picture(s) not sent again", "예전 이미지 {count}개는 다시 보내지 않음"),
    # the camera
    "camera.open": ("Camera", "카메라"),
    "camera.label": ("Camera", "카메라"),
    "camera.close": ("Close the camera", "카메라 닫기"),
    # the pictures of the draft
    "picture.tokens": ("tokens:", "토큰:"),
    "picture.on": ("on {model}:", "{model} 기준:"),
    "picture.unknown": ("unknown", "모름"),
    "picture.not_taken": ("not taken", "받지 않음"),
    "picture.too_large": ("refused: too large", "거절됨: 너무 큼"),
    "picture.low_dearer": ("low costs more than high on this model", "이 모델에서는 low가 high보다 비쌉니다"),
    "picture.sent_as": (
        "sent as {width} × {height}: saves {tokens} tokens{price}",
        "{width} × {height}로 보냄: {tokens} 토큰{price} 절약",
    ),
    "picture.sent_as_same": (
        "sent as {width} × {height}: fewer bytes, the same tokens",
        "{width} × {height}로 보냄: 용량만 줄고 토큰은 같음",
    ),
    "picture.would_save": (
        "as {width} × {height} it would save {tokens} tokens{price}",
        "{width} × {height}로 보내면 {tokens} 토큰{price} 절약",
    ),
    "picture.no_smaller": ("sent as it is: nothing would be gained", "그대로 보냄: 줄여도 얻는 것이 없음"),
    "picture.link": (
        "The model’s server fetches it; its size, and so its cost, is not known here.",
        "모델의 서버가 받습니다. 크기를 모르므로 값도 여기서는 알 수 없습니다.",
    ),
    "picture.link_fetched": (
        "It is fetched here when you send; its size, and so its cost, is not known before.",
        "보낼 때 여기서 받습니다. 그 전에는 크기를 모르므로 값도 알 수 없습니다.",
    ),
    "picture.rotated": ("turned upright", "바로 세움"),
    "picture.first_frame": ("only the first frame is sent", "첫 장면만 보냄"),
    "picture.converted": ("converted", "형식 변환"),
    "picture.metadata_removed": ("metadata removed", "메타데이터 지움"),
    "picture.shrunk": ("made smaller", "크기 줄임"),
    "footnote.usage": ("{input} → {output} tokens", "{input} → {output} 토큰"),
    "footnote.first": ("first token {seconds} s", "첫 토큰 {seconds}초"),
    "footnote.speed": ("{speed} tokens/s", "초당 {speed} 토큰"),
    "footnote.unknown_price": ("price unknown", "가격 모름"),
    "footnote.model": ("Model: {model}", "모델: {model}"),
    "footnote.input": ("Input: {tokens} tokens, {cached} of them cached", "입력: {tokens} 토큰, 그중 캐시 {cached}"),
    "footnote.output": (
        "Output: {tokens} tokens, {reasoning} of them reasoning",
        "출력: {tokens} 토큰, 그중 추론 {reasoning}",
    ),
    "footnote.images": (
        "Pictures: {tokens} tokens by the server's count, {estimate} estimated before",
        "이미지: 서버 집계로 {tokens} 토큰, 보내기 전 추정 {estimate}",
    ),
    "footnote.not_told": ("unknown", "알 수 없는 수의"),
    "footnote.finish": ("Finish reason: {reason}", "종료 이유: {reason}"),
    "footnote.unstated": ("not told by the server", "서버가 알려 주지 않음"),
    "footnote.total": ("Time: {seconds} s in all", "시간: 모두 {seconds}초"),
    "footnote.estimated": (
        "≈ The server sent no usage; the tokens are counted here.",
        "≈ 서버가 사용량을 보내지 않아 여기서 센 값입니다.",
    ),
    # notes: ends of answers that are no plain stop
    "note.stopped.title": ("Stopped", "중지함"),
    "note.stopped_charged.text": (
        "You stopped the answer; the connection to the server is closed. What was written so far is charged (≈ estimated).",
        "답을 중지하고 서버와의 연결을 닫았습니다. 그때까지 쓴 것은 과금됩니다(≈ 추정).",
    ),
    "note.stopped_free.text": (
        "You stopped the answer; the connection to the server is closed. Nothing is charged.",
        "답을 중지하고 서버와의 연결을 닫았습니다. 과금은 없습니다.",
    ),
    "note.stopped_nothing.text": (
        "You stopped before the first word came; the connection to the server is closed.",
        "첫 글자가 오기 전에 중지하고 서버와의 연결을 닫았습니다.",
    ),
    "note.length.title": ("Cut at the length limit", "길이 한도에서 잘림"),
    "note.length.text": (
        "The answer reached the limit of tokens. Continue it, or raise the longest answer in the sidebar.",
        "답이 토큰 한도에 닿았습니다. 이어서 쓰게 하거나 사이드바에서 최대 길이를 늘리세요.",
    ),
    "note.length_json.title": ("JSON cut at the length limit", "길이 한도에서 잘린 JSON"),
    "note.length_json.text": (
        "The answer reached its limit of {limit} tokens, so its JSON has no end. To ask the same again would cut it again: ask with a higher limit, or for less.",
        "답이 {limit}토큰 한도에 닿아 JSON이 끝나지 않았습니다. 그대로 다시 물으면 또 잘립니다. 한도를 늘리거나 더 적게 요청하세요.",
    ),
    "note.length_json_model.text": (
        "The answer reached the model's own limit, so its JSON has no end. To ask the same again would cut it again: ask for less, or choose a model with a higher limit.",
        "답이 모델 자체의 한도에 닿아 JSON이 끝나지 않았습니다. 그대로 다시 물으면 또 잘립니다. 더 적게 요청하거나 한도가 더 큰 모델을 고르세요.",
    ),
    "note.length_empty.text": (
        "The limit of tokens was used up before a visible word came (by reasoning, most likely). Raise the longest answer in the sidebar and retry.",
        "보이는 글이 나오기 전에 토큰 한도를 다 썼습니다(아마 추론에). 사이드바에서 최대 길이를 늘리고 다시 시도하세요.",
    ),
    "note.content_filter.title": ("Withheld by the provider's filter", "제공자의 필터가 막음"),
    "note.content_filter.text": (
        "The provider's content filter ended this answer. Put the question differently.",
        "제공자의 콘텐츠 필터가 답을 멈췄습니다. 질문을 바꿔 보세요.",
    ),
    "note.refusal.title": ("The model declined", "모델이 거절함"),
    "note.refusal.text": (
        "The model declined to answer: {refusal}\n\nPut the question differently, or explain what it is for.",
        "모델이 답을 거절했습니다: {refusal}\n\n질문을 바꾸거나 목적을 설명해 보세요.",
    ),
    "note.tool_calls.title": ("The model asked for a tool", "모델이 도구를 요청함"),
    "note.tool_calls.text": (
        "The model ended its answer to call a tool, and Vitrine offers none. Ask for a plain answer.",
        "모델이 도구를 부르려고 답을 끝냈지만 Vitrine에는 도구가 없습니다. 그냥 답해 달라고 해 보세요.",
    ),
    "note.unstated.title": ("No finish reason", "종료 이유 없음"),
    "note.unstated.text": (
        "The server ended the answer properly but did not say why. Some servers never do.",
        "서버가 답을 정상으로 끝냈지만 이유를 말하지 않았습니다. 원래 그런 서버가 있습니다.",
    ),
    "note.adjusted.title": ("Changed before it was sent", "요청과 다르게 보낸 것"),
    # buttons of notes
    "action.retry": ("Retry", "다시 시도"),
    "action.continue": ("Continue", "이어 쓰기"),
    "action.leave_drill": ("Back to the demo model", "데모 모델로 돌아가기"),
    "action.send_again": ("Send again", "다시 보내기"),
    "action.inspect": ("See Under the hood", "안쪽 들여다보기"),
    "action.usage": ("See Tokens & cost", "토큰과 비용 보기"),
    "action.raise_limit": ("Ask with {value} tokens", "{value}토큰으로 다시 묻기"),
    # what is wrong with JSON, and where
    "json.invalid.title": ("This is not valid JSON", "올바른 JSON이 아닙니다"),
    "json.usable.title": ("Valid JSON, with a flaw", "올바른 JSON이지만 흠이 있습니다"),
    "json.place": ("Line {line}, column {column}: {what}", "{line}행 {column}열: {what}"),
    "json.kept": ("The text is kept above as the model wrote it.", "글은 모델이 쓴 그대로 위에 있습니다."),
    "json.problem.empty": ("there is nothing.", "아무것도 없습니다."),
    "json.problem.blanks": ("there are only blanks.", "공백뿐입니다."),
    "json.problem.not_json": ("this cannot be read as JSON.", "여기부터 JSON으로 읽을 수 없습니다."),
    "json.problem.cut": ("the JSON ends in the middle.", "JSON이 중간에서 끝났습니다."),
    "json.problem.trailing_text": (
        "after the JSON there is more text; only the first value counts.",
        "JSON 뒤에 다른 글이 더 있습니다. 첫 번째 값만 유효합니다.",
    ),
    "json.problem.duplicate_key": (
        "the key {key} comes twice; programs take the last one.",
        "{key} 키가 두 번 나옵니다. 프로그램은 마지막 것을 씁니다.",
    ),
    "json.problem.not_finite": ("a number that JSON does not know.", "JSON에 없는 수입니다."),
    "json.problem.too_deep": ("it is nested too deeply.", "너무 깊이 겹쳐 있습니다."),
    "json.valid": ("valid JSON", "올바른 JSON"),
    "json.fenced": ("valid JSON, inside a code block", "올바른 JSON(코드 블록 안)"),
    "json.embedded": ("valid JSON, with words around it", "올바른 JSON(둘레에 다른 글)"),
    "note.left_behind.title": (
        "{count} earlier picture(s) not sent again",
        "예전 이미지 {count}개는 다시 보내지 않았습니다",
    ),
    "note.left_behind.text": (
        "The model no longer sees them, and they are no longer paid for; from here on it knows only what was said. How long pictures go along is set under Pictures in the sidebar.",
        "이제 모델은 그 이미지를 보지 못하고, 값도 더 내지 않습니다. 나눈 말만 압니다. 이미지를 몇 번까지 함께 보낼지는 옆의 ‘이미지’에서 정합니다.",
    ),
    "continue.prompt": (
        "Continue exactly where your last answer stopped. Repeat nothing.",
        "직전 답이 끊긴 바로 그 자리에서 이어 써 줘. 앞의 내용을 반복하지 마.",
    ),
    # what was left out and why
    "adjustment.none": ("Nothing was left out or added.", "빼거나 더한 것이 없습니다."),
    "adjustment.not_taken_by_model": (
        "`{parameter}` = {value} was not sent: this model does not take it.",
        "`{parameter}` = {value}: 이 모델이 받지 않아 보내지 않았습니다.",
    ),
    "adjustment.only_with_effort_none": (
        "`{parameter}` = {value} was not sent: this model takes it only with reasoning effort `none`.",
        "`{parameter}` = {value}: 이 모델은 추론 노력이 `none`일 때만 받으므로 보내지 않았습니다.",
    ),
    "adjustment.effort_not_supported": (
        "`{parameter}` = {value} was not sent: this model does not know this effort.",
        "`{parameter}` = {value}: 이 모델이 모르는 추론 노력이라 보내지 않았습니다.",
    ),
    "adjustment.refused_by_server": (
        "`{parameter}` = {value} was refused by the server, so the request was sent again without it.",
        "`{parameter}` = {value}: 서버가 거절해서 이것을 빼고 다시 보냈습니다.",
    ),
    "adjustment.renamed_max_tokens": (
        "`{parameter}` = {value} was refused by the server, so it was sent as `max_tokens`.",
        "`{parameter}` = {value}: 서버가 거절해서 `max_tokens`로 보냈습니다.",
    ),
    "adjustment.json_word_added": (
        "JSON mode needs the word JSON in the messages, so this was added to the system message: “{value}”",
        "JSON 모드에는 메시지에 JSON이라는 말이 있어야 해서 시스템 메시지에 다음을 덧붙였습니다: “{value}”",
    ),
    "adjustment.old_pictures_left_out": (
        "{value} older picture(s) were not sent again; a line of text stands in their place.",
        "예전 이미지 {value}개는 다시 보내지 않고, 그 자리에 글 한 줄을 남겼습니다.",
    ),
    "adjustment.picture_fetched_here": (
        "The server could not fetch the picture from {value}, so it was fetched here and sent along.",
        "서버가 {value}의 이미지를 받지 못해서, 여기에서 받아 함께 보냈습니다.",
    ),
    # errors: what happened, what it means, what to do
    "error.key_missing.title": ("An API key is needed", "API 키가 필요합니다"),
    "error.key_missing.text": (
        "This server answers only with a key. Open *Use my key or server* in the sidebar, or set `OPENAI_API_KEY` in `.env`.",
        "이 서버는 키가 있어야 답합니다. 사이드바의 *내 키나 서버 쓰기*를 열거나 `.env`에 `OPENAI_API_KEY`를 넣으세요.",
    ),
    "error.key_refused.title": ("The key was refused", "키가 거절되었습니다"),
    "error.key_refused.text": (
        "The server does not accept this API key: it is mistyped, revoked, or of another provider. Check the key and connect again.",
        "서버가 이 API 키를 받지 않습니다. 잘못 입력했거나 폐기되었거나 다른 제공자의 키입니다. 키를 확인하고 다시 연결하세요.",
    ),
    "error.access_denied.title": ("Not allowed", "허용되지 않음"),
    "error.access_denied.text": (
        "The key is right, but may not use this model or this region. Choose another model, or ask the owner of the account.",
        "키는 맞지만 이 모델이나 지역을 쓸 수 없습니다. 다른 모델을 고르거나 계정 관리자에게 문의하세요.",
    ),
    "error.quota_exceeded.title": ("Quota used up", "할당량 소진"),
    "error.quota_exceeded.text": (
        "The account's credit or monthly limit is used up; waiting will not help. Add credit at the provider, or use another key or the demo model.",
        "계정의 크레딧이나 월 한도를 다 썼습니다. 기다려도 풀리지 않습니다. 제공자에서 충전하거나 다른 키나 데모 모델을 쓰세요.",
    ),
    "error.rate_limited.title": ("Too many requests", "요청이 너무 많음"),
    "error.rate_limited.text": (
        "The server limits how much may be asked per minute. Wait a moment, then retry.",
        "서버가 분당 요청량을 제한합니다. 잠시 뒤 다시 시도하세요.",
    ),
    "error.rate_limited_seconds.text": (
        "The server limits how much may be asked and wants {seconds} s of rest. Retry after that.",
        "서버가 요청량을 제한하며 {seconds}초 쉬라고 합니다. 그 뒤에 다시 시도하세요.",
    ),
    "error.model_not_found.title": ("No such model", "없는 모델"),
    "error.model_not_found.text": (
        "This server has no model `{model}`, or has shut it down, or your key may not use it. Choose another in the sidebar.",
        "이 서버에 `{model}` 모델이 없거나, 종료되었거나, 이 키로 쓸 수 없습니다. 사이드바에서 다른 모델을 고르세요.",
    ),
    "error.endpoint_not_found.title": ("Wrong address", "주소가 틀림"),
    "error.endpoint_not_found.text": (
        "{host} answers, but there is no Chat Completions API at this base URL. It mostly ends in `/v1`.",
        "{host}이(가) 응답하지만 이 기본 URL에는 Chat Completions API가 없습니다. 보통 `/v1`로 끝납니다.",
    ),
    "error.no_batches.title": ("No Batch API here", "Batch API가 없는 서버"),
    "error.no_batches.text": (
        "{host} has neither `/files` nor `/batches`. Run the rows from here, or download the batch file and run it elsewhere, for one with `vllm run-batch`.",
        "{host}에는 `/files`와 `/batches`가 없습니다. 여기서 바로 실행하거나, 배치 파일을 내려받아 다른 곳에서(예: `vllm run-batch`) 실행하세요.",
    ),
    "error.batch_not_found.title": ("Unknown batch", "없는 배치"),
    "error.batch_not_found.text": (
        "{host} does not know this batch or its file: it was deleted, has expired, or belongs to another key.",
        "{host}에 이 배치나 파일이 없습니다. 삭제되었거나 기한이 지났거나 다른 키의 것입니다.",
    ),
    "error.context_too_long.title": ("Too long for this model", "모델의 한도를 넘음"),
    "error.context_too_long.text": (
        "Messages and history together do not fit into the context window. Send fewer earlier turns, shorten the message, or choose a model with a larger window.",
        "메시지와 기록을 합치면 컨텍스트 윈도우를 넘습니다. 이전 턴을 덜 보내거나, 줄이거나, 더 큰 모델을 고르세요.",
    ),
    "error.image_refused.title": ("The picture was refused", "이미지가 거절되었습니다"),
    "error.image_refused.text": (
        "This model takes no pictures, or could not use this one. Choose a model that takes pictures, or send another (PNG, JPEG, WEBP).",
        "이 모델이 이미지를 받지 않거나 이 이미지를 쓸 수 없습니다. 이미지를 받는 모델을 고르거나 다른 이미지(PNG, JPEG, WEBP)를 보내세요.",
    ),
    "error.image_not_fetched.title": ("The server could not fetch the picture", "서버가 이미지를 받지 못했습니다"),
    "error.image_not_fetched.text": (
        "The model's server could not load the picture from its address. Save the picture and attach it as a file.",
        "모델의 서버가 이미지를 그 주소에서 불러오지 못했습니다. 이미지를 저장해서 파일로 첨부하세요.",
    ),
    "error.parameter_refused.title": ("A parameter was refused", "파라미터가 거절되었습니다"),
    "error.parameter_refused.text": (
        "The server does not take `{parameter}` as it is set. Change it in the sidebar and retry.",
        "서버가 지금 설정의 `{parameter}`을(를) 받지 않습니다. 사이드바에서 바꾸고 다시 시도하세요.",
    ),
    "error.bad_request.title": ("The request was refused", "요청이 거절되었습니다"),
    "error.bad_request.text": (
        "The server understood the request and refused it. *Under the hood* shows what was sent; change it and retry.",
        "서버가 요청을 이해했지만 거절했습니다. *안쪽 들여다보기*에서 보낸 내용을 확인하고 바꿔서 다시 시도하세요.",
    ),
    "error.unreachable.title": ("No connection", "연결되지 않음"),
    "error.unreachable.text": (
        "{host} cannot be reached. Is the server running, the address right, the network up? Then retry.",
        "{host}에 연결할 수 없습니다. 서버가 켜져 있는지, 주소와 네트워크가 맞는지 확인하고 다시 시도하세요.",
    ),
    "error.server_failed.title": ("The server failed", "서버 오류"),
    "error.server_failed.text": (
        "The fault is at the server, not in your message. Retry in a moment.",
        "메시지가 아니라 서버 쪽 문제입니다. 잠시 뒤 다시 시도하세요.",
    ),
    "error.timed_out.title": ("No answer in time", "시간 초과"),
    "error.timed_out_first_token.text": (
        "Nothing came for {seconds} s. The model may be busy or still loading. Retry, or choose another.",
        "{seconds}초 동안 아무것도 오지 않았습니다. 모델이 바쁘거나 불러오는 중일 수 있습니다. 다시 시도하거나 다른 모델을 고르세요.",
    ),
    "error.timed_out_silence.text": (
        "The answer began and then nothing came for {seconds} s. What is here is kept. Retry, or continue it.",
        "답이 시작된 뒤 {seconds}초 동안 아무것도 오지 않았습니다. 받은 글은 남겨 둡니다. 다시 시도하거나 이어 쓰게 하세요.",
    ),
    "error.timed_out_whole_answer.text": (
        "The answer was ended after {seconds} s so that it does not run for ever. Continue it, or ask for less.",
        "답이 끝없이 이어지지 않도록 {seconds}초 뒤 끝냈습니다. 이어 쓰게 하거나 더 짧게 물어보세요.",
    ),
    "error.timed_out_models.text": (
        "The server did not list its models within {seconds} s.",
        "서버가 {seconds}초 안에 모델 목록을 주지 않았습니다.",
    ),
    "error.timed_out_batches.text": (
        "The server did not answer about the batch within {seconds} s. A batch that was started goes on there.",
        "서버가 배치에 대해 {seconds}초 안에 답하지 않았습니다. 시작된 배치는 서버에서 계속됩니다.",
    ),
    "error.batch_expired.title": ("Not run: the time was over", "실행 안 됨: 기한 초과"),
    "error.batch_expired.text": (
        "The batch ended before the turn of this row came. It is not paid for; run it again.",
        "이 행의 차례가 오기 전에 배치의 기한이 끝났습니다. 비용은 없으며 다시 실행하면 됩니다.",
    ),
    "error.batch_cancelled.title": ("Not run: the batch was cancelled", "실행 안 됨: 배치 취소"),
    "error.batch_cancelled.text": (
        "The batch was cancelled before the turn of this row came. It is not paid for; run it again.",
        "이 행의 차례가 오기 전에 배치가 취소되었습니다. 비용은 없으며 다시 실행하면 됩니다.",
    ),
    "error.batch_missing.title": ("No result", "결과 없음"),
    "error.batch_missing.text": (
        "No readable line of the files tells of this row. Run it again.",
        "파일에 이 행의 결과를 알려 주는 줄이 없습니다. 다시 실행하세요.",
    ),
    "error.stream_cut.title": ("Unfinished: the connection broke", "미완성: 연결이 끊김"),
    "error.stream_cut.text": (
        "The connection ended in the middle of the answer. What is here is kept. Retry, or continue it.",
        "답 도중에 연결이 끊겼습니다. 받은 글은 남겨 둡니다. 다시 시도하거나 이어 쓰게 하세요.",
    ),
    "error.not_chat_completions.title": ("Not a Chat Completions server", "Chat Completions 서버가 아님"),
    "error.not_chat_completions.text": (
        "Something answered, but not in the way of the Chat Completions API (a web page, perhaps). Check the base URL; it mostly ends in `/v1`.",
        "응답은 왔지만 Chat Completions API 형식이 아닙니다(웹 페이지일 수 있음). 기본 URL을 확인하세요. 보통 `/v1`로 끝납니다.",
    ),
    "error.empty_answer.title": ("An empty answer", "빈 답"),
    "error.empty_answer.text": (
        "The server answered properly, with nothing in it. Retry, or put the question differently.",
        "서버가 정상으로 답했지만 내용이 없습니다. 다시 시도하거나 질문을 바꿔 보세요.",
    ),
    "error.blanks_only.title": ("Blanks instead of JSON", "JSON 대신 공백"),
    "error.blanks_only.text": (
        "In JSON mode the model wrote {count} blanks in a row and would have gone on without end, so Vitrine stopped it. What "
        "it cost stands in the line above. Say in the message which JSON you want, best with an example, and retry.",
        "JSON 모드에서 모델이 공백만 {count}자를 이어 써서 Vitrine이 멈췄습니다. 그대로 두면 끝이 없습니다. 여기에 든 비용은 위의 줄에 "
        "있습니다. 메시지에 어떤 JSON을 원하는지 예를 들어 적고 다시 시도하세요.",
    ),
    "error.other.title": ("Something went wrong", "문제가 생겼습니다"),
    "error.other.text": (
        "Something unexpected happened in Vitrine itself. Your text is kept; retry, or start a new chat.",
        "Vitrine 안에서 예상하지 못한 일이 생겼습니다. 글은 남아 있으니 다시 시도하거나 새 대화를 시작하세요.",
    ),
    "error.server_said": ("The server said: “{words}”", "서버의 말: “{words}”"),
    "error.request_id": ("Request {id}", "요청 번호 {id}"),
    # input errors
    "error.bad_connection.title": ("This connection cannot work", "쓸 수 없는 연결"),
    "error.bad_connection.key_characters": (
        "This key holds blanks, line ends or letters that no API key has. Copy it again.",
        "키에 있을 수 없는 공백이나 글자가 있습니다. 다시 복사해 넣으세요.",
    ),
    "error.bad_connection.key_missing": (
        "OpenAI needs a key. Type yours, or give the base URL of a server that needs none.",
        "OpenAI에는 키가 필요합니다. 키를 입력하거나 키가 필요 없는 서버의 기본 URL을 넣으세요.",
    ),
    "error.bad_connection.url_scheme": (
        "A base URL starts with https:// (or http:// on this machine).",
        "기본 URL은 https://로 시작해야 합니다(이 컴퓨터라면 http://).",
    ),
    "error.bad_connection.url_host": ("This base URL names no server.", "기본 URL에 서버 이름이 없습니다."),
    "error.bad_connection.url_port": ("The port in this base URL is no port.", "기본 URL의 포트가 올바르지 않습니다."),
    "error.bad_connection.url_userinfo": (
        "Put the key into the key field, not into the base URL.",
        "키는 기본 URL이 아니라 키 칸에 넣으세요.",
    ),
    "error.bad_connection.url_private": (
        "On this public page only servers with a public address can be used.",
        "이 공개 페이지에서는 공개 주소의 서버만 쓸 수 있습니다.",
    ),
    "error.bad_connection.url_https": (
        "On this public page only https:// servers can be used.",
        "이 공개 페이지에서는 https:// 서버만 쓸 수 있습니다.",
    ),
    "error.bad_image.title": ("{name} cannot be sent", "{name}을(를) 보낼 수 없습니다"),
    "error.bad_file.title": ("{name} cannot be sent", "{name}을(를) 보낼 수 없습니다"),
    "error.bad_image.not_found": ("It is no longer there. Attach it again.", "파일이 사라졌습니다. 다시 첨부하세요."),
    "error.bad_image.empty": ("The file is empty.", "빈 파일입니다."),
    "error.bad_image.not_a_picture": (
        "It is not a picture that can be read. PNG, JPEG, HEIC, WEBP, GIF, BMP, TIFF and AVIF can be sent.",
        "읽을 수 있는 이미지가 아닙니다. PNG, JPEG, HEIC, WEBP, GIF, BMP, TIFF, AVIF를 보낼 수 있습니다.",
    ),
    "error.bad_image.svg": ("It is an SVG drawing. Save it as PNG.", "SVG 그림입니다. PNG로 저장해 주세요."),
    "error.bad_image.eps": (
        "It is an EPS or PostScript drawing. Save it as PNG.",
        "EPS 또는 PostScript 그림입니다. PNG로 저장해 주세요.",
    ),
    "error.bad_image.pdf": ("It is a PDF. Save the page as a picture.", "PDF입니다. 페이지를 이미지로 저장해 주세요."),
    "error.bad_image.html": ("It is a web page, not a picture.", "이미지가 아니라 웹 페이지입니다."),
    "error.bad_image.heic": (
        "It is a HEIC picture of a kind that cannot be read here. Save it as JPEG.",
        "여기서 읽을 수 없는 종류의 HEIC 이미지입니다. JPEG로 저장해 주세요.",
    ),
    "error.bad_image.truncated": (
        "It is damaged or cut short. Save it anew.",
        "손상되었거나 잘렸습니다. 다시 저장해 주세요.",
    ),
    "error.bad_image.too_many_pixels": (
        "It has too many pixels for its kind of file. Make it smaller; a JPEG may have up to 64 megapixels.",
        "이 파일 형식으로 읽기에는 화소가 너무 많습니다. 크기를 줄여 주세요. JPEG는 6,400만 화소까지 됩니다.",
    ),
    "error.bad_image.too_many_bytes": (
        "It is larger than 20 MB. Make it smaller.",
        "20MB가 넘습니다. 크기를 줄여 주세요.",
    ),
    "error.bad_file.not_found": ("It is no longer there. Attach it again.", "파일이 사라졌습니다. 다시 첨부하세요."),
    "error.bad_file.not_text": (
        "It is neither a text file nor a picture.",
        "텍스트 파일도 이미지도 아닙니다.",
    ),
    "error.bad_file.too_large": (
        "Text files may have up to 200 kB. Send a part of it.",
        "텍스트 파일은 200kB까지입니다. 일부만 보내 주세요.",
    ),
    "error.bad_file.table_too_large": (
        "A CSV file may have up to 10 MB. Split it, or write a batch file by a script.",
        "CSV 파일은 10MB까지입니다. 나누거나 스크립트로 배치 파일을 만드세요.",
    ),
    "error.bad_file.no_room": (
        "A batch holds up to 20 million characters in all, and this would be more.",
        "배치 하나는 모두 합쳐 2천만 자까지인데, 이 파일까지 넣으면 넘습니다.",
    ),
    "error.bad_file.too_many_cells": (
        "A CSV file may have up to 1 million cells, empty ones counted. Take out the columns that are not needed, or "
        "split it.",
        "CSV 파일은 빈 칸까지 합쳐 100만 칸까지입니다. 필요 없는 열을 빼거나 파일을 나누세요.",
    ),
    "error.bad_file.open_quote": (
        'A quotation mark (") is opened in it and never closed, so all that follows would be one cell. Close it, or write '
        'it twice within quotes ("").',
        '열린 따옴표(")가 닫히지 않아 그 뒤가 모두 한 칸이 됩니다. 닫거나, 따옴표 안에서는 두 번("") 쓰세요.',
    ),
    "error.bad_file.too_many": (
        "A message takes up to 50 files and pictures. Send it in parts.",
        "메시지 하나에 파일과 이미지는 50개까지입니다. 나누어 보내세요.",
    ),
    "error.bad_file.too_much": (
        "The files of this conversation are larger than 256 MB together. Begin a new chat.",
        "이 대화의 파일을 모두 합치면 256MB가 넘습니다. 새 채팅을 시작하세요.",
    ),
    "error.bad_file.not_csv": ("It cannot be read as a CSV file.", "CSV 파일로 읽을 수 없습니다."),
    "error.bad_file.empty": ("The file is empty.", "빈 파일입니다."),
    "error.bad_url.scheme": ("Only http and https links are fetched.", "http와 https 링크만 받습니다."),
    "error.bad_url.malformed": ("This is not a proper link.", "올바른 링크가 아닙니다."),
    "error.bad_url.port": ("Only the ports 80 and 443 are used.", "80과 443 포트만 씁니다."),
    "error.bad_url.userinfo": (
        "Links with a name or password in them are not used.",
        "이름이나 비밀번호가 든 링크는 쓰지 않습니다.",
    ),
    "error.bad_url.private_address": (
        "It leads to a private address, which is never fetched.",
        "내부 주소로 이어지는 링크라 받지 않습니다.",
    ),
    "error.bad_url.unresolvable": ("There is no such host.", "그런 서버가 없습니다."),
    "error.bad_url.unreachable": ("The host cannot be reached.", "서버에 연결할 수 없습니다."),
    "error.bad_url.too_many_redirects": ("It is redirected too often.", "리디렉션이 너무 많습니다."),
    "error.bad_url.too_large": ("The picture is larger than 10 MB.", "이미지가 10MB를 넘습니다."),
    "error.bad_url.timed_out": ("The host took too long.", "서버가 너무 느립니다."),
    "error.bad_url.status": ("The host did not give it out.", "서버가 내주지 않았습니다."),
    "error.bad_url.not_a_picture": ("What is there is not a picture.", "그곳에 있는 것은 이미지가 아닙니다."),
    "error.bad_url.title": ("The picture at {host} was not fetched", "{host}의 이미지를 받지 않았습니다"),
    "error.bad_job.title": ("Finished rows on disk", "디스크에 둔 끝난 행"),
    "error.bad_job.not_found": (
        "They are no longer kept here: they were deleted, or are older than a day. Start anew.",
        "더는 보관되어 있지 않습니다. 삭제되었거나 하루가 지났습니다. 새로 시작하세요.",
    ),
    "error.bad_job.in_use": (
        "This batch is already open, perhaps in another tab. Stop it there, or wait a moment.",
        "이 일괄 작업은 이미 열려 있습니다(다른 탭일 수 있음). 그곳에서 멈추거나 잠시 기다리세요.",
    ),
    "error.bad_job.full": (
        "There is no room for more on this server, so no more is asked: it would be paid for again after a restart. Download "
        "the results and delete the rows, or try again later.",
        "이 서버에 더 보관할 자리가 없어 더 묻지 않습니다. 보관되지 않은 행은 다시 시작하면 또 비용이 듭니다. 결과를 내려받고 행을 "
        "지우거나 나중에 다시 해 보세요.",
    ),
    "error.bad_job.disk": (
        "The disk of this server does not take them, so no more is asked: it would be paid for again after a restart. "
        "Download the results; whoever runs the server can set another folder (VITRINE_JOBS_DIR).",
        "이 서버의 디스크에 쓸 수 없어 더 묻지 않습니다. 보관되지 않은 행은 다시 시작하면 또 비용이 듭니다. 결과를 내려받으세요. "
        "서버 운영자는 다른 폴더를 정할 수 있습니다(VITRINE_JOBS_DIR).",
    ),
    "error.bad_batch_file.title": ("The batch file", "배치 파일"),
    "error.bad_batch_file.empty": ("There is no request for it.", "담을 요청이 없습니다."),
    "error.bad_batch_file.too_many": (
        "A batch takes at most 50,000 requests. Make several batches of it.",
        "배치 하나에는 요청을 50,000개까지 담을 수 있습니다. 여러 개로 나누세요.",
    ),
    "error.bad_batch_file.too_large": (
        "A batch file may have at most 200 MB. Make several batches of it, or send smaller pictures.",
        "배치 파일은 200MB까지입니다. 여러 개로 나누거나 더 작은 이미지를 보내세요.",
    ),
    "error.bad_batch_file.several_models": (
        "All requests of a batch go to one model. Make a batch for each.",
        "배치 하나의 요청은 모두 한 모델로 갑니다. 모델마다 배치를 만드세요.",
    ),
    "error.bad_batch_file.same_key": (
        "Two of its requests have the same name. Each needs its own.",
        "이름이 같은 요청이 둘 있습니다. 요청마다 이름이 달라야 합니다.",
    ),
    "error.bad_batch_file.disk": (
        "It cannot be written or read on this disk.",
        "이 디스크에서 쓰거나 읽을 수 없습니다.",
    ),
    # describe images
    "describe.heading.md": (
        "### Describe many images at once\n\nAlt text, captions, text in pictures, product listings. Each picture is one "
        "request; its description can be edited, exported, or asked on about in the chat.",
        "### 이미지 여러 장을 한꺼번에 설명\n\n대체 텍스트, 캡션, 이미지 속 글자, 상품 소개. 이미지마다 요청 하나이며, 설명은 고치고 내보내고 "
        "채팅에서 이어서 물을 수 있습니다.",
    ),
    "describe.no_picture": ("Give one picture, as a file or as a URL.", "이미지 하나를 파일이나 URL로 주세요."),
    "describe.unknown_preset": ("There is no preset {preset}.", "{preset}이라는 프리셋은 없습니다."),
    "describe.files": (
        "Drop pictures or a whole folder here, or click to choose",
        "이미지나 폴더를 여기에 끌어다 놓거나 눌러서 고르세요",
    ),
    "describe.urls": ("Or links, one per line", "또는 링크, 한 줄에 하나"),
    "describe.urls_placeholder": (
        "https://… They are fetched here and sent like uploads.",
        "https://… 여기서 받아 올린 파일처럼 보냅니다.",
    ),
    "describe.add": ("Add the links", "링크 추가"),
    "describe.preset": ("What to write", "무엇을 쓸까요"),
    "describe.prompt": ("Prompt", "프롬프트"),
    "describe.prompt_info": ("Sent with each picture, as it stands here.", "이미지마다 여기 있는 그대로 보냅니다."),
    "describe.language": ("Answers in", "답의 언어"),
    "describe.limit_dollars": ("At most, US dollars", "최대 미국 달러"),
    "describe.limit_pictures": ("At most, pictures", "최대 이미지 수"),
    "describe.start": ("Describe", "설명하기"),
    "describe.start_count": ("Describe {count} pictures", "이미지 {count}장 설명하기"),
    "describe.resume": ("Go on with {count} pictures", "남은 {count}장 계속하기"),
    "describe.stop": ("Stop", "중지"),
    "describe.retry_failed": ("Retry the {count} that failed", "실패한 {count}장 다시 하기"),
    "describe.again": ("Ask all again", "모두 다시 하기"),
    "describe.clear": ("Clear", "비우기"),
    "describe.export.md": ("Export", "내보내기"),
    "describe.empty": (
        "Nothing is sent before you press the button; what it will cost stands here first.",
        "단추를 누르기 전에는 아무것도 보내지 않습니다. 비용이 먼저 여기에 나옵니다.",
    ),
    "describe.nothing_to_ask": ("No picture is waiting to be described.", "설명을 기다리는 이미지가 없습니다."),
    "describe.count": ("{count} pictures", "이미지 {count}장"),
    "describe.input": (
        "≈ {tokens} input tokens, {images} of them pictures",
        "≈ 입력 {tokens} 토큰, 그중 이미지 {images}",
    ),
    "describe.output": (
        "≈ {tokens} output tokens each assumed, without reasoning",
        "답은 한 장에 ≈ {tokens} 토큰으로 가정, 추론 제외",
    ),
    "describe.unknown_tokens": (
        "For {count} of the pictures this model's token count is unknown.",
        "이미지 {count}장은 이 모델에서 토큰 수를 알 수 없습니다.",
    ),
    "describe.only_pictures": (
        "The price is unknown, so only the limit in pictures can be kept.",
        "가격을 몰라 이미지 수 한도만 지킬 수 있습니다.",
    ),
    "describe.no_prompt": ("Write a prompt first.", "프롬프트를 먼저 쓰세요."),
    "describe.no_limit": (
        "Nothing starts without a limit: say how many dollars or pictures at most.",
        "한도 없이는 시작하지 않습니다. 최대 달러나 이미지 수를 정하세요.",
    ),
    "describe.limit_unpriced": (
        "The price of this model is unknown, so dollars cannot be counted: set a limit in pictures.",
        "이 모델의 가격을 몰라 달러를 셀 수 없습니다. 이미지 수로 한도를 정하세요.",
    ),
    "describe.too_many": (
        "Up to {most} pictures at once; the others were left out.",
        "한 번에 {most}장까지입니다. 나머지는 뺐습니다.",
    ),
    "describe.chat_busy": ("Wait until the answer in the chat is complete.", "채팅의 답이 끝난 뒤에 해 주세요."),
    "describe.progress_label": ("Pictures described", "설명한 이미지"),
    "describe.progress": ("{done} of {all} described", "{all}장 중 {done}장 완료"),
    "describe.progress_failed": ("{count} failed", "{count}장 실패"),
    "describe.progress_reading": ("{count} being read", "{count}장 읽는 중"),
    "describe.spent": ("cost so far: {money}", "지금까지 비용: {money}"),
    "describe.to_come": ("still to come: {money}", "앞으로: {money}"),
    "describe.ended_budget": (
        "The limit is reached, with {left} pictures left. Raise it to go on.",
        "한도에 이르러 {left}장이 남았습니다. 계속하려면 한도를 올리세요.",
    ),
    "describe.ended_stopped": (
        "Stopped, with {left} pictures left. What was under way may have been charged; it is estimated (≈). "
        "Going on asks only these.",
        "중지했습니다. {left}장이 남았습니다. 진행 중이던 요청은 청구되었을 수 있어 어림잡아(≈) 셌습니다. "
        "계속하면 남은 것만 묻습니다.",
    ),
    "describe.ended_refused": (
        "Ended early, for the same would be said of every picture: {reason} {left} pictures are left to go on with.",
        "모든 이미지에 같은 답이 올 것이라 일찍 끝냈습니다: {reason} {left}장은 이어서 할 수 있습니다.",
    ),
    "describe.status_reading": ("reading", "읽는 중"),
    "describe.status_waiting": ("waiting", "대기"),
    "describe.status_running": ("asking", "묻는 중"),
    "describe.status_done": ("done", "완료"),
    "describe.status_failed": ("failed", "실패"),
    "describe.status_stopped": ("stopped, perhaps charged", "중지됨, 청구되었을 수 있음"),
    "describe.pausing_limit": ("rate limit, waiting", "속도 제한, 기다리는 중"),
    "describe.pausing_failure": ("server failed, trying again", "서버 오류, 다시 시도"),
    "describe.description_of": ("Description of {name}", "{name}의 설명"),
    "describe.characters": ("{count} characters", "{count}자"),
    "describe.copy": ("Copy", "복사"),
    "describe.chat": ("Ask in the chat", "채팅에서 묻기"),
    "describe.retry": ("Ask again", "다시 하기"),
    "describe.remove": ("Remove {name}", "{name} 빼기"),
    # extract JSON
    "extract.heading.md": (
        "### Data out of texts and pictures\n\nSay which fields you want; the answer is checked against them, field by field.",
        "### 글과 이미지에서 데이터 뽑기\n\n원하는 필드를 정하면, 답을 필드마다 확인해 줍니다.",
    ),
    "extract.source.md": ("#### 1. Source", "#### 1. 원본"),
    "extract.wanted.md": ("#### 2. What to extract", "#### 2. 뽑을 내용"),
    "extract.result.md": ("#### 3. Result", "#### 3. 결과"),
    "extract.text": ("Text", "글"),
    "extract.text_placeholder": ("Paste or type the text here.", "글을 여기에 붙여 넣거나 쓰세요."),
    "extract.example": ("Try the example text", "예시 글 써 보기"),
    "extract.picture": ("Try the example picture", "예시 이미지 써 보기"),
    "extract.files": (
        "Drop pictures and text files here, or click to choose",
        "이미지나 텍스트 파일을 끌어다 놓거나 눌러서 고르세요",
    ),
    "extract.urls": ("Or links to pictures, one per line", "또는 이미지 링크, 한 줄에 하나"),
    "extract.remove_source": ("Remove {name}", "{name} 빼기"),
    "extract.reading": ("reading", "읽는 중"),
    "extract.characters": ("{count} characters", "{count}자"),
    "extract.too_many_sources": (
        "Up to {most} files and links at once; the others were left out.",
        "파일과 링크는 한 번에 {most}개까지입니다. 나머지는 뺐습니다.",
    ),
    "extract.preset": ("Begin with", "시작하기"),
    "extract.column_name": ("Field", "필드"),
    "extract.column_type": ("Type", "유형"),
    "extract.column_description": ("Description for the model", "모델에게 줄 설명"),
    "extract.column_required": ("Required", "필수"),
    "extract.column_list": ("List", "목록"),
    "extract.column_choices": ("Only these: a, b, c", "허용할 값: 가, 나, 다"),
    "extract.type_string": ("text", "글"),
    "extract.type_number": ("number", "수"),
    "extract.type_integer": ("whole number", "정수"),
    "extract.type_boolean": ("yes or no", "예/아니요"),
    "extract.type_date": ("date", "날짜"),
    "extract.type_object": ("object", "객체"),
    "extract.add_row": ("Add a field", "필드 추가"),
    "extract.remove_row": ("Remove this field", "이 필드 빼기"),
    "extract.locked": (
        "This schema says more than a table can show. It is used exactly as it stands in the editor below; edit it there, "
        "or begin with a preset to get the table back.",
        "이 스키마는 표로 다 나타낼 수 없습니다. 아래 편집기에 있는 그대로 쓰니 그곳에서 고치거나, 프리셋을 골라 표로 돌아가세요.",
    ),
    "extract.no_schema": (
        "Paste a JSON Schema, or an example of the JSON that you want.",
        "JSON 스키마나 원하는 JSON의 예시를 붙여 넣으세요.",
    ),
    "extract.not_json": ("The schema cannot be read. {problem}", "스키마를 읽을 수 없습니다. {problem}"),
    "extract.not_a_schema": (
        "This is JSON, but no schema and no example: begin with a brace or a bracket, and put something in it.",
        "JSON이지만 스키마도 예시도 아닙니다. 중괄호나 대괄호로 시작해 내용을 넣으세요.",
    ),
    "extract.schema_too_long": (
        "The schema is too long: up to {most} characters are read.",
        "스키마가 너무 깁니다. {most}자까지 읽습니다.",
    ),
    "extract.is_example": (
        "Read as an example: the fields are those of its values.",
        "예시로 읽었습니다. 필드는 예시의 값에서 가져왔습니다.",
    ),
    "extract.is_strict": (
        "Keeps all rules of strict structured output.",
        "엄격한 구조화 출력의 규칙을 모두 지킵니다.",
    ),
    "extract.not_strict": (
        "Not strict as it stands (rules of structured output that it breaks: {count}). It is made strict when it is sent, "
        "where that can be done, and the answer is checked against what stands here.",
        "이대로는 엄격하지 않습니다. 구조화 출력 규칙 {count}개에 어긋납니다. 보낼 때 가능하면 엄격하게 바꾸고, 답은 여기 있는 것으로 "
        "확인합니다.",
    ),
    "extract.and_more": ("and {count} more.", "그 밖에 {count}개."),
    "extract.make_strict": ("Make it strict", "엄격하게 만들기"),
    "extract.schema": ("JSON Schema, or an example of the JSON", "JSON 스키마 또는 JSON 예시"),
    "extract.instructions": ("Instructions for the model", "모델에게 줄 지시"),
    "extract.instructions_info": ("Sent along, as they stand here.", "여기 있는 그대로 함께 보냅니다."),
    "extract.table_no_fields": ("Name at least one field.", "필드 이름을 하나 이상 쓰세요."),
    "extract.table_too_many_fields": ("Up to {most} fields are possible.", "필드는 {most}개까지 됩니다."),
    "extract.table_no_name": (
        "A field needs a name, with dots only between names: “{name}” is none.",
        "필드에는 이름이 있어야 하고 점은 이름 사이에만 씁니다. “{name}”은(는) 쓸 수 없습니다.",
    ),
    "extract.table_unknown_type": ("“{name}” has no type.", "“{name}”에 유형이 없습니다."),
    "extract.table_name_twice": (
        "“{name}” is there twice: rename one.",
        "“{name}”이(가) 두 번 있습니다. 하나를 바꾸세요.",
    ),
    "extract.table_bad_choice": (
        "The values allowed for “{name}” do not fit its type.",
        "“{name}”에 허용할 값이 유형에 맞지 않습니다.",
    ),
    "extract.table_not_a_parent": (
        "“{name}” lies in a field that is no object: set the type of that field to object.",
        "“{name}”의 위 필드가 객체가 아닙니다. 위 필드의 유형을 객체로 바꾸세요.",
    ),
    "extract.rule_root_not_object": ("The outermost value has to be an object.", "가장 바깥 값은 객체여야 합니다."),
    "extract.rule_root_any_of": (
        "The outermost value cannot be a choice (anyOf).",
        "가장 바깥 값은 선택(anyOf)일 수 없습니다.",
    ),
    "extract.rule_open_object": (
        "additionalProperties has to be false.",
        "additionalProperties가 false여야 합니다.",
    ),
    "extract.rule_free_object": (
        "An object needs named properties; free keys are not possible.",
        "객체에는 이름 있는 속성이 있어야 합니다. 자유로운 키는 쓸 수 없습니다.",
    ),
    "extract.rule_not_required": (
        "Has to be required; what may be missing is null instead.",
        "필수여야 합니다. 없을 수 있는 값은 대신 null로 둡니다.",
    ),
    "extract.rule_unknown_required": (
        "required names “{name}”, which is no property.",
        "required에 있는 “{name}”이라는 속성이 없습니다.",
    ),
    "extract.rule_unsupported_keyword": ("“{keyword}” is not supported.", "“{keyword}” 키워드는 지원하지 않습니다."),
    "extract.rule_bad_keyword": ("“{keyword}” has a value of the wrong kind.", "“{keyword}”의 값 종류가 틀렸습니다."),
    "extract.rule_not_a_schema": ("This is no schema.", "스키마가 아닙니다."),
    "extract.rule_no_type": ("Has no type.", "유형(type)이 없습니다."),
    "extract.rule_unknown_type": ("“{type}” is no type of JSON.", "“{type}”은(는) JSON의 유형이 아닙니다."),
    "extract.rule_no_items": (
        "A list has to say what it holds (items).",
        "목록은 무엇이 들어가는지(items) 정해야 합니다.",
    ),
    "extract.rule_bad_ref": (
        "“{ref}” is no place in this schema; a reference looks like #/$defs/name.",
        "“{ref}”은(는) 이 스키마 안의 자리가 아닙니다. 참조는 #/$defs/이름 꼴로 씁니다.",
    ),
    "extract.rule_ref_with_others": ("Beside $ref nothing else may stand.", "$ref 옆에는 다른 것이 올 수 없습니다."),
    "extract.rule_too_many_properties": (
        "{count} properties; up to {limit} are possible.",
        "속성이 {count}개입니다. {limit}개까지 됩니다.",
    ),
    "extract.rule_too_many_levels": (
        "{count} levels; up to {limit} are possible.",
        "{count}단계로 겹쳐 있습니다. {limit}단계까지 됩니다.",
    ),
    "extract.rule_too_many_characters": (
        "Names and values have {count} characters; up to {limit} are possible.",
        "이름과 값이 모두 {count}자입니다. {limit}자까지 됩니다.",
    ),
    "extract.rule_too_many_enum_values": (
        "{count} allowed values; up to {limit} are possible.",
        "허용할 값이 {count}개입니다. {limit}개까지 됩니다.",
    ),
    "extract.rule_enum_too_long": (
        "A long list of allowed values has {count} characters; up to {limit} are possible.",
        "허용할 값의 긴 목록이 {count}자입니다. {limit}자까지 됩니다.",
    ),
    "extract.field_required": ("is missing", "빠졌습니다"),
    "extract.field_additional_properties": ("was not asked for", "요청하지 않은 값입니다"),
    "extract.field_type": ("should be {wanted}, is {found}", "{wanted}이어야 하는데 {found}입니다"),
    "extract.field_enum": ("{found} is none of {wanted}", "{found}은(는) {wanted} 중에 없습니다"),
    "extract.field_const": ("should be {wanted}, is {found}", "{wanted}이어야 하는데 {found}입니다"),
    "extract.field_format": ("{found} is not of the format {wanted}", "{found}은(는) {wanted} 형식이 아닙니다"),
    "extract.field_pattern": (
        "{found} does not fit the pattern {wanted}",
        "{found}은(는) {wanted} 패턴에 맞지 않습니다",
    ),
    "extract.field_not_checked": ("{keyword} was not checked", "{keyword}은(는) 확인하지 못했습니다"),
    "extract.field_other": (
        "{found} does not keep the rule {keyword} {wanted}",
        "{found}은(는) {keyword} {wanted} 규칙에 맞지 않습니다",
    ),
    "extract.input": ("≈ {tokens} input tokens", "≈ 입력 {tokens} 토큰"),
    "extract.output": ("≈ {tokens} output tokens assumed", "답은 ≈ {tokens} 토큰으로 가정"),
    "extract.wait_reading": ("A file is still being read.", "아직 파일을 읽는 중입니다."),
    "extract.no_source": (
        "Give a text, a file or a link first; what it will cost stands here before anything is sent.",
        "먼저 글, 파일, 링크 가운데 하나를 주세요. 보내기 전에 비용이 여기에 나옵니다.",
    ),
    "extract.no_wanted": (
        "Say what to extract first: the fields, or a schema.",
        "먼저 뽑을 내용을 필드나 스키마로 정하세요.",
    ),
    "extract.start": ("Extract", "추출하기"),
    "extract.view": ("Show as", "보기"),
    "extract.view_tree": ("Tree", "트리"),
    "extract.view_table": ("Table", "표"),
    "extract.view_json": ("JSON text", "JSON 글"),
    "extract.empty": ("The result grows here.", "결과가 여기에 나타납니다."),
    "extract.state_running": ("extracting", "뽑는 중"),
    "extract.state_repair": ("asking once more, with what was wrong", "틀린 곳을 알려 주고 한 번 더 묻는 중"),
    "extract.state_valid": ("valid: every field as the schema wants it", "유효함: 모든 필드가 스키마대로입니다"),
    "extract.state_invalid": ("not valid: {count} problem(s)", "유효하지 않음: 문제 {count}개"),
    "extract.state_nothing": ("no data could be read", "데이터를 읽지 못했습니다"),
    "extract.state_failed": ("failed", "실패"),
    "extract.state_stopped": ("stopped", "중지됨"),
    "extract.stopped": (
        "Stopped. What had been written by then may have been charged; it is estimated (≈). Press Extract to begin anew.",
        "중지했습니다. 그때까지 쓴 것은 청구되었을 수 있어 어림잡아(≈) 셌습니다. 다시 하려면 추출하기를 누르세요.",
    ),
    "extract.cut": (
        "The answer reached its limit of tokens, so its JSON has no end. The same question would be cut again: extract "
        "fewer fields, or from a shorter source.",
        "답이 토큰 한도에 닿아 JSON이 끝나지 않았습니다. 그대로 다시 물으면 또 잘리니 필드를 줄이거나 더 짧은 원본을 쓰세요.",
    ),
    "extract.blanks": (
        "The model wrote nothing but {count} blanks, so it was ended. Try another model.",
        "모델이 공백만 {count}개 써서 끝냈습니다. 다른 모델을 써 보세요.",
    ),
    "extract.nothing_came": (
        "The answer is empty. Try again, or another model.",
        "답이 비었습니다. 다시 하거나 다른 모델을 써 보세요.",
    ),
    "extract.repair_failed": (
        "The one repair round failed ({reason}); this is the first answer.",
        "한 번의 수정 요청도 실패했습니다({reason}). 이것은 첫 번째 답입니다.",
    ),
    "extract.ladder": ("Asked by", "요청 방법"),
    "extract.step_json_schema": ("JSON Schema", "JSON 스키마"),
    "extract.step_json_object": ("JSON mode", "JSON 모드"),
    "extract.step_prompt": ("prompt alone", "프롬프트만"),
    "extract.step_refused": ("The server does not take this.", "서버가 받지 않습니다."),
    "extract.sent_loose": (
        "sent without strict, which this schema cannot be",
        "이 스키마는 엄격하게 할 수 없어 strict 없이 보냄",
    ),
    "extract.repaired": ("asked once more to correct it", "고쳐 달라고 한 번 더 물음"),
    "extract.way_fenced": ("taken out of a code block", "코드 블록에서 꺼냄"),
    "extract.way_embedded": ("taken out of the words around it", "둘레의 글에서 꺼냄"),
    "extract.requests": ("{count} requests", "요청 {count}번"),
    "extract.null": ("not told", "없음"),
    "extract.found": ("Show these words in the source", "원본에서 이 말 보기"),
    "extract.marked": ("Found in the source", "원본에서 찾은 말"),
    "extract.marked_begin": (
        "Found in the first {count} characters of the source",
        "원본의 처음 {count}자에서 찾은 말",
    ),
    "extract.too_many": (
        "Only the beginning is drawn; the file holds all.",
        "앞부분만 그렸습니다. 파일에는 모두 있습니다.",
    ),
    "extract.save": ("Download JSON", "JSON 내려받기"),
    "extract.code": ("As code", "코드로 보기"),
    "extract.code.md": (
        "The same with the `openai` and `pydantic` packages: the request as it is sent first, and a model class for the "
        "answer. What is asked of a server that takes no JSON Schema, and what is asked once more, is not in it: see "
        "*Under the hood*.",
        "`openai`와 `pydantic` 패키지로 똑같이 하는 코드: 처음 보내는 요청 그대로와, 답을 담는 모델 클래스입니다. JSON 스키마를 받지 않는 서버에 "
        "다시 보내는 요청과 고쳐 달라고 한 번 더 묻는 요청은 들어 있지 않습니다. *안쪽 들여다보기*에서 볼 수 있습니다.",
    ),
    "extract.code_cut": (
        "Only the beginning stands here; the download holds all of it.",
        "여기에는 앞부분만 있습니다. 내려받으면 모두 있습니다.",
    ),
    "extract.save_code": ("Download the script", "스크립트 내려받기"),
    "extract.bad_schema": (
        "The parameter schema holds no JSON Schema and no list of fields. {problem}",
        "schema 매개변수가 JSON 스키마도 필드 목록도 아닙니다. {problem}",
    ),
    "extract.unknown_preset": ("There is no preset {preset} to extract.", "{preset}이라는 추출 프리셋은 없습니다."),
    # many sources, one row each
    "extract.mode": ("How many", "얼마나"),
    "extract.mode_one": ("One result", "결과 하나"),
    "extract.mode_batch": ("Batch: one row for each source", "배치: 원본마다 한 행"),
    "batch.source.md": ("#### 1. Sources, a row each", "#### 1. 원본, 하나에 한 행"),
    "batch.text": ("Texts", "글"),
    "batch.text_placeholder": (
        "Paste many texts, then press Add rows.",
        "여러 글을 붙여 넣고 행 추가를 누르세요.",
    ),
    "batch.splitting": ("A row is", "한 행은"),
    "batch.split_lines": ("a line each", "한 줄씩"),
    "batch.split_paragraphs": ("a paragraph each", "한 문단씩"),
    "batch.split_links": ("a picture link each", "이미지 링크 하나씩"),
    "batch.add": ("Add rows", "행 추가"),
    "batch.example": ("Five contact cards to try", "연락처 다섯 개로 해 보기"),
    "batch.files": ("Many text files and pictures, or a CSV file", "여러 텍스트 파일과 이미지, 또는 CSV 파일"),
    "batch.column": ("Column of the CSV file", "CSV 파일의 열"),
    "batch.column_info": ("Each cell of it is a row here.", "이 열의 칸 하나가 한 행이 됩니다."),
    "batch.heads": ("The first line holds the names of the columns", "첫 줄은 열 이름"),
    "batch.pasted": ("pasted", "붙여 넣은 글"),
    "batch.too_many": (
        "The page takes up to {most} rows and 20 million characters; the rest was left out. For more, write a batch "
        "file by a script (README).",
        "이 화면은 {most}행, 2천만 자까지 받습니다. 나머지는 넣지 않았습니다. 더 많으면 스크립트로 배치 파일을 만드세요(README).",
    ),
    "batch.running_now": (
        "Rows are being asked now. Stop first, then choose again.",
        "지금 행을 묻고 있습니다. 먼저 중지한 뒤 다시 고르세요.",
    ),
    "batch.empty": (
        "No rows yet. Add texts, files or a CSV file on the left.",
        "아직 행이 없습니다. 왼쪽에서 글이나 파일, CSV 파일을 넣으세요.",
    ),
    "batch.no_rows": ("Add rows first.", "먼저 행을 추가하세요."),
    "batch.nothing_to_ask": ("Every row has its answer.", "모든 행에 답이 있습니다."),
    "batch.lacks_content": (
        "The rows that are left are known by name only: add the same files again, and they go on from here.",
        "남은 행은 이름만 남아 있습니다. 같은 파일을 다시 넣으면 이어서 할 수 있습니다.",
    ),
    "batch.changed": (
        "What is asked has changed since: Start asks these rows anew. Earlier answers stay until then.",
        "묻는 내용이 바뀌었습니다. 시작하면 이 행들을 새로 묻습니다. 그때까지 앞선 답은 그대로 있습니다.",
    ),
    "batch.at_server": (
        "These rows are at the server as a batch. Cancel it first to ask them here.",
        "이 행들은 서버에 배치로 맡겼습니다. 여기서 물으려면 먼저 취소하세요.",
    ),
    "batch.count": ("{count} rows", "{count}행"),
    "batch.only_rows": (
        "The price is unknown, so only the limit in rows can be kept.",
        "가격을 몰라 행 수 한도만 지킬 수 있습니다.",
    ),
    "batch.beyond_limit": (
        "The limits have room for {count} of them. Raise one to ask all.",
        "한도로는 이 가운데 {count}행만 물을 수 있습니다. 모두 물으려면 한도를 올리세요.",
    ),
    "batch.over_limit": (
        "These {count} rows are more than the limits allow, and a batch at a server is paid for as a whole. Raise the "
        "limit.",
        "이 {count}행은 한도를 넘습니다. 서버의 배치는 통째로 값을 치르므로 한도를 올리세요.",
    ),
    "batch.at_server_first": (
        "These rows are at the server as a batch, and its answers are paid for. Cancel it or wait for its end, then "
        "delete.",
        "이 행들은 서버에 배치로 맡겨 두었고 그 답에는 돈을 냅니다. 취소하거나 끝난 뒤에 지우세요.",
    ),
    "batch.limit_rows": ("Limit in rows", "행 수 한도"),
    "batch.limit_unpriced": (
        "The price of this model is unknown, so dollars cannot be counted: set a limit in rows.",
        "이 모델의 가격을 몰라 달러를 셀 수 없습니다. 행 수로 한도를 정하세요.",
    ),
    "batch.start": ("Extract", "추출"),
    "batch.start_count": ("Extract {count} rows", "{count}행 추출"),
    "batch.resume": ("Go on with {count} rows", "{count}행 이어서"),
    "batch.again": ("Ask {count} faulty rows again", "잘못된 {count}행 다시 묻기"),
    "batch.again_one": ("Ask again", "다시 묻기"),
    "batch.clear": ("Delete rows and answers", "행과 답 지우기"),
    "batch.kept.md": (
        "Rows and answers are kept on this server for a day after the last answer, under an id that only this browser "
        "knows: a batch that was broken off goes on where it stood, and nothing is paid twice.",
        "행과 답은 마지막 답이 온 뒤 하루 동안 이 서버에 둡니다. 그 번호는 이 브라우저만 압니다. 끊긴 배치는 멈춘 곳에서 "
        "이어지고, 같은 행에 두 번 돈을 내지 않습니다.",
    ),
    "batch.progress_label": ("Rows that have ended", "끝난 행"),
    "batch.progress": ("{done} of {all} rows", "{all}행 중 {done}행"),
    "batch.progress_done": ("{count} valid", "올바름 {count}"),
    "batch.progress_invalid": ("{count} not valid", "올바르지 않음 {count}"),
    "batch.progress_failed": ("{count} failed", "실패 {count}"),
    "batch.progress_gone": ("{count} without content", "내용 없음 {count}"),
    "batch.stepped_down": (
        "The server refused the format that was asked for first; rows are asked as: {step}.",
        "처음 요청한 형식을 서버가 거절했습니다. 이제 이렇게 묻습니다: {step}.",
    ),
    "batch.ended_budget": (
        "The limit is reached, with {left} rows left. Raise it to go on.",
        "한도에 이르러 {left}행이 남았습니다. 계속하려면 한도를 올리세요.",
    ),
    "batch.ended_stopped": (
        "Stopped, with {left} rows left. What was under way may have been charged; it is estimated (≈). Going on asks "
        "only these.",
        "중지했습니다. {left}행이 남았습니다. 진행 중이던 요청은 청구되었을 수 있어 어림잡아(≈) 셌습니다. 계속하면 남은 것만 "
        "묻습니다.",
    ),
    "batch.ended_refused": (
        "Ended early, for the same would be said of every row: {reason} {left} rows are left to go on with.",
        "모든 행에 같은 답이 올 것이라 일찍 끝냈습니다: {reason} {left}행은 이어서 할 수 있습니다.",
    ),
    "batch.status_reading": ("reading", "읽는 중"),
    "batch.status_waiting": ("waiting", "대기"),
    "batch.status_running": ("asking", "묻는 중"),
    "batch.status_done": ("valid", "올바름"),
    "batch.status_invalid": ("not valid", "올바르지 않음"),
    "batch.status_failed": ("failed", "실패"),
    "batch.status_stopped": ("stopped, perhaps charged", "중지됨, 청구되었을 수 있음"),
    "batch.status_gone": ("content is gone: add it again", "내용 없음: 다시 넣으세요"),
    "batch.column_row": ("Source", "원본"),
    "batch.column_state": ("State", "상태"),
    "batch.column_data": ("Data", "데이터"),
    "batch.column_paid": ("Tokens and price", "토큰과 가격"),
    "batch.no_problems": ("No row failed, and all data is valid.", "실패한 행도, 올바르지 않은 데이터도 없습니다."),
    "batch.whole": ("whole JSON", "JSON 전체"),
    "batch.raw": ("what came", "받은 그대로"),
    "batch.more_problems": ("{count} more; the files hold all of them", "그 밖에 {count}개, 파일에는 모두 있음"),
    "batch.repair_due": (
        "A repair round is yet to come: press Go on.",
        "고치는 요청이 남았습니다. 이어서를 누르세요.",
    ),
    "batch.page": ("page {page} of {pages} · {rows} rows", "{pages}쪽 중 {page}쪽 · {rows}행"),
    "batch.previous": ("‹ Back", "‹ 이전"),
    "batch.next": ("Next ›", "다음 ›"),
    "batch.shown": ("Rows shown", "보이는 행"),
    "batch.show_all": ("All rows", "모든 행"),
    "batch.show_problems": ("Only faulty ones", "잘못된 행만"),
    "batch.export_csv": ("All rows (CSV)", "모든 행(CSV)"),
    "batch.export_jsonl": ("All rows (JSONL)", "모든 행(JSONL)"),
    "batch.export_failed": ("Faulty rows (CSV)", "잘못된 행(CSV)"),
    "batch.remote": ("Beyond this machine", "이 컴퓨터 밖에서"),
    "batch.remote.md": (
        "Thousands of rows belong on an engine that is made for them. The file holds the rows without an answer, in the "
        "format of OpenAI's Batch API and of `vllm run-batch`; their output files are read back into this table.",
        "수천 행은 그런 일을 위해 만든 엔진에 맡기세요. 파일에는 아직 답이 없는 행이 OpenAI Batch API와 `vllm run-batch`의 "
        "형식으로 담깁니다. 결과 파일은 이 표로 다시 읽어 들입니다.",
    ),
    "batch.save": ("Download the batch file", "배치 파일 내려받기"),
    "batch.submit": ("Send to the server as a batch", "서버에 배치로 보내기"),
    "batch.follow": ("Follow the batch", "배치 지켜보기"),
    "batch.cancel": ("Cancel the batch", "배치 취소"),
    "batch.answers": ("Output and error files (.jsonl)", "결과 파일과 오류 파일(.jsonl)"),
    "batch.left_out": (
        "{count} rows are not in the file, for they cannot be read.",
        "{count}행은 읽을 수 없어 파일에 없습니다.",
    ),
    "batch.taken": (
        "Read: {answered} answers, {failed} failed rows, {broken} lines that cannot be used.",
        "읽었습니다: 답 {answered}, 실패한 행 {failed}, 쓸 수 없는 줄 {broken}.",
    ),
    "batch.no_match": (
        "None of these lines belongs to the rows above. They fit only where rows, fields, instructions and model are "
        "those that the batch file was made with.",
        "위의 행에 맞는 줄이 없습니다. 배치 파일을 만들 때와 행, 필드, 지시, 모델이 모두 같아야 맞습니다.",
    ),
    "batch.other_connection": (
        "This batch was sent over another connection. Connect to that server again to follow it.",
        "다른 연결로 보낸 배치입니다. 지켜보려면 그 서버에 다시 연결하세요.",
    ),
    "batch.remote_price": (
        "{count} rows as a batch: {money} (half the price, within 24 hours)",
        "{count}행을 배치로: {money} (반값, 24시간 안에)",
    ),
    "batch.remote_validating": ("checking the file", "파일 확인 중"),
    "batch.remote_in_progress": ("running", "실행 중"),
    "batch.remote_finalizing": ("preparing the answers", "답을 준비하는 중"),
    "batch.remote_completed": ("completed", "완료"),
    "batch.remote_failed": ("failed", "실패"),
    "batch.remote_expired": ("expired", "기한 초과"),
    "batch.remote_cancelling": ("being cancelled", "취소하는 중"),
    "batch.remote_cancelled": ("cancelled", "취소됨"),
    "batch.remote_unknown": ("state not asked yet", "아직 확인 안 함"),
    # tokens & cost
    "usage.heading.md": ("### What this visit has used", "### 이번 방문의 사용량"),
    "usage.empty": ("Nothing yet. Each answer will have a row here.", "아직 없습니다. 답마다 한 줄씩 쌓입니다."),
    "usage.turn": ("#", "#"),
    "usage.model": ("Model", "모델"),
    "usage.input": ("Input", "입력"),
    "usage.cached": ("of it cached", "그중 캐시"),
    "usage.output": ("Output", "출력"),
    "usage.reasoning": ("of it reasoning", "그중 추론"),
    "usage.charged": ("Charged", "청구"),
    "usage.as_if": ("As if on {model}", "{model} 기준"),
    "usage.first": ("First token", "첫 토큰"),
    "usage.speed": ("Tokens/s", "토큰/초"),
    "usage.end": ("End", "종료"),
    "usage.total": ("Total", "합계"),
    "usage.unknown": ("unknown", "모름"),
    "usage.unpriced": ("+ {count} of unknown price", "+ 가격 모름 {count}건"),
    "usage.latest": (
        "The table shows the latest {count} of {all} answers; the sums are those of all.",
        "표에는 답 {all}개 가운데 최근 {count}개만 있습니다. 합계는 모두를 더한 것입니다.",
    ),
    "usage.estimated": (
        "≈: counted here, since the server sent no usage.",
        "≈: 서버가 사용량을 보내지 않아 여기서 센 값.",
    ),
    "usage.won": (
        "Won at {rate} to the dollar, a round figure of the settings.",
        "원화는 1달러 {rate}으로 계산한 어림값입니다(설정에서 바꿀 수 있음).",
    ),
    "usage.list_price": (
        "Prices are list prices of the provider as of the installed price table; taxes and discounts are not in them.",
        "가격은 설치된 가격표의 공급자 정가이며 세금과 할인은 들어 있지 않습니다.",
    ),
    "usage.reference": ("Compare free answers with", "무료 답을 비교할 모델"),
    "count.heading.md": ("### Count tokens", "### 토큰 세기"),
    "count.too_long": ("At most {most} characters are counted at once.", "한 번에 {most}자까지 셀 수 있습니다."),
    "count.legend": (
        "Each coloured piece is one token; · is a blank, and hexadecimal digits are bytes of a letter that was split. "
        "Models are billed by tokens, and each family splits text by its own encoding.",
        "색칠된 조각 하나가 토큰 하나입니다. ·는 빈칸이고, 16진수는 글자가 나뉘어 남은 바이트입니다. "
        "요금은 토큰 수로 매기며, 모델 계열마다 글을 나누는 인코딩이 다릅니다.",
    ),
    "usage.seconds": ("{seconds} s", "{seconds}초"),
    "usage.visit": ("A reload of the page begins a new visit.", "페이지를 새로 고치면 새 방문이 시작됩니다."),
    "count.label": ("Text", "글"),
    "count.placeholder": ("Type or paste a text.", "글을 쓰거나 붙여넣으세요."),
    "count.encoding": ("Encoding", "인코딩"),
    "count.tokens": ("Tokens", "토큰"),
    "count.per_character": ("Tokens per character", "글자당 토큰"),
    "count.price": ("A million prompts at the price of {model}", "{model} 가격으로 백만 번"),
    "count.own_encoding": (
        "{model} uses {encoding}; the other row shows what as many tokens would cost there. Answers are not in the price.",
        "{model}의 인코딩은 {encoding}입니다. 다른 줄은 그만큼의 토큰이라면 얼마인지 보여 줍니다. 답의 값은 들어 있지 않습니다.",
    ),
    "count.likely_encoding": (
        "The encoding of {model} is not public; {encoding} is the likeliest. Answers are not in the price.",
        "{model}의 인코딩은 공개되지 않았고, 아마 {encoding}일 것입니다. 답의 값은 들어 있지 않습니다.",
    ),
    "count.story.md": (
        "**What to see here**\n\nBelow is one Korean text, cut in two ways. The newer encoding o200k_base knows more Korean, so "
        "it needs fewer tokens, and tokens are what is billed. The table shows what a million such prompts cost with each; "
        "write another text into the field, or choose another model to compare with.",
        "**여기서 볼 것**\n\n아래의 한국어 글 하나를 두 가지 방법으로 나눴습니다. 새 인코딩 o200k_base는 한국어를 더 많이 알아서 "
        "토큰이 적게 들고, 요금은 토큰 수로 매깁니다. 표는 이런 프롬프트를 백만 번 보낼 때의 값을 보여 줍니다. 다른 글을 쓰거나 비교할 "
        "모델을 바꿔 보세요.",
    ),
    "count.back": ("← Back to the chat", "← 채팅으로 돌아가기"),
    "count.models": ("Used by", "쓰는 모델"),
    "count.more_pieces": ("… and {count} more", "… 그 밖에 {count}개"),
    # under the hood
    "inspect.turn": ("Request", "요청"),
    "inspect.empty": (
        "Nothing has been sent yet. After the first message the exact request stands here.",
        "아직 보낸 것이 없습니다. 첫 메시지를 보내면 요청이 그대로 여기에 나옵니다.",
    ),
    "inspect.where": ("Sent to {url}", "보낸 곳: {url}"),
    "inspect.body": ("Request body", "요청 본문"),
    "inspect.shortened": (
        "Pictures are shortened here; the downloads below hold them whole.",
        "여기서는 이미지를 줄여 보여 줍니다. 아래 내려받기에는 전체가 들어 있습니다.",
    ),
    "inspect.adjustments": ("What was left out or added, and why", "빼거나 더한 것과 그 이유"),
    "inspect.response": ("Response", "응답"),
    "inspect.response_none": ("No whole response came.", "온전한 응답이 오지 않았습니다."),
    "inspect.curl": ("The same with curl", "같은 요청을 curl로"),
    "inspect.python": ("The same with Python", "같은 요청을 파이썬으로"),
    "inspect.download_curl": ("Download curl script", "curl 스크립트 내려받기"),
    "inspect.download_python": ("Download Python script", "파이썬 스크립트 내려받기"),
    "inspect.failed": ("failed: {title}", "실패: {title}"),
    # literals of the page that Gradio leaves in English
    "literal.submit": ("Send", "보내기"),
    "literal.stop": ("Stop", "중지"),
    "literal.upload_a_file": ("Attach files", "파일 첨부"),
    "literal.remove_file": ("Remove file", "파일 빼기"),
    "literal.uploaded_files": ("Uploaded files", "첨부한 파일"),
    "literal.file_thumbnail": ("File thumbnail", "파일 미리보기"),
    "literal.file_upload": ("File upload", "파일 첨부"),
    "literal.uploading": ("Uploading", "올리는 중"),
    "literal.click_to_upload_or_drop_files": (
        "Click to upload or drop files",
        "눌러서 고르거나 파일을 끌어다 놓으세요",
    ),
    "literal.multimedia_input_field": ("Message", "메시지 입력란"),
    "literal.copy_message": ("Copy message", "메시지 복사"),
    "literal.copied_message": ("Copied message", "메시지를 복사함"),
    "literal.copy": ("Copy", "복사"),
    "literal.download": ("Download", "내려받기"),
    "literal.share": ("Share", "공유"),
    "literal.fullscreen": ("Fullscreen", "전체 화면"),
    "literal.retry": ("Retry", "다시 시도"),
    "literal.undo": ("Undo", "되돌리기"),
    "literal.edit": ("Edit", "편집"),
    "literal.scroll_down": ("Scroll down", "아래로"),
    "literal.toggle_sidebar": ("Toggle Sidebar", "사이드바 열고 닫기"),
    "literal.more_tabs": ("More tabs", "다른 탭"),
    "literal.chatbot_conversation": ("Conversation", "대화"),
    "literal.warning": ("Not done", "하지 못했습니다"),
    "literal.info": ("Note", "알림"),
    "literal.error": ("Error", "오류"),
    "literal.close": ("Close", "닫기"),
    "literal.click_to_access_webcam": ("Allow the camera", "카메라 허용하기"),
    "literal.drop_an_image_file_here_to_upload": ("Camera", "카메라"),
    "literal.clear_all_descriptions": (
        "Clear all pictures and their descriptions?",
        "이미지와 설명을 모두 지울까요?",
    ),
    "literal.delete_rows_and_answers": (
        "Delete all rows and their answers? They would be paid for again.",
        "모든 행과 답을 지울까요? 다시 얻으려면 또 비용이 듭니다.",
    ),
    "literal.capture_photo": ("Take the picture", "사진 찍기"),
    "literal.loading_response": ("Loading response", "답을 기다리는 중"),
}


def t(language: Language, key: str, /, **fields: object) -> str:
    """The text in this language, filled in. Raises KeyError for an unknown key: a text that is missing is a fault."""
    text = TEXTS[key][LANGUAGES.index(language)]
    return text.format(**fields) if fields else text


def known_language(value: object) -> Language:
    """``ko`` for anything Korean (``ko``, ``ko-KR``), else ``en``."""
    return "ko" if str(value or "").lower().startswith("ko") else "en"


def number(value: float) -> str:
    """A whole number with separators, the same in both languages."""
    return f"{value:,.0f}"


def seconds(value: float) -> str:
    """Seconds with as many places as they deserve."""
    return f"{value:.2f}" if value < 1 else f"{value:.1f}"


def dollars(amount: Decimal) -> str:
    """US dollars: cents for whole amounts, more places for small ones, never a small amount shown as nothing."""
    if amount == 0:
        return "$0"
    if amount >= 1:
        return f"${amount:,.2f}"
    if amount < Decimal("0.0000001"):
        return "<$0.0000001"
    # Two figures of a small amount, and at least cents.
    text = f"{amount:.{max(2, 1 - amount.adjusted())}f}"
    whole, _, places = text.partition(".")
    return f"${whole}.{places.rstrip('0').ljust(2, '0')}"


def money(amount: Decimal, won_per_dollar: Decimal) -> str:
    """Dollars, and won beside them."""
    won = amount * won_per_dollar
    if amount == 0:
        return "$0"
    shown = f"₩{won:,.0f}" if won >= 10 else f"₩{won:.1f}" if won >= Decimal("0.1") else "<₩0.1"
    return f"{dollars(amount)} ({shown})"


def file_size(size: int) -> str:
    """Bytes in decimal units, as file managers show them."""
    return f"{size / 1e6:,.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1e3))} kB"


def day(value: date, language: Language) -> str:
    """A date as the reader writes it."""
    if language == "ko":
        return f"{value.year}년 {value.month}월 {value.day}일"
    return f"{value.day} {value:%B} {value.year}"
