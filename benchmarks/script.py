"""What the scripted upstream says, how it is asked, and the conversation that stands before it. Pure.

A question names its own run, so that the upstream's times can be found: ``Stream 9 words at 50 a second, run 1f``.
"""

import re
from dataclasses import dataclass

FIRST_WORD = "Firstword"
LAST_WORD = "Lastword"
MODEL = "scripted-1"

_QUESTION = re.compile(rb"Stream (\d+) words at (\d+) a second, run ([0-9a-f]+)")

# One word of each kind of Markdown that answers are made of; a blank line now and then, as in prose.
_WORDS = (
    "The ", "answer ", "has ", "**several** ", "parts, ", "and ", "`inline` ", "code, ", "in ", "*plain* ", "prose.",
    "\n\n- first ", "point\n", "- second ", "point\n\n", "Then ", "it ", "goes ", "on ", "as ", "before, ",
)  # fmt: skip

_ANSWER = """## Step {number}: what the code does

The function walks the list **once** and keeps a running total, so it takes *linear* time. See `total` below.

1. It starts at zero.
2. It adds every value:
   - whole numbers as they are,
   - strings through `float()`.
3. It returns the sum.

```python
def total(values: list[float]) -> float:
    result = 0.0
    for value in values:  # round {number}
        result += float(value)
    return result
```

| input | result | time |
|---|---:|---|
| `[]` | 0 | O(1) |
| `[1, 2]` | 3 | O(n) |
| `["4"]` | 4 | O(n) |

> Mind the rounding: a sum of floats is not exact. [Why](https://docs.python.org/3/tutorial/floatingpoint.html)
"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question asks for. ``rate``: words a second; 0: as fast as they can be written.  ``run``: its name."""

    words: int
    rate: int
    run: str

    @property
    def question(self) -> str:
        return f"Stream {self.words} words at {self.rate} a second, run {self.run}"


def asked_in(body: bytes) -> Asked | None:
    """What the last question of a request body asks for; None where nothing is asked."""
    found = _QUESTION.findall(body)
    return Asked(int(found[-1][0]), int(found[-1][1]), found[-1][2].decode()) if found else None


def deltas(count: int) -> list[str]:
    """An answer of at least two words, as the deltas of its stream; first and last can be told from all others."""
    middle = [_WORDS[place % len(_WORDS)] for place in range(count - 2)]
    return [f"{FIRST_WORD} ", *middle, LAST_WORD]


def conversation(messages: int) -> list[dict[str, str]]:
    """Earlier messages with rich Markdown: question, answer, question ..."""
    roles = ("user", "assistant")
    return [
        {"role": roles[place % 2], "content": _ANSWER.format(number=place // 2) if place % 2 else f"And step {place}?"}
        for place in range(messages)
    ]
