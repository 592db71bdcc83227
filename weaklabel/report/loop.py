"""How a loop goes, as a section: the score on its way to the target, what was asked, who answers, what to mend."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import polars as pl

from weaklabel.errors import JournalError
from weaklabel.report import loop_charts
from weaklabel.report.section import Chart, Section, Table, between

LISTED = 20  # rounds in a table; the charts show all
WHY = (
    "Only the audit's items make the score: they are a random sample of the pool, whereas the others were chosen "
    "where the model doubts, so that a score over all answers would say little about the pool."
)
LABELS_LEFT = (
    "Labels left are answers to all questions, the audit's and the others together, until the worse end of the "
    "interval is at the target, should the score go on as it does now: an outlook, not a promise."
)
ACTIONS = {
    "drop": "drop: leave it out",
    "narrow": "narrow: make it vote on fewer items, as it votes nearly everywhere, or alone on many",
}
PARTS = (
    "repair: votes, drawn at random, of functions that little is known of; second: another opinion on an answered "
    "item; lf_accuracy: of the labeling functions, by the audit"
)
NEVER = 0.02  # share of wrong answers under which it is not worth a word
NEEDED = ("answers", "asked", "skipped", "audited")  # entries that no record lacks

Record = Mapping[str, Any]


def loop_section(rounds: pl.DataFrame) -> Section:
    """A loop at a glance.

    Parameters
    ----------
    rounds
        One row a round, as the journal keeps them: number, added_at, and record, which is JSON.

    Returns
    -------
    Section
        Where any answer was simulated, its title, its first sentence and every caption say so.

    Raises
    ------
    JournalError
        A record is not readable.
    """
    records = _records(rounds)
    mark = simulated_mark(rounds)
    tables = (_progress(records), _batches(records), _people(records), _contradicted(records))
    return Section(
        f"The loop{mark}",
        tuple(_lead(records)),
        tuple(Table(f"{each.caption}{mark}", each.frame) for each in tables if len(each.frame)),
        tuple(Chart(f"{each.caption}{mark}", each.svg) for each in _pictures(records)),
    )


def simulated_mark(rounds: pl.DataFrame) -> str:
    """What a title or a caption ends with where any answer was simulated; else nothing."""
    return " (SIMULATED ANSWERS)" if any(one.get("simulated") for one in _records(rounds)) else ""


def _records(rounds: pl.DataFrame) -> list[Record]:
    """The records in the order of the rounds, each with its number and time."""
    rows = rounds.sort("number").select("number", "added_at", "record").iter_rows()
    return [{**_read(number, text), "round": number, "at": at[:16].replace("T", " ")} for number, at, text in rows]


def _read(number: int, text: str) -> Record:
    try:
        record = json.loads(text)
    except json.JSONDecodeError as error:
        raise JournalError(f"the record of round {number} is no JSON ({error}): the journal is damaged") from error
    lost = [name for name in NEEDED if not isinstance(record, dict) or name not in record]
    if lost:
        raise JournalError(f"the record of round {number} lacks {', '.join(lost)}: another program wrote it")
    return dict(record)


def _lead(records: Sequence[Record]) -> Iterator[str]:
    if not records:
        yield "No round yet."
        return
    if simulated := sum(bool(one.get("simulated")) for one in records):
        yield (
            f"SIMULATED ANSWERS in {simulated:,} of {len(records):,} rounds: known classes stood in for people, and "
            "nobody answered. The numbers show how the loop works, not how people do."
        )
    last = records[-1]
    yield _verdict(last)
    if (last.get("verdict") or {}).get("labels_left"):
        yield LABELS_LEFT
    if said := of_errors(last):
        yield said
    if last.get("how"):
        yield f"How the model learned last: {last['how'].rstrip('.')}."
    yield WHY


def of_errors(record: Record) -> str:
    """How often people err, and what that does to the score; empty where it is not worth a word, or not known.

    Of one person alone it is not: that the model differs from him shows nothing.
    """
    error, score, plain = record.get("audit_error") or 0.0, record.get("score"), record.get("agreement")
    if error <= NEVER or len(record.get("people") or {}) < 2:
        return ""
    said = f"About {error:.0%} of the audit's answers are wrong, as people contradict each other"
    if not score or plain is None or plain == score["value"]:
        return f"{said}; the score counts them as the model's errors."
    return f"{said}; the score is what it would be without them ({plain:.3f} with them)."


def _verdict(last: Record) -> str:
    found = last.get("verdict")
    if not found:
        return (
            f"Round {last['round']:,}: no score yet, with {last['audited']:,} audited items among "
            f"{last['answers']:,} answers."
        )
    begin = "Stopped after round" if found["stop"] else "Round"
    return f"{begin} {last['round']:,}: {found['said']}."


def _scored(records: Iterable[Record]) -> list[Record]:
    """Rounds with a score that can be compared with the last one: of its measure and level."""
    known = [one for one in records if one.get("score")]
    return [one for one in known if all(one["score"][x] == known[-1]["score"][x] for x in ("measure", "level"))]


def _progress(records: Sequence[Record]) -> Table:
    scored = _scored(records)
    said = {one["round"]: between(*(one["score"][x] for x in ("value", "lower", "upper"))) for one in scored}
    rows = [
        (
            *(one[name] for name in ("round", "at", *NEEDED)),
            said.get(one["round"]),
            (one.get("verdict") or {}).get("labels_left"),
            one.get("spent"),
        )
        for one in records[-LISTED:]
    ]
    kinds = (pl.Int64, pl.String, *[pl.Int64] * len(NEEDED), pl.String, pl.Int64, pl.Float64)
    names = ("round", "at", *NEEDED, "score", "labels_left", "spent")
    frame = pl.DataFrame(rows, schema=dict(zip(names, kinds, strict=True)), orient="row")
    return Table(
        _listed("Rounds, times in UTC, numbers as each found them", records) + _of_score(scored), _filled(frame)
    )


def _of_score(scored: Sequence[Record]) -> str:
    if not scored:
        return ""
    score = scored[-1]["score"]
    return f"; score: {score['measure']} of the end model on the pool, with its {100 * score['level']:g} % interval"


def _batches(records: Sequence[Record]) -> Table:
    asking = [one for one in records if one.get("batch")]
    frame = _asked(asking[-LISTED:]).with_columns(
        pl.Series("strategy", [one.get("strategy") for one in asking[-LISTED:]], pl.String),
        pl.Series("lf_accuracy", [one.get("lf_accuracy") for one in asking[-LISTED:]], pl.Float64),
    )
    return Table(_listed("What each round asked", asking) + f"; {PARTS}", _filled(frame))


def _asked(asking: Sequence[Record]) -> pl.DataFrame:
    """Columns round, audit, repair, second, chosen, of the rounds that asked something."""
    rows = [(one["round"], *(one["batch"].get(part, 0) for part in loop_charts.PARTS)) for one in asking]
    return pl.DataFrame(rows, schema=dict.fromkeys(("round", *loop_charts.PARTS), pl.Int64), orient="row")


def _people(records: Sequence[Record]) -> Table:
    """Of the last round that knows any."""
    known = [one["people"] for one in records if one.get("people")]
    rows = sorted(known[-1].items()) if known else []
    frame = pl.DataFrame(rows, schema={"annotator": pl.String, "accuracy": pl.Float64}, orient="row")
    return Table("How often each person is right, as last estimated", frame)


def _contradicted(records: Sequence[Record]) -> Table:
    """The functions that the last round flags, and since when without a break."""
    flags = (records[-1].get("flags") or []) if records else []
    rows = [
        (
            flag["lf"],
            between(flag["precision"], flag["lower"], flag["upper"]),
            _since(records, flag["lf"]),
            ACTIONS.get(flag["action"], flag["action"]),
        )
        for flag in flags
    ]
    names = {"lf": pl.String, "precision": pl.String, "since_round": pl.Int64, "what_to_do": pl.String}
    caption = (
        "Labeling functions that people contradict, the surest first, with 95 % intervals; `weaklabel.repair` lists "
        "the items"
    )
    return Table(caption, pl.DataFrame(rows, schema=names, orient="row"))


def _since(records: Sequence[Record], lf: str) -> int:
    first = records[-1]["round"]
    for one in reversed(records):
        if lf not in {flag["lf"] for flag in one.get("flags") or ()}:
            break
        first = one["round"]
    return int(first)


def _pictures(records: Sequence[Record]) -> Iterator[Chart]:
    scored, asking = _scored(records), [one for one in records if one.get("batch")]
    if scored:
        last = scored[-1]
        left = (last.get("verdict") or {}).get("labels_left")
        caption = "The score by the audit, with its interval, and the target."
        yield Chart(caption, loop_charts.score_path(_path(scored), last["score"]["measure"], last.get("target"), left))
    if asking:
        yield Chart("What each round asked, and why.", loop_charts.asked(_asked(asking)))


def _path(scored: Iterable[Record]) -> pl.DataFrame:
    rows = [(one["answers"], *(one["score"][name] for name in ("value", "lower", "upper"))) for one in scored]
    kinds = {"answers": pl.Int64, "value": pl.Float64, "lower": pl.Float64, "upper": pl.Float64}
    return pl.DataFrame(rows, schema=kinds, orient="row")


def _listed(caption: str, records: Sequence[Record]) -> str:
    return caption if len(records) <= LISTED else f"{caption} (the last {LISTED} of {len(records):,})"


def _filled(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns that have nothing to tell."""
    return frame[[column.name for column in frame if column.null_count() < len(column)]]
