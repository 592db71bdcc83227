"""The workloads for applying labeling functions: English texts, 19 rules in three forms, 10 light rules in two.

Texts are windows of the standard library's own docstrings, of about 120 bytes, a third of them with a link, an address,
a telephone number or a price put in. The rules are 8 sets of keywords (141 words), 6 regular expressions, 3 thresholds
and 2 lookups in dictionaries of 10,000 entries. The light rules look for one word or a simple pattern in texts of about
37 bytes: there the applier costs more than the rules.
"""

import ast
import re
import sysconfig
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl

import weaklabel as wl

CLASSES = ("ham", "spam")
N_KEYS = 50_000
TOKENS = (
    "https://example.org/offer?id={}", "www.shop{}.example", "agent{}@mail.example", "+44 20 7946 {:04d}", "$ {}.99",
    "£{}", "{} EUR", "#{}",
)  # fmt: skip
WORDS = (
    "free offer winner prize claim cash bonus reward urgent limited discount deal gift credit loan debt refund invoice",
    "error exception warning failed failure invalid raise raises traceback deprecated unsupported missing illegal",
    "please thanks welcome hello sorry friend family home dinner lunch weekend tonight tomorrow morning evening mum "
    "dad love",
    "file files path directory folder filename stream buffer socket handle descriptor permission symlink archive",
    "parse parser token syntax grammar encode decode codec charset unicode escape quote bytes literal string format",
    "thread process lock queue event loop async await future task executor semaphore pool worker signal timeout daemon",
    "number integer float decimal fraction complex round modulo power random sum product minimum maximum mean "
    "median digit precision",
    "class method attribute object instance type subclass property descriptor metaclass inherit override module "
    "package import name namespace scope global local argument parameter",
)  # fmt: skip
PATTERNS = (
    r"https?://\S+|www\.\S+", r"[\w.+-]+@[\w-]+\.\w+", r"\+?\d[\d ]{7,}\d", r"[$£€]\s?\d+|\d+ ?(?:EUR|USD)",
    r"\b[A-Z]{3,}\b", r"(?i)\b(?:re|fwd?):",
)  # fmt: skip
LIGHT_WORDS = ("error", "file", "return", "class", "value")
LIGHT_PATTERNS = (PATTERNS[0], r"\d+", PATTERNS[4], r"__\w+__", r"[$£]\d")
KEYWORD_SETS = tuple(tuple(words.split()) for words in WORDS)


def table(n: int, seed: int = 0) -> pl.DataFrame:
    """N rows: id, text, and five columns beside it."""
    rng = np.random.default_rng(seed)
    prose = _prose()
    length, start = rng.integers(12, 25, n), rng.integers(0, len(prose) - 30, n)
    texts = [" ".join(prose[a : a + b]) for a, b in zip(start.tolist(), length.tolist(), strict=True)]
    for i in np.flatnonzero(rng.random(n) < 0.35).tolist():
        texts[i] += " " + TOKENS[i % len(TOKENS)].format(i % 10_000)
    return pl.DataFrame(
        {
            "id": pl.Series(range(n)).cast(pl.String),
            "text": texts,
            "sender": [f"s{i}" for i in rng.integers(0, N_KEYS, n).tolist()],
            "domain": [f"d{i}.example" for i in rng.integers(0, N_KEYS, n).tolist()],
            "score": rng.normal(size=n),
            "length": pl.Series(texts).str.len_bytes(),
            "hour": rng.integers(0, 24, n),
        }
    )


def short_table(n: int, seed: int = 0) -> pl.DataFrame:
    """N rows: id and a text of four to eight words."""
    rng = np.random.default_rng(seed)
    prose = _prose()
    length, start = rng.integers(4, 9, n), rng.integers(0, len(prose) - 10, n)
    texts = [" ".join(prose[a : a + b]) for a, b in zip(start.tolist(), length.tolist(), strict=True)]
    return pl.DataFrame({"id": pl.Series(range(n)).cast(pl.String), "text": texts})


def light_rules() -> list[tuple[str, Callable[..., int]]]:
    """Ten rules that cost little by themselves, as plain Python functions of a row."""
    return [
        *((f"word_{word}", _holds((word,), 0)) for word in LIGHT_WORDS),
        *((f"pattern_{j}", _matches(pattern)) for j, pattern in enumerate(LIGHT_PATTERNS)),
    ]


def light_declarative() -> list[wl.LabelingFunction]:
    """The same as data."""
    return [
        *(wl.keywords(f"word_{word}", [word], 0, whole_words=False) for word in LIGHT_WORDS),
        *(wl.regex(f"pattern_{j}", pattern, 1) for j, pattern in enumerate(LIGHT_PATTERNS)),
    ]


def lookups() -> tuple[dict[str, int], dict[str, int]]:
    """Two dictionaries of 10,000 entries each."""
    rng = np.random.default_rng(1)
    senders, domains = (rng.choice(N_KEYS, 10_000, replace=False).tolist() for _ in range(2))
    return {f"s{i}": i % 2 for i in senders}, {f"d{i}.example": i % 2 for i in domains}


def declarative() -> list[wl.LabelingFunction]:
    """The 19 rules as data."""
    senders, domains = lookups()
    return [
        *(wl.keywords(f"words_{j}", KEYWORD_SETS[j], j % 2, whole_words=False) for j in range(len(KEYWORD_SETS))),
        *(wl.regex(f"pattern_{j}", pattern, 1) for j, pattern in enumerate(PATTERNS)),
        wl.threshold("high", "score", 1, above=1.5),
        wl.threshold("short", "length", 0, below=100),
        wl.threshold("night", "hour", 1, below=5),
        wl.lookup("sender", "sender", senders),
        wl.lookup("domain", "domain", domains),
    ]


def batch() -> list[wl.LabelingFunction]:
    """The same rules as functions of a polars frame."""
    senders, domains = lookups()
    holds = [
        (f"words_{j}", _votes(pl.col("text").str.contains_any(list(words), ascii_case_insensitive=True), j % 2))
        for j, words in enumerate(KEYWORD_SETS)
    ]
    matches = [(f"pattern_{j}", _votes(pl.col("text").str.contains(pattern), 1)) for j, pattern in enumerate(PATTERNS)]
    rest = {
        "high": _votes(pl.col("score") > 1.5, 1),
        "short": _votes(pl.col("length") < 100, 0),
        "night": _votes(pl.col("hour") < 5, 1),
        "sender": pl.col("sender").replace_strict(senders, default=-1),
        "domain": pl.col("domain").replace_strict(domains, default=-1),
    }
    return [
        wl.labeling_function(name=name, batch=True)(lambda rows, votes=votes: rows.select(votes).to_series())
        for name, votes in [*holds, *matches, *rest.items()]
    ]


def _votes(match: pl.Expr, label: int) -> pl.Expr:
    return pl.when(match).then(label).otherwise(-1)


def row_rules() -> list[tuple[str, Callable[..., int]]]:
    """The same rules as plain Python functions of a row."""
    senders, domains = lookups()
    return [
        *((f"words_{j}", _holds(KEYWORD_SETS[j], j % 2)) for j in range(len(KEYWORD_SETS))),
        *((f"pattern_{j}", _matches(pattern)) for j, pattern in enumerate(PATTERNS)),
        ("high", lambda x: 1 if x.score > 1.5 else -1),
        ("short", lambda x: 0 if x.length < 100 else -1),
        ("night", lambda x: 1 if x.hour < 5 else -1),
        ("sender", lambda x: senders.get(x.sender, -1)),
        ("domain", lambda x: domains.get(x.domain, -1)),
    ]


def _holds(words: tuple[str, ...], label: int) -> Callable[..., int]:
    def rule(x):
        text = x.text.lower()
        return label if any(word in text for word in words) else -1

    return rule


def _matches(pattern: str) -> Callable[..., int]:
    search = re.compile(pattern).search
    return lambda x: 1 if search(x.text) else -1


def _prose() -> list[str]:
    """The words of the standard library's docstrings, in order."""
    words: list[str] = []
    for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py")):
        if {"test", "tests", "site-packages", "idlelib"} & set(path.parts):
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                tree = ast.parse(path.read_text(encoding="utf-8"))
            except (SyntaxError, UnicodeDecodeError):
                continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                words += (ast.get_docstring(node) or "").split()
    return words
