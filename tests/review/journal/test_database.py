import sqlite3
import subprocess
import sys

import pytest

from weaklabel.errors import JournalError, WeaklabelError
from weaklabel.review.journal import Journal
from weaklabel.review.journal.database import Database
from weaklabel.review.journal.schema import MIGRATIONS, TABLES

STEPS = list(range(1, len(MIGRATIONS) + 1))
ADD_A_COLUMN = "ALTER TABLE items ADD COLUMN note TEXT;"


def test_a_new_journal_has_every_table_and_says_which_steps_made_it(tmp_path):
    journal = Journal(tmp_path / "new" / "folder")

    assert journal.path.is_file()
    assert all(journal.frame(table).is_empty() for table in TABLES)
    assert journal.frame("annotations").schema["lead_time"].is_float()
    assert [row["number"] for row in journal.database.rows("SELECT * FROM migrations")] == STEPS


def test_answers_wait_for_the_disk(tmp_path):
    database = Journal(tmp_path).database

    found = [database.rows(f"PRAGMA {name}")[0][0] for name in ("journal_mode", "synchronous", "foreign_keys")]

    assert found == ["wal", 2, 1]


def test_an_older_journal_is_brought_up_to_date_with_what_is_in_it(tmp_path):
    path = tmp_path / "journal.sqlite"
    Database(path).write("INSERT INTO items VALUES ('c-1', '2026-01-01')")

    newer = Database(path, (*MIGRATIONS, ADD_A_COLUMN))

    assert [tuple(row) for row in newer.rows("SELECT id, note FROM items")] == [("c-1", None)]
    assert [row[0] for row in newer.rows("SELECT number FROM migrations ORDER BY number")] == [*STEPS, len(STEPS) + 1]


def test_a_step_that_fails_leaves_the_journal_as_it_was(tmp_path):
    path = tmp_path / "journal.sqlite"
    Database(path).close()

    with pytest.raises(JournalError, match="nothing was changed"):
        Database(path, (*MIGRATIONS, "CREATE TABLE extra (a TEXT);\nCREATE TABLE items (a TEXT);\n"))

    assert "extra" not in [row[0] for row in Database(path).rows("SELECT name FROM sqlite_master")]


def test_a_journal_of_a_newer_version_is_refused_by_name_and_left_alone(tmp_path):
    path = tmp_path / "journal.sqlite"
    newer = Database(path, (*MIGRATIONS, ADD_A_COLUMN))
    newer.write("UPDATE migrations SET weaklabel = '9.9.0' WHERE number = (SELECT max(number) FROM migrations)")
    newer.close()
    before = path.read_bytes()

    with pytest.raises(JournalError, match=r"written by weaklabel 9\.9\.0, newer than this"):
        Journal(tmp_path)

    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content", [b"not a database at all, but long enough to have a header", b"SQLite format 3\0" * 9]
)
def test_a_file_that_is_no_database_is_refused(tmp_path, content):
    (tmp_path / "journal.sqlite").write_bytes(content)

    with pytest.raises(JournalError, match="journal.sqlite"):
        Journal(tmp_path)

    assert (tmp_path / "journal.sqlite").read_bytes() == content


def test_the_database_of_another_program_is_refused(tmp_path):
    other = sqlite3.connect(tmp_path / "journal.sqlite")
    other.execute("CREATE TABLE bookmarks (url TEXT)")
    other.commit()
    other.close()

    with pytest.raises(JournalError, match="another program .*'bookmarks'"):
        Journal(tmp_path)


def test_a_folder_without_a_journal_is_an_error_where_one_is_expected(tmp_path):
    with pytest.raises(JournalError, match="no journal in"):
        Journal(tmp_path / "nowhere", create=False)

    assert not (tmp_path / "nowhere").exists()


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path):
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(JournalError, match="cannot open the journal"):
        Journal(tmp_path / "file" / "review")


def test_what_fails_half_way_leaves_nothing(tmp_path):
    journal = Journal(tmp_path)

    def write_and_fail():
        with journal.database.transaction():
            journal.remember("cursor", "12:00")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()

    assert journal.setting("cursor") is None


def test_what_was_written_before_a_kill_is_there_and_what_was_not_ended_is_not(tmp_path):
    script = (
        "import os, signal, sys\nfrom weaklabel.review.journal import Journal\n"
        "journal = Journal(sys.argv[1])\n"
        "with journal.database.transaction():\n    journal.remember('whole', 1)\n"
        "with journal.database.transaction():\n    journal.remember('cut', 1)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )

    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False)

    assert done.returncode == -9
    journal = Journal(tmp_path)
    assert (journal.setting("whole"), journal.setting("cut")) == (1, None)


def test_two_processes_exclude_each_other_and_the_second_is_told_who_is_there(tmp_path):
    script = (
        "import sys\nfrom weaklabel.review.journal import Journal\n"
        "with Journal(sys.argv[1]).exclusive():\n    print('in', flush=True)\n    sys.stdin.read()\n"
    )
    first = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert first.stdout.readline() == "in\n"

    with pytest.raises(JournalError, match=f"process {first.pid}"), Journal(tmp_path).exclusive():
        pass
    first.kill()
    first.wait()

    with Journal(tmp_path).exclusive():  # the lock went with the process
        pass


def test_an_unknown_table_is_named(tmp_path):
    with pytest.raises(WeaklabelError, match="no table 'answers'; it has: items"):
        Journal(tmp_path).frame("answers")
