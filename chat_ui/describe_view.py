"""How the described pictures look: the line of what it will cost, the progress, the cards. Pure; makes HTML.

The page compares new HTML with what stands there, node by node, and changes only what differs: so a card keeps its
nodes in every state, and a description that is being edited keeps its cursor.
"""

from decimal import Decimal
from html import escape
from urllib.parse import quote

from chat_core.connections import Connection
from chat_core.discovery import ListedModel
from chat_core.file_names import safe_name
from chat_ui import exports, notes
from chat_ui.costs import price_words, spent_words, total
from chat_ui.describe_job import Asked, Forecast, Job, Picture
from chat_ui.texts import Language, money, number, t
from chat_ui.transcript import as_if_cost

# Where Gradio serves the visitor's files; relative, for the page may lie below a path.
FILES = "gradio_api/file="


def estimate_html(
    counted: Forecast,
    asked: Asked,
    connection: Connection,
    known: ListedModel,
    language: Language,
    reference: str,
    won: Decimal,
) -> str:
    """What the pictures that are to be asked will take, before anything is sent, and what would go wrong."""
    if not counted.pictures:
        return f'<p class="quiet">{t(language, "describe.nothing_to_ask")}</p>'
    line = [f"<strong>{t(language, 'describe.count', count=number(counted.pictures))}</strong>"]
    if asked.model:
        line.append(f"<code>{escape(asked.model)}</code>")
    line.append(t(language, "describe.input", tokens=number(counted.input_tokens), images=number(counted.image_tokens)))
    line.append(t(language, "describe.output", tokens=number(asked.preset.output_tokens)))
    line.append(f"<strong>{price_words(counted.cost, connection, language, reference, won)}</strong>")
    problems = []
    if counted.unknown:
        problems.append(t(language, "describe.unknown_tokens", count=number(counted.unknown)))
    if counted.cost is None and not connection.free:
        problems.append(t(language, "describe.only_pictures"))
    if known.profile.images is False:
        problems.append(t(language, "meter.no_images", model=asked.model))
    told = "".join(f'<br><span class="problem">{escape(problem)}</span>' for problem in problems)
    return f"<p>{' · '.join(line)}{told}</p>"


def progress_html(job: Job, connection: Connection, language: Language, reference: str, won: Decimal) -> str:
    """How far it is, what it has cost and what is to come, and how it ended; empty where there are no pictures."""
    pictures = list(job.pictures.values())
    if not pictures:
        return ""
    done, failed = len(job.with_status("done")), len(job.with_status("failed"))
    share = 100 * (done + failed) // len(pictures)
    counts = [t(language, "describe.progress", done=number(done), all=number(len(pictures)))]
    if failed:
        counts.append(t(language, "describe.progress_failed", count=number(failed)))
    if reading := len(job.with_status("reading")):
        counts.append(t(language, "describe.progress_reading", count=number(reading)))
    if job.ledger.entries:
        counts.append(spent_words(job.ledger, language, reference, won))
    if job.running:
        counts.append(_to_come(job, connection, language, reference, won))
    words = " · ".join(counts)
    ended = "".join(f'<p class="describe-end">{escape(sentence)}</p>' for sentence in _end(job, language))
    return (
        f'<div class="describe-bar" role="progressbar" aria-valuemin="0" aria-valuemax="100" aria-valuenow="{share}" '
        f'aria-label="{t(language, "describe.progress_label")}"><span style="width: {share}%"></span></div>'
        f"<p>{words}</p>{ended}"
    )


def gallery_html(job: Job, language: Language, reference: str, won: Decimal) -> str:
    """A card for each picture, in their order."""
    cards = "".join(_card(picture, job, language, reference, won) for picture in job.pictures.values())
    return f'<ul class="pictures">{cards}</ul>' if cards else ""


# --- lines ------------------------------------------------------------------------------------------------------------


def _to_come(job: Job, connection: Connection, language: Language, reference: str, won: Decimal) -> str:
    left = job.with_status("waiting", "running", "stopped")
    cost = total([picture.expected for picture in left])
    if connection.free:
        return t(language, "describe.to_come", money=price_words(cost, connection, language, reference, won))
    return t(language, "describe.to_come", money="≈ " + money(cost, won) if cost is not None else _unknown(language))


def _unknown(language: Language) -> str:
    return t(language, "usage.unknown")


def _end(job: Job, language: Language) -> list[str]:
    """How the last run ended, if not with everything asked."""
    lines = []
    if job.broken:
        lines.append(notes.unexpected(language).text)
    ended = job.ended
    if ended is not None and not job.running:
        match ended.reason:
            case "budget":
                lines.append(t(language, "describe.ended_budget", left=number(ended.left)))
            case "stopped":
                lines.append(t(language, "describe.ended_stopped", left=number(ended.left)))
            case "refused" if ended.error is not None:
                why = notes.sentence(ended.error, language)
                lines.append(t(language, "describe.ended_refused", reason=why, left=number(ended.left)))
    return lines


# --- cards ------------------------------------------------------------------------------------------------------------


def _card(picture: Picture, job: Job, language: Language, reference: str, won: Decimal) -> str:
    # On one line and in reading order, whatever marks the file's name holds.
    name = escape(safe_name(picture.name, "picture"))
    size = f"{picture.width} × {picture.height}" if picture.width else ""
    small = f'<img src="{FILES}{quote(picture.small)}" alt="" loading="lazy">' if picture.small else ""
    status = _status(picture, language)
    problem = exports.problem(picture, language) if picture.status in ("done", "failed", "stopped") else status
    return (
        f'<li class="picture" data-key="{picture.key}" data-status="{picture.status}">'
        f'<div class="picture-small">{small}{_remove(picture, name, language)}</div>'
        f'<div class="picture-words"><p class="picture-name"><span title="{name}">{name}</span>'
        f'<span class="picture-size">{size}</span></p>'
        f'<p class="picture-state"><span class="state state-{picture.status}">{status}</span> '
        f'<span class="picture-problem">{escape(problem if problem != status else "")}</span></p>'
        f"{_description(picture, name, language)}"
        f'<p class="picture-paid">{_paid(picture, language, reference, won)}</p>'
        f'<div class="picture-actions">{_actions(picture, job, language)}</div></div></li>'
    )


def _status(picture: Picture, language: Language) -> str:
    if picture.status == "running" and picture.pausing is not None:
        return t(language, f"describe.pausing_{'limit' if picture.pausing.kind == 'rate_limited' else 'failure'}")
    return t(language, f"describe.status_{picture.status}")


def _description(picture: Picture, name: str, language: Language) -> str:
    """The description, to be edited. ``name``: as HTML.  ``value``: what the page takes for a changed text."""
    text = escape(picture.text)
    label = t(language, "describe.description_of", name=name)
    most = picture.asked.preset.max_characters if picture.asked else None
    count = len(picture.text)
    over = " over" if most and count > most else ""
    counter = f"{count} / {most}" if most else t(language, "describe.characters", count=number(count))
    # {count} stays for the page, which counts anew while it is edited.
    template = f"{{count}} / {most}" if most else t(language, "describe.characters", count="{count}")
    hidden = "" if picture.described else " hidden"
    return (
        f'<div class="picture-text"{hidden}>'
        f'<textarea rows="4" aria-label="{label}" maxlength="20000" value="{text}">{text}</textarea>'
        f'<span class="picture-count{over}" data-most="{most or 0}" data-words="{escape(template)}">{counter}</span>'
        "</div>"
    )


def _paid(picture: Picture, language: Language, reference: str, won: Decimal) -> str:
    """Tokens and price of all tries of this picture."""
    if not picture.entries:
        return ""
    about = "≈ " if picture.estimated else ""
    tokens = t(language, "footnote.usage", input=number(picture.input_tokens), output=number(picture.output_tokens))
    cost = picture.cost
    paid = t(language, "footnote.unknown_price") if cost is None else (about if cost else "") + money(cost, won)
    line = [about + tokens, paid]
    as_if = total([as_if_cost(entry, reference) for entry in picture.entries if entry.free])
    if as_if:
        line.append(t(language, "meter.as_if", model=escape(reference), money=money(as_if, won)))
    return " · ".join(line)


def _remove(picture: Picture, name: str, language: Language) -> str:
    hidden = " hidden" if picture.status in ("running", "reading") else ""
    label = t(language, "describe.remove", name=name)
    return f'<button type="button" data-do="remove" aria-label="{label}" title="{label}"{hidden}>×</button>'


def _actions(picture: Picture, job: Job, language: Language) -> str:
    """All buttons always, those that make no sense now out of sight: so the page keeps its nodes."""
    resting = not job.running
    shown = {
        "copy": picture.described,
        "chat": picture.described,
        "retry": resting and picture.status in ("done", "failed"),
    }
    return "".join(
        f'<button type="button" data-do="{name}"{"" if visible else " hidden"}>'
        f"{t(language, f'describe.{name}')}</button>"
        for name, visible in shown.items()
    )
