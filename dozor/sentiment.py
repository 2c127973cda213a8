"""The engine of `dozor sentiment`: texts with targets in, tones out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TextIO

from dozor.json_lines import LineError, answer_lines
from transforms.mentions.onnx_engine import engine_of
from transforms.mentions.sentiment import Asked, Engine, Tone


def judge_lines(lines: Iterable[str | bytes], out: TextIO, model: Path | None = None) -> int:
    """Reads {"id", "text", "targets": [[start, end], ...]}, writes {"id", "sentiments": [{"label", "score", "confidence"}]}.

    One tone per target, one for the whole text when there are none; offsets count characters of the text as given. A line may
    have "lang". `model` is a folder for the onnxruntime engine (see `onnx_engine`). Returns how many lines could not be read and
    got an `error`. Raises ModelError for a folder that cannot be used.
    """
    engine_of(model)  # fails here, where it is said, and not in each process
    return answer_lines(lines, out, partial(_made, model))


def _made(model: Path | None) -> Judge:
    return Judge(engine_of(model))


class Judge:
    """Answers texts with their tones."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def read(self, row: dict[str, Any]) -> Asked:
        """The text and its targets; LineError when there is none, or a target is no place in it."""
        if "text" not in row:
            raise LineError('expected {"id", "text", "targets"}, got no "text"')
        text, lang = row["text"] or "", row.get("lang")
        if not isinstance(text, str):
            raise LineError('"text" is not a text')
        try:
            targets = [(int(start), int(end)) for start, end in row.get("targets") or ()]
        except (TypeError, ValueError) as error:
            raise LineError(f'"targets" are not places [[start, end], ...]: {error}') from error
        for start, end in targets:
            if not 0 <= start < end <= len(text):
                raise LineError(f"target [{start}, {end}] is not a place in a text of {len(text)} characters")
        return Asked(text, targets, str(lang) if lang else None)

    def answers(self, asked: Sequence[Asked]) -> Iterator[dict[str, Any]]:
        """{"sentiments"} of each text."""
        for tones in self._engine.of_all(asked):
            yield {"sentiments": list(map(_as_json, tones))}


def _as_json(tone: Tone) -> dict[str, str | float]:
    return {"label": tone.label, "score": tone.score, "confidence": tone.confidence}
