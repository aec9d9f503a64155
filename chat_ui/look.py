"""How the page looks and behaves in the browser: theme, style sheet and page script, for ``launch()``.

Nothing is fetched from another host: fonts are those of the reader's system.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from gradio import themes

_ASSETS = Path(__file__).resolve().parent.parent / "assets"

# The system's own font first; the named Korean fonts serve systems whose interface font has no Hangul.
SANS = ("system-ui", "-apple-system", "Segoe UI", "Apple SD Gothic Neo", "Malgun Gothic", "Noto Sans KR",
        "Noto Sans CJK KR", "sans-serif")  # fmt: skip
MONO = (
    "ui-monospace",
    "SFMono-Regular",
    "Cascadia Mono",
    "Consolas",
    "D2Coding",
    "DejaVu Sans Mono",
    "Liberation Mono",
    "Noto Sans Mono CJK KR",
    "monospace",
)


def theme() -> themes.Base:
    """A quiet theme: paper and slate, one accent (teal), light and dark."""
    return themes.Base(
        primary_hue=themes.colors.teal,
        secondary_hue=themes.colors.teal,
        neutral_hue=themes.colors.slate,
        spacing_size=themes.sizes.spacing_md,
        radius_size=themes.sizes.radius_lg,
        text_size=themes.sizes.text_md,
        font=SANS,
        font_mono=MONO,
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color="*neutral_800",
        body_text_color_dark="*neutral_200",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_400",
        background_fill_primary="white",
        background_fill_primary_dark="*neutral_900",
        background_fill_secondary="*neutral_50",
        background_fill_secondary_dark="*neutral_900",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_border_color="*neutral_200",
        block_border_color_dark="*neutral_800",
        block_label_background_fill="transparent",
        block_label_background_fill_dark="transparent",
        block_label_text_color="*neutral_600",
        block_label_text_color_dark="*neutral_400",
        block_title_text_color="*neutral_700",
        block_title_text_color_dark="*neutral_300",
        block_shadow="none",
        border_color_primary="*neutral_200",
        border_color_primary_dark="*neutral_700",
        border_color_accent="*primary_600",
        border_color_accent_dark="*primary_400",
        color_accent="*primary_700",
        color_accent_soft="#e2f3f0",
        color_accent_soft_dark="#12332f",
        link_text_color="*primary_700",
        link_text_color_dark="*primary_300",
        link_text_color_hover="*primary_800",
        link_text_color_hover_dark="*primary_200",
        link_text_color_visited="*primary_700",
        link_text_color_visited_dark="*primary_300",
        input_border_width="1px",
        input_background_fill="white",
        input_background_fill_dark="*neutral_800",
        input_border_color="*neutral_300",
        input_border_color_dark="*neutral_700",
        input_border_color_focus="*primary_600",
        input_border_color_focus_dark="*primary_400",
        input_placeholder_color="*neutral_500",
        input_placeholder_color_dark="*neutral_400",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_hover_dark="*primary_700",
        button_primary_text_color="white",
        button_secondary_background_fill="*neutral_100",
        button_secondary_background_fill_dark="*neutral_800",
        button_secondary_background_fill_hover="*neutral_200",
        button_secondary_background_fill_hover_dark="*neutral_700",
        slider_color="*primary_700",
        slider_color_dark="*primary_400",
        # Gradio's own is nearly white in the dark: a warning has to look like one there, too.
        error_text_color_dark="#fca5a5",
        code_background_fill="*neutral_100",
        code_background_fill_dark="*neutral_800",
    )


def css() -> str:
    """The style sheet, for ``launch(css=...)``."""
    return (_ASSETS / "style.css").read_text(encoding="utf-8")


def head(labels: Mapping[str, Mapping[str, str]], built: Sequence[str] = ()) -> str:
    """The style of the page's frame, and the page script with its table of labels, for ``launch(head=...)``.

    ``labels``: language code -> {the English words that Gradio writes into the page: those of that language}.
    ``built``: what New chat and the tabs are called as the page is built; who reads another language sees the page when
    none of them is called so any more.
    """
    table = _script_value({code: dict(words) for code, words in labels.items()})
    script = (_ASSETS / "page.js").read_text(encoding="utf-8")
    frame = (_ASSETS / "frame.css").read_text(encoding="utf-8")
    given = f"window.vitrineLabels = {table}; window.vitrineBuilt = {_script_value(list(built))};"
    return f"<style>{frame}</style>\n<script>{given}</script>\n<script>\n{script}</script>"


def _script_value(value: object) -> str:
    """As JSON in which no text can end the script element."""
    return json.dumps(value, ensure_ascii=False).replace("<", "\\u003c")
