"""Periods of time, as texts that sort as time does."""

import re

import polars as pl

from weaklabel.clicks.reading.origin import Origin, refuse
from weaklabel.errors import ClickLogError

LENGTH = re.compile(r"[1-9]\d*(s|m|h|d|w|mo|q|y)")
DAY = r"^\s*\d{4}-\d\d-\d\d"  # 01/02/2024 may be January or February
AS_NUMBERS = (19000101, 21001231)  # days that were written without their dashes, and no Unix times
UNITS = ((10**17, "ns"), (10**14, "us"), (10**11, "ms"))  # Unix times from so large a number on; below, seconds


def period_of(rows: pl.DataFrame, every: str, origin: Origin) -> pl.Series:
    """The period that each row's timestamp lies in, written as the day, or day and time, on which it begins.

    Parameters
    ----------
    rows
        Have a column timestamp: dates, datetimes (with a time zone: taken as UTC), ISO text, days as in 20240531, or
        Unix time in seconds, milliseconds, microseconds or nanoseconds, told by its size.
    every
        Its length, such as "1h", "1d", "1w" (from Monday), "1mo".
    origin
        Where the rows come from.

    Raises
    ------
    ClickLogError
        There is no timestamp, one cannot be read, or `every` is no length of time.
    """
    if "timestamp" not in rows.columns:
        raise origin.error(
            f"periods of {every} need a timestamp; there are: {', '.join(rows.columns)}; "
            "if yours is called otherwise, say so with columns={'timestamp': 'its name'} (--column timestamp=NAME)"
        )
    if not LENGTH.fullmatch(every):
        raise ClickLogError(f"period is {every!r}, no length such as 1h, 1d, 1w, 1mo")
    times = _times(rows["timestamp"])
    refuse(rows["timestamp"], times.is_null(), origin, "write ISO text (2024-05-31T18:00:00) or Unix seconds")
    starts = times.dt.truncate(every)
    written = "%Y-%m-%dT%H:%M:%S" if every[-1:] in ("h", "m", "s") else "%Y-%m-%d"
    return starts.dt.strftime(written).alias("period")


def _times(values: pl.Series) -> pl.Series:
    """Datetimes without a zone, null where a value is none."""
    if values.dtype == pl.String:
        return _of_text(values)
    if values.dtype.is_numeric():
        return _of_numbers(values)
    if isinstance(values.dtype, pl.Datetime) and values.dtype.time_zone:
        return values.dt.convert_time_zone("UTC").dt.replace_time_zone(None)
    if values.dtype in (pl.Date, pl.Datetime):
        return values.cast(pl.Datetime("us"), strict=False)
    return pl.Series([None] * len(values), dtype=pl.Datetime("us"))


def _of_text(values: pl.Series) -> pl.Series:
    numbers = values.cast(pl.Float64, strict=False)
    if numbers.is_not_null().any():
        return _of_numbers(numbers)
    zoned = values.str.contains(r"(Z|[+-]\d\d:?\d\d)$").fill_null(False)
    dated = values.str.contains(DAY).fill_null(False)
    plain = values.set(zoned | ~dated, None).str.to_datetime(strict=False, time_unit="us")
    if not zoned.any():
        return plain
    aware = values.set(~zoned, None).str.to_datetime("%+", strict=False, time_unit="us", time_zone="UTC")
    return plain.zip_with(~zoned, aware.dt.replace_time_zone(None))


def _of_numbers(values: pl.Series) -> pl.Series:
    if len(values) and values.cast(pl.Float64).is_between(*AS_NUMBERS).all():
        return values.cast(pl.Int64, strict=False).cast(pl.String).str.to_datetime("%Y%m%d", strict=False)
    size = abs(float(values.cast(pl.Float64).fill_nan(None).abs().max() or 0))  # type: ignore[arg-type]
    unit = next((unit for least, unit in UNITS if size >= least), "s")
    whole = values.fill_nan(None) if values.dtype.is_float() else values
    micro = {"s": 10**6, "ms": 10**3, "us": 1}
    scaled = (whole // 1000) if unit == "ns" else whole * micro[unit]
    return scaled.cast(pl.Int64, strict=False).cast(pl.Datetime("us"))
