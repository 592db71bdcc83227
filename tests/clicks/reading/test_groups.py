"""Groups of parts: all rows, each once, in their order, and about as many for each worker."""

import polars as pl
import pytest

from weaklabel.clicks.reading import groups, sources

LONG = {"query_id": ["q"], "doc_id": ["a"], "position": [1], "click": [0]}


def parts_of(folder, lengths):
    for i, n in enumerate(lengths):
        pl.concat([pl.DataFrame(LONG)] * n).write_parquet(folder / f"{i}.parquet")
    return sources.parts(folder)


@pytest.mark.parametrize("lengths", [[1] * 7, [100], [100, 1, 1, 50], [3, 90, 3]])
def test_every_row_is_in_one_group_and_groups_are_about_as_long(tmp_path, monkeypatch, lengths):
    monkeypatch.setattr(groups, "LEAST", 1)

    found = groups.groups(parts_of(tmp_path, lengths), workers=2)

    pieces = [piece for group in found for piece in group.parts]
    names = [f"{i}.parquet" for i, n in enumerate(lengths) for _ in range(n)]
    assert [(p.short, p.first + i) for p in pieces for i in range(p.n)] == [
        (name, sum(1 for before in names[:at] if before == name)) for at, name in enumerate(names)
    ]
    rows = [sum(piece.n for piece in group.parts) for group in found]
    assert 1 < len(rows) <= 4
    assert max(rows) <= 2 * -(-sum(lengths) // 4)


def test_few_rows_and_frames_in_memory_stay_in_one_group(tmp_path):
    assert len(groups.groups(parts_of(tmp_path, [10, 10]), workers=2)) == 1
    assert len(groups.groups(sources.parts(pl.DataFrame(LONG)), workers=2)) == 1


def test_files_of_which_nobody_knows_the_rows_are_shared_out_by_their_number(tmp_path):
    for i in range(6):
        pl.DataFrame(LONG).write_csv(tmp_path / f"{i}.csv")

    found = groups.groups(sources.parts(tmp_path), workers=1)

    assert [[part.short for part in group.parts] for group in found] == [
        ["0.csv", "1.csv", "2.csv"],
        ["3.csv", "4.csv", "5.csv"],
    ]
    assert str(found[1]).endswith("3.csv and 2 more")
