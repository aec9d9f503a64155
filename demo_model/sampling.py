"""Draws an answer out of a grammar, token by token, from an actual distribution over tokens of o200k_base.

At each step the grammar gives every token with which some wording goes on the share of the wordings that take it; the
logit of a token is the logarithm of that share. A thousand everyday tokens from elsewhere stand far below (``DEPTH``),
as a long tail stands below the likely tokens of any language model. Penalties and bias are added to the logits, the
temperature divides them, softmax makes probabilities, the least likely go (``EPSILON``, then ``top_p``), and one token
is drawn. The order is OpenAI's (guide "Advanced usage", section on parameter details); the floor is that of epsilon
sampling (Hewitt, Manning and Liang, 2022).

A token from elsewhere takes the place of the one that the likeliest wording has there, so every answer comes to an end.
"""

import random
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import ceil, exp, log

from demo_model import tokens
from demo_model.call import Language, Sampling
from demo_model.grammar import Choice, Rest, Text, chained
from demo_model.lazy_regex import lazy_regex

# The tail counts for 0.6 beside everything else at temperature 1.8, so that there a good third of the places that are
# open to it are taken by words from elsewhere; by softmax that is a few in a thousand at 1.3, and the floor cuts off
# what is left below 1.55.
DEPTH = 1.8 * log(tokens.ELSEWHERE / 0.6)
EPSILON = 1.8e-4

_END = -1
# Tokens of o200k_base never span these places, so what lies between them is encoded by itself.
_SEAM = lazy_regex(r"(?<=\S)(?= \S)|(?<=\n)(?=\S)")


@dataclass(frozen=True, slots=True)
class Drawn:
    """One drawn token. ``logprob``: of the draw itself. ``likeliest``: tokens and their logprobs, likeliest first."""

    token: int
    logprob: float
    likeliest: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class _Peers:
    """Tokens that are equally likely: most are alone, the tail is many. ``chance``: of each of them."""

    tokens: Sequence[int]
    chance: float

    @property
    def mass(self) -> float:
        return self.chance * len(self.tokens)


class Sampler:
    """Draws the answers of one choice. With a seed, equal ``salt`` gives equal answers.

    ``language``: whose words may leak in.  ``strict``: nothing may leave the grammar, as in JSON mode.
    """

    def __init__(self, sampling: Sampling, language: Language, salt: str, *, strict: bool = False) -> None:
        self._sampling = sampling
        self._language = language
        self._strict = strict
        # Unseeded throws are not secrets: an ordinary generator will do.
        self._random = random.Random() if sampling.seed is None else random.Random(f"{sampling.seed}|{salt}")

    def draw(self, text: Text, top: int = 0) -> Iterator[Drawn]:
        """The tokens of one answer. ``top``: how many of the likeliest tokens are told with each."""
        wordings = _Wordings(text)
        used: Counter[int] = Counter()
        while shares := wordings.shares():
            distribution = self._distribution(shares, used, closed=self._strict or wordings.inside_character)
            token, chance = self._throw(distribution)
            if token == _END:
                return
            yield Drawn(token, log(chance), _likeliest(distribution, top))
            used[token] += 1
            if token in shares:
                wordings.take(token)
            else:
                wordings.pass_over()

    def _throw(self, distribution: Sequence[_Peers]) -> tuple[int, float]:
        peers = distribution[0]
        if len(distribution) > 1:
            peers = self._random.choices(distribution, [each.mass for each in distribution])[0]
        return (peers.tokens[0] if len(peers.tokens) == 1 else self._random.choice(peers.tokens)), peers.chance

    def _distribution(self, shares: dict[int, float], used: Counter[int], *, closed: bool) -> list[_Peers]:
        """What may be drawn, the likeliest first; chances add up to 1. ``closed``: to all that is from elsewhere."""
        logits = {token: self._logit(token, log(share), used) for token, share in shares.items()}
        if not closed:
            for token in self._sampling.logit_bias:
                logits.setdefault(token, self._logit(token, -DEPTH, used))
        best = max(logits.values())
        tail: tuple[int, ...] = () if closed else self._tail(shares, best)
        temperature = self._sampling.temperature
        if temperature == 0:
            winner = max(logits, key=lambda token: logits[token])
            return [_Peers((winner,), 1.0) if best >= -DEPTH or not tail else _Peers(tail[:1], 1.0)]
        best = max(best, -DEPTH) if tail else best
        apart = [token for token in self._changed(used) if token not in logits and _place(token, tail) is not None]
        logits |= {token: self._logit(token, -DEPTH, used) for token in apart}
        peers = [_Peers((token,), exp((logit - best) / temperature)) for token, logit in logits.items()]
        if tail:
            peers.append(_Peers(_without(tail, logits), exp((-DEPTH - best) / temperature)))
        peers.sort(key=lambda each: -each.chance)
        return _nucleus(_above_floor(peers), self._sampling.top_p)

    def _changed(self, used: Counter[int]) -> Counter[int] | tuple[int, ...]:
        """The tokens whose logits the penalties change."""
        return used if self._sampling.frequency_penalty or self._sampling.presence_penalty else ()

    def _logit(self, token: int, plain: float, used: Counter[int]) -> float:
        sampling = self._sampling
        if token == _END:
            return plain
        count = used[token]
        penalty = count * sampling.frequency_penalty + (sampling.presence_penalty if count else 0.0)
        return plain + sampling.logit_bias.get(token, 0.0) - penalty

    def _tail(self, shares: dict[int, float], best: float) -> tuple[int, ...]:
        """Words from elsewhere, where one can pass the floor beside the ``best`` logit.

        A word, or a part of one, of the answer's language gives way to its like; a mark or a number only where bias or
        penalties have pushed it below the tail.
        """
        gap, temperature = best + DEPTH, self._sampling.temperature
        if gap > 0 and (temperature == 0 or exp(-gap / temperature) < EPSILON):
            return ()
        due = max(shares, key=lambda token: shares[token])
        if due == _END:
            return ()
        words = tokens.elsewhere(tokens.token_bytes(due), self._language)
        return words or (tokens.elsewhere(_A_WORD[self._language], self._language) if gap < 0 else ())


def _place(token: int, tail: Sequence[int]) -> int | None:
    """Where a token stands in the tail, which is sorted."""
    place = bisect_left(tail, token)
    return place if place < len(tail) and tail[place] == token else None


def _without(tail: tuple[int, ...], tokens_apart: Iterable[int]) -> tuple[int, ...]:
    """The tail without some tokens: a few are cut out, for to ask of each of a thousand would take far longer."""
    for token in tokens_apart:
        if (place := _place(token, tail)) is not None:
            tail = tail[:place] + tail[place + 1 :]
    return tail


_A_WORD: dict[Language, bytes] = {"en": b" word", "ko": " 말".encode()}


def _above_floor(peers: list[_Peers]) -> list[_Peers]:
    """Without those below the floor; the first always stay."""
    total = sum(each.mass for each in peers)
    return [peers[0], *(each for each in peers[1:] if each.chance >= EPSILON * total)]


def _nucleus(peers: list[_Peers], top_p: float) -> list[_Peers]:
    """The likeliest tokens that together reach ``top_p``, at least one, with chances that add up to 1."""
    wanted = top_p * sum(each.mass for each in peers)
    kept: list[_Peers] = []
    reached = 0.0
    for each in peers:
        number = min(len(each.tokens), max(1, ceil((wanted - reached) / each.chance)))
        kept.append(_Peers(each.tokens[:number], each.chance))
        reached += kept[-1].mass
        if reached >= wanted:
            break
    return [_Peers(each.tokens, each.chance / reached) for each in kept]


def _likeliest(distribution: list[_Peers], top: int) -> tuple[tuple[int, float], ...]:
    ranked = ((token, log(each.chance)) for each in distribution for token in each.tokens if token != _END)
    return tuple(islice(ranked, top))


@dataclass(slots=True)
class _Wording:
    """One way in which the answer may go on: tokens, of which ``place`` have been said, then what follows them."""

    share: float
    tokens: Sequence[int]
    place: int
    rest: Rest

    @property
    def due(self) -> int:
        return self.tokens[self.place] if self.place < len(self.tokens) else _END


class _Wordings:
    """All wordings that go on from what has been said so far, worked out no further than the next token."""

    def __init__(self, text: Text) -> None:
        self._going: list[_Wording] = [_Wording(1.0, (), 0, _linked(text.nodes, None))]
        self._character = b""
        self._prepare()

    @property
    def inside_character(self) -> bool:
        """Whether the last token ended within a letter: tokens are bytes, and a letter may need several."""
        return bool(self._character)

    def shares(self) -> dict[int, float]:
        """The next tokens, each with the share of the wordings that take it; empty when all have been said."""
        shares: dict[int, float] = {}
        for wording in self._going:
            shares[wording.due] = shares.get(wording.due, 0.0) + wording.share
        return {} if set(shares) <= {_END} else shares

    def take(self, token: int) -> None:
        """Go on with the wordings that have this token here."""
        self._character = tokens.unfinished(self._character + tokens.token_bytes(token))
        self._going = [wording for wording in self._going if wording.due == token]
        # Shares of shares would sink to nothing in a long answer.
        total = sum(wording.share for wording in self._going)
        for wording in self._going:
            wording.place += 1
            wording.share /= total
        self._prepare()

    def pass_over(self) -> None:
        """Go on as if the likeliest token had been said, and the rest of its letter with it."""
        while True:
            shares = self.shares()
            likeliest = max(shares, key=lambda token: shares[token])
            if likeliest == _END:
                self._going = []
                return
            self.take(likeliest)
            if not self._character:
                return

    def _prepare(self) -> None:
        """See that each wording has a token that is due, or has come to its end."""
        ready: list[_Wording] = []
        for wording in self._going:
            if wording.due != _END or wording.rest is None:
                ready.append(wording)
                continue
            ready += [
                _Wording(share, tokens.encode(run), 0, rest)
                for share, run, rest in _runs(wording.share, "", wording.rest)
            ]
        self._going = ready


def _runs(share: float, begun: str, rest: Rest) -> Iterator[tuple[float, str, Rest]]:
    """The ways to go on as far as the next seam: shares, strings, and what follows each."""
    while rest is not None:
        node, rest = rest
        if isinstance(node, Choice):
            for part, way in node.ways:
                yield from _runs(share * part, begun, _linked(way.nodes, rest))
            return
        whole = begun + node
        if begun and (seam := _SEAM.search(whole, len(begun) - 1)):
            yield share, whole[: seam.start()], (whole[seam.start() :], rest)
            return
        begun = whole
    yield share, begun, None


def _linked(nodes: Sequence[str | Choice], rest: Rest) -> Rest:
    """The nodes before ``rest``, with plain strings cut at their seams."""
    pieces: list[str | Choice] = []
    for node in nodes:
        pieces += [piece for piece in _SEAM.split(node) if piece] if isinstance(node, str) else [node]
    return chained(pieces, rest)
