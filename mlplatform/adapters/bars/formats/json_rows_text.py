"""Records of JSON text, one by one, with the line that each begins in."""

import json
import re
from collections.abc import Iterator

from mlplatform.adapters.bars.formats.containers import Member
from mlplatform.adapters.bars.formats.rows_text import line_blocks, text_chunks
from mlplatform.domain.errors import InputError

Record = dict[str, object]
_PIECE_BYTES = 1 << 20
_RECORD_CHARACTERS = 4 << 20
_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


def line_records(member: Member) -> Iterator[tuple[int, Record]]:
    """One record a line (NDJSON), as (line, record); raises InputError naming a broken line."""
    for block in line_blocks(member):
        for line, text in enumerate(block.lines, start=block.first):
            if not text.strip():
                continue
            try:
                record = json.loads(text)
            except (ValueError, RecursionError) as error:
                raise broken(member, line, error) from None
            yield line, _record(member, line, record)


def array_records(member: Member) -> Iterator[tuple[int, Record]]:
    """The records of one array, as (line, record), a piece of text in memory at a time."""
    pieces = text_chunks(member, _PIECE_BYTES)
    text, line, at, expects = "", 1, 0, "["
    while True:
        at, start = _SPACE.match(text, at).end(), at  # type: ignore[union-attr]
        line += text.count("\n", start, at)
        item, end = None, at + 1
        problem: Exception | None = None
        if at == len(text):
            problem = ValueError("the text ends too early")
        elif expects == "record" and text[at] != "]":
            try:
                item, end = _DECODER.raw_decode(text, at)
            except (ValueError, RecursionError) as error:
                problem = error
        if problem is not None:
            piece = next(pieces, "") if len(text) - at < _RECORD_CHARACTERS else ""
            if not piece:
                line += text.count("\n", at, getattr(problem, "pos", at))
                raise broken(member, line, problem)
            text, at = text[at:] + piece, 0
            continue
        if text[at] == "]" and expects != "[":
            _check_rest(member, line, text[at + 1 :], pieces)
            return
        if item is not None:
            yield line, _record(member, line, item)
            line += text.count("\n", at, end)
            expects = ","
        elif text[at] == expects:
            expects = "record"
        else:
            raise broken(member, line, ValueError(f"expected '{expects}', found '{text[at]}'"))
        at = end


def document(member: Member, limit_characters: int) -> Record:
    """A whole object of at most so many characters; raises InputError."""
    pieces: list[str] = []
    length = 0
    for piece in text_chunks(member, _PIECE_BYTES):
        pieces.append(piece)
        length += len(piece)
        if length > limit_characters:
            raise InputError(
                f"{member.where} is a single JSON object of more than {limit_characters:,} "
                "characters: write one record a line (NDJSON), or CSV or Parquet."
            )
    try:
        found = json.loads("".join(pieces))
    except (ValueError, RecursionError) as error:
        raise broken(member, getattr(error, "lineno", 1), error) from None
    return _record(member, 1, found)


def broken(member: Member, line: int, error: Exception) -> InputError:
    """What to say of text that is no JSON."""
    reason = getattr(error, "msg", str(error)).rstrip(".")
    return InputError(
        f"{member.where} is broken or truncated JSON at line {line} ({reason}): export or "
        "download it again."
    )


def _check_rest(member: Member, line: int, text: str, pieces: Iterator[str]) -> None:
    while True:
        if rest := text.strip():
            line += text.count("\n", 0, text.index(rest))
            raise broken(member, line, ValueError("text after the end of the array"))
        line += text.count("\n")
        text = next(pieces, "")
        if not text:
            return


def _record(member: Member, line: int, item: object) -> Record:
    if isinstance(item, list):
        raise InputError(
            f"Line {line} of {member.where} holds a bar as a list, whose values have no names: "
            'write each bar as a record such as {"ts": ..., "open": ...}, or as CSV with a header.'
        )
    if not isinstance(item, dict):
        raise InputError(
            f"Line {line} of {member.where} holds the value {item!r} in the place of a bar: write "
            'each bar as a record such as {"ts": ..., "open": ...}.'
        )
    return item
