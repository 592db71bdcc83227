"""Fitting users who read from the top: which documents are drawn towards each other, and how firmly."""

import numpy as np
import polars as pl
import pytest

from weaklabel.clicks.browsing import top_down
from weaklabel.clicks.browsing.page_models import TopDown
from weaklabel.clicks.browsing.pages import Pages

PLACES, CONTINUATION = 4, 0.9


def pages_of(docs, click):
    """Pages of these documents, shape (n, K), numbered 0..m-1, with these clicks."""
    m = int(docs.max()) + 1
    items = pl.DataFrame({"query_id": ["q"] * m, "doc_id": [f"d{i:04}" for i in range(m)]})
    return Pages(docs, click.astype(np.int8), np.arange(1, docs.shape[1] + 1), np.arange(len(docs)) % 20, items)


def browsed(satisfaction, attraction=0.5, pages=8_000, seed=0):
    """Pages of documents in random order whose satisfaction is planted, and the users as a model."""
    rng, m = np.random.default_rng(seed), len(satisfaction)
    docs = np.argsort(rng.random((pages, m)), axis=1)[:, :PLACES]
    click, reading = np.zeros(docs.shape), np.ones(pages, dtype=bool)
    for k in range(PLACES):
        click[:, k] = reading & (rng.random(pages) < attraction)
        satisfied = (click[:, k] == 1) & (rng.random(pages) < satisfaction[docs[:, k]])
        reading &= ~satisfied & (rng.random(pages) < CONTINUATION)
    whole = pages_of(docs, click)
    known = np.append(satisfaction, satisfaction.mean())
    return whole, TopDown(whole.items, np.full(m + 1, attraction), known, CONTINUATION)


def strength_of(satisfaction):
    pages, model = browsed(satisfaction)
    level = np.zeros(len(satisfaction), dtype=np.int64)
    return top_down._strength(pages, np.ones(len(pages)), level, model.expected(pages))


def test_the_strength_of_a_level_is_that_of_the_distribution_its_documents_come_from():
    planted = np.random.default_rng(1).beta(2.0, 3.0, 120)

    found = strength_of(planted)

    spread = planted.mean() * (1 - planted.mean()) / planted.var() - 1  # about 5
    assert found == pytest.approx(spread, rel=0.35)


def test_documents_that_are_alike_are_drawn_together_firmly():
    assert strength_of(np.full(120, 0.4)) > 50


def test_documents_are_grouped_by_where_they_mostly_stand():
    docs = np.tile(np.arange(60).reshape(15, 4), (5, 1))  # each always at one place

    height = top_down._heights(pages_of(docs, np.zeros(docs.shape)), np.ones(len(docs)))

    assert height.max() == 2  # 60 documents are enough for three
    assert (np.diff(height[np.argsort(np.arange(60) % 4, kind="stable")]) >= 0).all()


def test_a_few_documents_are_one_group():
    docs = np.tile(np.arange(4), (5, 1))

    assert not top_down._heights(pages_of(docs, np.zeros(docs.shape)), np.ones(5)).any()


def test_all_above_a_click_was_examined_whatever_the_model_says_of_the_documents():
    pages = pages_of(np.tile(np.arange(3), (4, 1)), np.tile([0, 0, 1], (4, 1)))
    model = TopDown(pages.items, np.array([0.9, 0.9, 0.1, 0.5]), np.full(4, 0.9), 0.5)

    assert top_down.curve(model, pages, np.ones(4)) == pytest.approx([1.0, 1.0, 1.0])
