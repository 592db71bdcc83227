"""The click flow as a user runs it: logs in, counts, curves, labels, votes and values out."""

import json
from functools import cache

import numpy as np
import polars as pl
import pytest

import weaklabel as wl
from weaklabel import plugins

QUERIES, DOCS, SESSIONS = 12, 6, 3000


@cache
def rankings():
    """Two rankers that disagree, over documents of which a third are good."""
    rng = np.random.default_rng(0)
    n = QUERIES * DOCS
    grade = rng.permutation(np.arange(n) % 3 == 0).astype(int)
    return pl.DataFrame(
        {
            "query_id": np.repeat([f"q{q}" for q in range(QUERIES)], DOCS),
            "doc_id": [f"d{i % DOCS}" for i in range(n)],
            "grade": grade,
            "relevance": 0.1 + 0.7 * grade,
            "rough": grade + rng.normal(size=n),
            "other": grade + 2 * rng.normal(size=n),
        }
    )


@cache
def log(users="position_based", seed=0, **how):
    return wl.simulate(rankings(), users, SESSIONS, depth=5, seed=seed, **how).frame


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a log, the grades of its documents, their features, and a new ranking."""
    monkeypatch.chdir(tmp_path)
    log().write_parquet("log.parquet")
    known = rankings()
    known.select("query_id", "doc_id", "grade").write_csv("grades.csv")
    known.select("query_id", "doc_id", length=pl.col("rough"), age=pl.col("other") * 2).write_csv("features.csv")
    known.select("query_id", "doc_id", score="relevance").write_csv("best.csv")
    return tmp_path


@pytest.fixture
def fixed(here):
    """A log of one ranker, in which no document ever moves."""
    known = rankings().drop("other")
    wl.simulate(known, sessions=SESSIONS, depth=5).frame.write_parquet("fixed.parquet")
    return here


@pytest.fixture
def curve(here, weaklabel):
    weaklabel("estimate log.parquet")
    return here


@pytest.fixture
def labels(curve, weaklabel):
    weaklabel("debias log.parquet propensities.parquet")
    return curve


def by_device():
    users = {name: plugins.build("user", "position_based", eta=eta) for name, eta in (("desk", 0.5), ("phone", 2.0))}
    return wl.simulate(rankings(), users, SESSIONS, depth=5).frame


# count


def test_a_log_is_counted_and_its_size_said(here, weaklabel):
    said = weaklabel("count log.parquet")

    counts = wl.ClickCounts.load("counts.parquet")
    assert f"{len(log()):,} impressions with {log()['click'].sum():,} clicks, of " in said
    assert "at 5 positions\n" in said
    assert counts.frame["impressions"].sum() == len(log())


def test_days_are_counted_together_as_logs_as_counts_and_as_both(here, weaklabel):
    monday = pl.col("session_id").cast(pl.Int64) < 1000
    log().filter(monday).write_parquet("monday.parquet")
    log().filter(~monday).write_csv("tuesday.csv")
    weaklabel("count log.parquet --out whole.parquet")

    weaklabel("count monday.parquet tuesday.csv --out logs.parquet")
    weaklabel("count monday.parquet --out counted/monday.parquet")
    weaklabel("count counted/monday.parquet tuesday.csv --out mixed.parquet")
    weaklabel("count tuesday.csv --out counted/tuesday.parquet")
    weaklabel("count counted --out folder.parquet")
    weaklabel("count counted/*.parquet --out pattern.parquet")

    whole = wl.ClickCounts.load("whole.parquet").frame
    for name in ("logs", "mixed", "folder", "pattern"):
        assert wl.ClickCounts.load(f"{name}.parquet").frame.equals(whole), name


def test_a_log_added_to_counts_is_told_apart_as_they_are(here, weaklabel):
    frame = by_device()
    early = pl.col("session_id").cast(pl.Int64) < 1000
    frame.filter(early).write_parquet("early.parquet")
    frame.filter(~early).write_parquet("late.parquet")

    weaklabel("count early.parquet --context device --out early_counts.parquet")
    weaklabel("count early_counts.parquet late.parquet")

    assert wl.ClickCounts.load("counts.parquet").context == ("device",)


def test_counts_are_collapsed_to_what_is_asked_for(here, weaklabel):
    by_device().write_parquet("devices.parquet")
    weaklabel("count devices.parquet --key device --context ranker --out fine.parquet")

    weaklabel("count fine.parquet --context device --out coarse.parquet")

    coarse = wl.ClickCounts.load("coarse.parquet")
    assert (coarse.key, coarse.context) == ((), ("device",))


def test_positions_beyond_a_cut_off_are_dropped_merged_or_kept(here, weaklabel):
    weaklabel("count log.parquet --out whole.parquet")
    found = {}

    for source in ("log", "whole"):
        for beyond in ("drop", "merge", "keep"):
            weaklabel(f"count {source}.parquet --upto 2 --beyond {beyond}")
            found[source, beyond] = wl.ClickCounts.load("counts.parquet").frame["position"].max()

    assert found == {(s, b): last for s in ("log", "whole") for b, last in (("drop", 2), ("merge", 3), ("keep", 5))}


def test_a_log_without_sessions_is_counted_and_what_it_lacks_is_said(here, weaklabel):
    log().drop("session_id").write_csv("bare.csv")

    assert "the log has no session_id: intervals will be by query" in weaklabel("count bare.csv")


def test_columns_of_other_names_and_rows_of_one_value_are_chosen(here, weaklabel):
    log().rename({"query_id": "query", "position": "rank"}).write_csv("named.csv")

    weaklabel("count named.csv --column query_id=query --column position=rank --where ranker=rough")

    counts = wl.ClickCounts.load("counts.parquet").frame
    assert counts["impressions"].sum() == (log()["ranker"] == "rough").sum()


# estimate


def test_examination_is_shown_with_intervals_and_with_what_tells_it(here, weaklabel):
    said = weaklabel("estimate log.parquet")

    curve = wl.Propensities.load("propensities.parquet")
    assert "examination relative to the first, 95% intervals:" in said
    assert f"{curve.examination[1]:.3f} [{curve.lower[1]:.3f}, {curve.upper[1]:.3f}]" in said
    assert f"of {log()['click'].sum():,} clicks tell the curve: those on " in said
    assert "disagree" not in said
    assert curve.examination == pytest.approx(1 / np.arange(1, 6), rel=0.2)


def test_documents_that_disagree_on_the_curve_are_spoken_of(here, weaklabel):
    by_device().with_columns(query_id=pl.col("query_id") + pl.col("device")).write_parquet("mixed.parquet")

    said = weaklabel("estimate mixed.parquet --set smooth=false")

    spread = wl.Propensities.load("propensities.parquet").provenance["heterogeneity"]
    assert f"documents disagree on the curve {spread:.1f} times as much as chance would have it" in said


def test_each_context_has_its_curve_beside_the_others(here, weaklabel):
    by_device().write_parquet("devices.parquet")

    said = weaklabel("estimate devices.parquet --context device")

    assert said.splitlines()[1].split() == ["position", "desk", "phone"]
    assert "from context to context, examination of a position varies by about" in said
    assert wl.Propensities.load("propensities.parquet").context["device"].unique().sort().to_list() == ["desk", "phone"]


def test_a_position_that_cannot_be_compared_is_left_out_and_said(fixed, weaklabel):
    moved = log().filter(pl.col("position") <= 3)
    stays = pl.read_parquet("fixed.parquet").filter(pl.col("position") > 3)
    stays.with_columns(doc_id="other" + pl.col("doc_id")).vstack(moved).write_parquet("partly.parquet")

    said = weaklabel("estimate partly.parquet --set partial=true")

    assert "positions 4, 5 are left out, as too little compares them with the others: debias with --upto 3" in said


def test_grades_identify_trust(here, weaklabel):
    log("trust").write_parquet("trust.parquet")

    said = weaklabel("estimate trust.parquet --estimator trust --set anchors=grades.csv")

    graded = log("trust").select("query_id", "doc_id").n_unique()
    assert f"clicks tell the curve: those on {graded} graded documents" in said
    assert wl.Propensities.load("propensities.parquet").beta is not None


def test_a_sample_of_pages_is_read_for_users_who_read_from_the_top_and_said(here, weaklabel):
    log("dbn").write_parquet("dbn.parquet")

    said = weaklabel("estimate dbn.parquet --estimator dbn --pages 1000")
    whole = weaklabel("estimate dbn.parquet --estimator dbn")

    assert "of the log 1,000 pages were read, drawn at random: --pages reads more" in said
    assert ", on 1,000 pages" in said
    assert "drawn at random" not in whole


# diagnose


def test_a_diagnosis_is_printed_and_written_as_a_page_and_as_json(here, weaklabel):
    printed = weaklabel("diagnose log.parquet --out page.html")
    weaklabel("diagnose log.parquet --out all.json")

    assert "What each position has, and how often it is examined:" in printed
    assert "<svg" in (here / "page.html").read_text()
    found = json.loads((here / "all.json").read_text(), parse_constant=pytest.fail)
    assert found["refused"] is None
    assert [row["position"] for row in found["positions"]] == [1, 2, 3, 4, 5]


def test_json_is_all_that_is_printed(here, weaklabel):
    printed = weaklabel("diagnose log.parquet --json --out all.json")

    assert json.loads(printed) == json.loads((here / "all.json").read_text())


def test_a_log_that_says_nothing_is_diagnosed_with_what_would_help(fixed, weaklabel):
    said = weaklabel("diagnose fixed.parquet")

    assert "What would help: swapping positions 1 and 2" in " ".join(said.split())


def test_counts_and_logs_without_sessions_are_diagnosed_as_far_as_they_go(here, weaklabel):
    log().drop("session_id").write_csv("bare.csv")
    weaklabel("count log.parquet")

    assert "What each position has" in weaklabel("diagnose bare.csv")
    assert "do relevant and irrelevant documents share a curve" in weaklabel("diagnose counts.parquet")


def test_a_column_is_checked_whether_or_not_there_are_sessions(here, weaklabel):
    by_device().write_parquet("devices.parquet")
    by_device().drop("session_id").write_csv("bare.csv")
    weaklabel("count devices.parquet --key device")

    for source in ("devices.parquet", "bare.csv", "counts.parquet"):
        said = weaklabel(f"diagnose {source} --check device")

        assert "do curves differ by device" in said, source


# relevance


def test_relevance_is_shown_with_intervals_and_with_what_it_rests_on(curve, weaklabel):
    said = weaklabel("debias log.parquet propensities.parquet")

    found = wl.RelevanceLabels.load("relevance.parquet").frame
    best = found.sort("relevance", descending=True).row(0, named=True)
    assert f"{best['relevance']:.3f} [{best['lower']:.3f}, {best['upper']:.3f}]" in said
    assert f"{len(log()):,} impressions are worth" in said
    truth = rankings().join(found, on=["query_id", "doc_id"])
    assert (truth["relevance"] - truth["relevance_right"]).abs().mean() < 0.1


def test_a_method_without_intervals_is_shown_without(curve, weaklabel):
    said = weaklabel("debias log.parquet propensities.parquet --method snips")

    assert "[" not in said
    assert "prior" not in said


def test_counts_by_context_are_debiased_by_one_curve_and_by_one_each(here, weaklabel):
    by_device().write_parquet("devices.parquet")
    weaklabel("count devices.parquet --context device")
    weaklabel("estimate counts.parquet --out each.parquet")
    weaklabel("estimate devices.parquet --out one.parquet")

    for curve in ("each", "one"):
        weaklabel(f"debias counts.parquet {curve}.parquet --out {curve}_counts.parquet")
        weaklabel(f"debias devices.parquet {curve}.parquet --out {curve}_log.parquet")

    for curve in ("each", "one"):
        from_counts, from_log = (wl.RelevanceLabels.load(f"{curve}_{of}.parquet").frame for of in ("counts", "log"))
        assert from_counts.equals(from_log)


def test_people_grade_pairs_and_calibrate_the_labels(labels, weaklabel):
    asked = weaklabel("pick-pairs log.parquet --size 40 --propensities propensities.parquet")
    blank = pl.read_csv("grade_these.csv").drop("grade")
    blank.join(pl.read_csv("grades.csv"), on=["query_id", "doc_id"]).write_csv("graded.csv")
    more = weaklabel("pick-pairs log.parquet --size 10 --exclude graded.csv --out more.csv")
    said = weaklabel("calibrate relevance.parquet graded.csv")

    assert "40 pairs, 8 of them drawn at random: fill in the grades," in asked
    assert "10 pairs" in more
    assert pl.read_csv("more.csv").join(blank, on=["query_id", "doc_id"]).is_empty()
    assert "by 40 graded ones, where a grade of 1 or more is relevant" in said
    assert "log loss on pairs left out" in said
    assert "p_relevant" in wl.RelevanceLabels.load("calibrated.parquet").frame.columns


def test_clicks_vote_beside_rules(labels, weaklabel):
    known = rankings()
    ids = known.select("query_id", "doc_id", id=pl.concat_str("query_id", "doc_id"))
    ids.write_csv("items.csv")
    rule = np.where(known["rough"] > 0.5, 1, -1)[:, None]
    wl.LabelMatrix(rule, ids["id"], ("long",), ("bad", "good")).save("rules.parquet")

    said = weaklabel("click-votes relevance.parquet --threshold 0.4 --items items.csv --join rules.parquet")

    votes = wl.LabelMatrix.load("votes.parquet")
    assert votes.lf_names == ("long", "clicks")
    assert votes.classes == ("bad", "good")
    cast = votes.votes[:, 1]
    assert f"72 items: {(cast == 1).sum()} good, {(cast == 0).sum()} bad" in said
    assert "relevant is what has a relevance above 0.400" in said
    assert "beside 1 labeling functions of rules.parquet" in said
    assert (cast == known["grade"].to_numpy())[cast >= 0].mean() > 0.9


def test_a_ranker_is_trained_and_scored(labels, weaklabel):
    said = weaklabel("rank relevance.parquet features.csv --model sklearn --gold grades.csv --out ranked.csv")

    assert "trained by sklearn on" in said
    good = rankings().filter(pl.col("grade") > 0)["query_id"].n_unique()
    assert f"on {good} queries with a relevant document" in said
    assert len(pl.read_csv("ranked.csv")) == len(rankings())


# what it is worth


def test_rankings_are_valued_one_a_row_and_methods_that_agree_share_a_column(curve, weaklabel):
    pl.read_csv("best.csv").with_columns(score=-pl.col("score")).write_csv("worst.csv")

    said = weaklabel(
        "evaluate log.parquet best.csv worst.csv --propensities propensities.parquet -k 3 --out values.csv"
    )

    lines = said.splitlines()
    header = next(i for i, line in enumerate(lines) if line.startswith("dcg@3 over 3,000 pages of 12 queries")) + 1
    assert [line.split()[0] for line in lines[header + 2 : header + 5]] == ["best", "worst", "logged"]
    assert "what was shown was worth" in said
    assert max(map(len, lines)) <= 125
    values = pl.read_csv("values.csv").filter(pl.col("method") == "doubly_robust")["value"]
    assert values[0] > values[2] > values[1]


def test_interleaved_pages_are_counted(here, weaklabel):
    pages = {"session_id": range(40), "team": ["a", "b"] * 20, "clicks": [1] * 40}
    pl.DataFrame(pages).write_csv("pages.csv")

    said = weaklabel("interleaving pages.csv")

    assert said.splitlines()[-1].split()[-3:] == ["20", "20", "0"]


def test_arms_are_compared(here, weaklabel):
    arms = log().with_columns(arm=pl.when(pl.col("ranker") == "rough").then(pl.lit("new")).otherwise(pl.lit("old")))
    arms.write_parquet("arms.parquet")

    said = weaklabel("compare-arms arms.parquet --control old")

    rate = {name: part["click"].mean() for (name,), part in arms.group_by("arm")}
    assert f"difference {rate['new'] - rate['old']:+.4f} [" in said
    assert "ctr of the arms, the control first:" in said


def test_an_experiment_is_planned_from_either_end(here, weaklabel):
    needed = weaklabel("sample-size --rate 0.1 --lift 0.05")
    n = int(needed.split()[0].replace(",", ""))

    assert weaklabel(f"sample-size --rate 0.1 --impressions {n}") == "a lift of +5.00% or more\n"
    assert "give one of --lift and --impressions" in weaklabel("sample-size --rate 0.1", code=2)


# simulate


def test_a_simulated_log_is_written_and_its_truth_said_once(here, weaklabel):
    rankings().drop("grade").write_csv("rankings.csv")

    said = weaklabel(
        "simulate rankings.csv --sessions 500 --depth 4 --set eta=2 --shuffle --swap 0.1 --out made.parquet"
    )

    made = wl.read_log("made.parquet").frame
    assert f"{len(made):,} impressions on 500 pages of 12 queries" in said
    assert said.count("how often position_based users examine each position, relative to the first:") == 1
    assert [line.split() for line in said.splitlines()[5:8]] == [["2", "0.250"], ["3", "0.111"], ["4", "0.062"]]
    assert made["session_id"].n_unique() == 500


@pytest.mark.parametrize("ending", ["txt", "csv"])
def test_graded_documents_are_ranked_by_weak_rankers(here, weaklabel, ending):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 2))
    grade = (x[:, 0] > 0).astype(int)
    if ending == "txt":
        rows = [f"{g} qid:{i // 6} 1:{a:.3f} 2:{b:.3f}" for i, (g, (a, b)) in enumerate(zip(grade, x, strict=True))]
        (here / "graded.txt").write_text("\n".join(rows) + "\n")
    else:
        ids = {"query_id": np.arange(60) // 6, "doc_id": np.arange(60), "grade": grade}
        pl.DataFrame(ids | {"f1": x[:, 0], "f2": x[:, 1]}).write_csv("graded.csv")

    weaklabel(f"simulate graded.{ending} --sessions 200 --rankers 2 --out made.parquet")

    assert wl.read_log("made.parquet").frame["ranker"].n_unique() == 2


# what cannot be done


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("count nowhere.parquet", "no file at nowhere.parquet"),
        ("count no*.parquet", "no file matches no*.parquet"),
        ("count empty.csv", "empty.csv is empty"),
        ("count header.csv", "header.csv: the log has no rows"),
        ("count latin.csv", "line 3 is not UTF-8"),
        ("count clicked.csv", "impressions were clicked: the log holds clicks without the impressions"),
        ("count grades.csv", "grades.csv: the log has no column 'position'"),
        ("count log.parquet --context device", "the log has no column 'device'"),
        ("count log.parquet log.parquet", "log.parquet is named twice"),
        ("count counts.parquet log.parquet", "both counts hold the same part of a log"),
        ("count log.parquet --upto 3 --beyond cut", "beyond is 'cut': it is one of drop, keep, merge"),
        ("count log.parquet --out counts.csv", "name it counts.parquet"),
        ("estimate fixed.parquet", "no document was clicked at one position and shown at another"),
        ("estimate log.parquet --estimator harvest", "no estimator is called 'harvest' (did you mean 'harvesting'?)"),
        ("estimate log.parquet --set levle=0.9", "has no parameter 'levle' (did you mean 'level'?)"),
        ("estimate log.parquet --set level=95", "level is 95"),
        ("estimate log.parquet --estimator randomized", "the log is not randomised"),
        ("estimate log.parquet --estimator trust", "It takes anchors"),
        ("estimate log.parquet --estimator trust --set anchors=alien.csv", "too few anchors"),
        ("estimate counts.parquet --estimator dbn", "counts.parquet holds counts, which do not tell what was clicked"),
        ("estimate bare.csv --estimator dbn", "the log has no session_id"),
        ("diagnose log.parquet --out page.pdf", "cannot write page.pdf: the ending '.pdf' is none of .html, .json"),
        ("diagnose log.parquet --check device", "no column 'device'"),
        ("debias log.parquet counts.parquet", "counts.parquet holds a click counts"),
        ("debias log.parquet short.parquet", "no propensity is known for positions 4, 5"),
        ("debias log.parquet propensities.parquet --method dr", "there is no doubly robust label"),
        ("calibrate propensities.parquet grades.csv", "propensities.parquet holds a propensities"),
        ("calibrate relevance.parquet alien.csv", "none of the 72 anchors has a label"),
        ("click-votes relevance.parquet --certainty 0.3", "certainty is 0.3"),
        ("rank relevance.parquet grades.csv", "no column of the features can be used"),
        ("rank relevance.parquet rankings.csv --model best", "no ranker is called 'best'"),
        ("evaluate log.parquet alien.csv", "has neither `rank` nor `score`"),
        ("evaluate fixed.parquet best.csv", "no document was clicked at one position and shown at another"),
        ("interleaving grades.csv", "no column 'session_id'"),
        ("compare-arms log.parquet", "the log has no column 'arm'"),
        ("sample-size --rate 4 --lift 0.1", "rate is 4.0"),
        ("simulate grades.csv", "feature"),
        ("simulate best.csv", "no column 'relevance'"),
        ("simulate rankings.csv --users tryst", "no user is called 'tryst' (did you mean 'trust'?)"),
        ("simulate rankings.csv --set etta=2", "has no parameter 'etta' (did you mean 'eta'?)"),
        ("simulate rankings.csv --swap 2", "swap is 2.0: it is a share of the sessions, in [0, 1]"),
    ],
)
def test_bad_input_is_one_clear_line_and_exit_code_1(bad, weaklabel, line, said):
    told = weaklabel(line, code=1).splitlines()

    assert told[-1].startswith("error: ")
    assert said in told[-1]
    assert all(other.startswith("warning: ") for other in told[:-1])


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """Files of every kind, right and wrong."""
    folder = tmp_path_factory.mktemp("bad")
    log().write_parquet(folder / "log.parquet")
    log().drop("session_id").write_csv(folder / "bare.csv")
    log().filter(pl.col("click") == 1).write_csv(folder / "clicked.csv")
    wl.simulate(rankings().drop("other"), sessions=300, depth=5).frame.write_parquet(folder / "fixed.parquet")
    (folder / "empty.csv").write_text("")
    (folder / "header.csv").write_text("query_id,doc_id,position,click\n")
    (folder / "latin.csv").write_bytes("query_id,doc_id,position,click\nq,d,1,0\nq,é,2,1\n".encode("latin-1"))
    known = rankings()
    known.drop("grade").write_csv(folder / "rankings.csv")
    known.select("query_id", "doc_id", "grade").write_csv(folder / "grades.csv")
    known.select("query_id", "doc_id", score="relevance").write_csv(folder / "best.csv")
    known.select("doc_id", "grade", query_id="x" + pl.col("query_id")).write_csv(folder / "alien.csv")
    counts = wl.count(str(folder / "log.parquet"))
    counts.save(folder / "counts.parquet")
    curve = wl.estimate(counts)
    curve.save(folder / "propensities.parquet")
    wl.estimate(counts.upto(3)).save(folder / "short.parquet")
    wl.debias(counts, curve).save(folder / "relevance.parquet")
    return folder


@pytest.fixture
def bad(kept, monkeypatch):
    monkeypatch.chdir(kept)
    return kept


@pytest.mark.parametrize(
    "line",
    [
        "count counts.parquet --column position=rank",
        "count counts.parquet --where ranker=rough",
        "count counts.parquet --period 1d",
        "estimate counts.parquet --format pages",
    ],
)
def test_rows_and_columns_of_counts_cannot_be_chosen_any_more(bad, weaklabel, line):
    assert "counts.parquet holds counts: rows and columns are chosen when they are counted" in weaklabel(line, code=2)


def test_a_page_estimator_knows_one_curve(bad, weaklabel):
    said = weaklabel("estimate log.parquet --estimator dbn --context ranker", code=2)

    assert "dbn reads pages, and knows one curve" in said
