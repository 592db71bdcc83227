import json
import math
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import polars as pl
import pytest

import weaklabel as wl
from weaklabel.errors import ArtefactError, DatasetError, LabelingFunctionError
from weaklabel.labeling.applying.fingerprint import fingerprint
from weaklabel.labeling.functions import Row
from weaklabel.labeling.kinds._answers import Answers
from weaklabel.labeling.kinds._service import Service, version_of
from weaklabel.labeling.kinds.prompt import plain, prompt

CLASSES = ("ham", "spam")


class Server(ThreadingHTTPServer):
    """Says of each prompt whether it is spam; counts, and fails when told to."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.requests = []  # the prompts of each
        self.times = []
        self.failures = iter(())  # of the next requests, which fail
        self.refuses = ()  # prompts that it never answers
        self.on_request = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def ask(self, prompts):
        return post(self.url, prompts)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        prompts = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.times.append(time.monotonic())
        self.server.requests.append(prompts)
        if self.server.on_request:
            self.server.on_request(prompts)
        if next(self.server.failures, False) or set(prompts) & set(self.server.refuses):
            self.send_error(503, "Too busy")
            return
        body = json.dumps([answer_to(each) for each in prompts]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def answer_to(text):
    if "?" in text:
        return "I cannot say."
    return "Spam." if "prize" in text else " ham\n"


def post(url, prompts):
    with urllib.request.urlopen(url, data=json.dumps(prompts).encode(), timeout=10) as response:
        return json.load(response)


@pytest.fixture
def server():
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()


@pytest.fixture
def cache(tmp_path):
    return tmp_path / "answers.sqlite"


@pytest.fixture
def make(server, cache):
    """A labeling function that asks the server."""

    def make(name="llm", labels=CLASSES, **options):
        ask = options.pop("ask", server.ask)
        return prompt(name, ask, labels, **{"cache": cache, "version": "server 1", "wait": 0.001, **options})

    return make


def votes(lf, *texts):
    return lf.votes(pl.DataFrame({"text": texts}, schema={"text": pl.String})).to_list()


def kept(cache):
    with sqlite3.connect(cache) as database:
        return dict(database.execute("SELECT prompt, answer FROM answers"))


def numbered(n):
    return [f"{'prize' if i % 3 == 0 else 'lunch'} {i}" for i in range(n)]


def test_it_votes_the_label_that_the_answer_has(make):
    assert votes(make(), "you won a prize", "see you", "who is this?") == [1, 0, -1]
    assert make()(Row(text="a prize")) == 1


def test_an_answer_without_a_label_abstains_and_can_be_looked_at(make, cache):
    votes(make(), "you won a prize", "who is this?")

    assert kept(cache) == {"you won a prize": "Spam.", "who is this?": "I cannot say."}


def test_what_was_answered_is_never_asked_again(make, server):
    first = votes(make(), *numbered(5))
    before = len(server.requests)

    again, under_another_name = votes(make(), *numbered(5)), votes(make("other", {"spam": 0}), *numbered(5))

    assert again == first == [1, 0, 0, 1, 0]
    assert under_another_name == [0, -1, -1, 0, -1]
    assert len(server.requests) == before


def test_equal_prompts_are_asked_once_in_batches_of_the_size_given(make, server):
    texts = numbered(7)

    votes(make(batch_size=3), *texts, *texts)

    assert server.requests == [texts[:3], texts[3:6], texts[6:]]


def test_another_version_is_asked_anew(make, server):
    votes(make(), "lunch")

    votes(make(version="server 2"), "lunch")

    assert server.requests == [["lunch"], ["lunch"]]


def test_the_template_is_filled_from_the_columns_and_a_row_that_lacks_one_is_not_asked(make, server):
    lf = make(template="{title}: {text!r} ({score:.1f} {{of}} {tags[0]})")
    rows = pl.DataFrame(
        {
            "title": ["A", None, "C"],
            "text": ["{title}", "b", "c"],
            "score": [0.25, 1.0, float("nan")],
            "tags": [["x", "y"], ["z"], ["z"]],
        }
    )

    assert lf.votes(rows).to_list() == [0, -1, -1]
    assert lf.columns == ("title", "text", "score", "tags")
    assert server.requests == [["A: '{title}' (0.2 {of} x)"]]


def test_nothing_is_asked_where_there_is_nothing_to_ask(make, server):
    assert votes(make()) == []
    assert votes(make(), None, None) == [-1, -1]
    assert server.requests == []


@pytest.mark.parametrize(
    ("answer", "is_read_as"),
    [("Spam", "spam"), (" SPAM!\n", "spam"), ('"spam".', "spam"), ("**Spam**", "spam"), ("not spam", "not spam"),
     ("+", "+"), ("...", "..."), ("5-", "5"), ("-5", "-5"), ("\N{LEFT DOUBLE QUOTATION MARK}Straße.", "strasse"),
     ("", "")],
)  # fmt: skip
def test_case_space_quotes_and_punctuation_behind_an_answer_do_not_matter(answer, is_read_as):
    assert plain(answer) == is_read_as


def test_parse_says_which_label_an_answer_means(make):
    def in_json(prompts):
        return [json.dumps({"label": answer_to(text), "why": "so"}) for text in prompts]

    lf = make(ask=in_json, labels={"Spam.": 1, " ham\n": 0}, parse=lambda answer: json.loads(answer)["label"])

    assert votes(lf, "a prize", "lunch", "who?") == [1, 0, -1]


def test_a_request_that_fails_now_and_then_is_tried_again(make, server):
    server.failures = iter([True, True, False, True])

    assert votes(make(batch_size=2), *numbered(4)) == [1, 0, 0, 1]
    assert [len(prompts) for prompts in server.requests] == [2, 2, 2, 2, 2]


def test_after_the_last_retry_what_the_service_raised_is_raised_and_nothing_paid_is_lost(make, server, cache):
    server.failures = iter([False, True, True, True])

    with pytest.raises(urllib.error.HTTPError, match="503: Too busy"):
        votes(make(batch_size=2, retries=2), *numbered(4))

    assert len(server.requests) == 4
    assert list(kept(cache)) == numbered(2)


def test_an_interruption_is_no_failure_to_try_again(make):
    asked = []

    def interrupted(prompts):
        asked.append(prompts)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        votes(make(ask=interrupted), "lunch")

    assert len(asked) == 1


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self):
        self.now, self.slept = 1000.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds


def service(ask, cache, clock, *, version="v", retries=3, per_minute=None):
    return Service("llm", ask, {"version": version}, Answers(cache), 1, retries, 1.0, per_minute, clock, clock.sleep)


def always_fails(prompts):
    raise ConnectionError("no route")


def test_the_pause_before_trying_again_doubles(cache):
    clock = Clock()

    with pytest.raises(ConnectionError):
        service(always_fails, cache, clock)(["lunch"])

    assert clock.slept == [1, 2, 4]


def test_requests_are_at_least_a_minute_apart_divided_by_their_number_also_from_one_call_to_the_next(cache):
    clock, times = Clock(), []
    ask = service(lambda prompts: times.append(clock.now) or ["ham"], cache, clock, per_minute=4)

    ask(["a", "b"])
    clock.now += 40
    ask(["c", "d"])
    service(ask.f, cache, clock, per_minute=4)(["e"])  # another function of the same service

    assert times == [1000, 1015, 1055, 1070, 1085]


def test_a_clock_that_was_set_back_stops_nothing(cache):
    clock = Clock()
    ask = service(lambda prompts: ["ham"], cache, clock, per_minute=4)

    ask(["a"])
    clock.now = 10.0
    ask(["b"])

    assert clock.slept == []


SCRIPT = """
import json, sys, urllib.request
import polars as pl
from weaklabel import prompt

url, cache, texts, options = json.loads(sys.argv[1])

def ask(prompts):
    with urllib.request.urlopen(url, data=json.dumps(prompts).encode(), timeout=10) as response:
        return json.load(response)

lf = prompt("llm", ask, ["ham", "spam"], version="server 1", cache=cache, **options)
print(json.dumps(lf.votes(pl.DataFrame({"text": texts})).to_list()))
"""


def start(server, cache, texts, **options):
    """Another process that asks."""
    job = json.dumps([server.url, str(cache), texts, options])
    return subprocess.Popen([sys.executable, "-c", SCRIPT, job], stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def finished(process):
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, said.decode()
    return json.loads(printed)


def test_the_rate_holds_for_real_requests_of_two_processes_together(server, cache):
    texts = numbered(8)

    processes = [start(server, cache, part, batch_size=1, per_minute=300) for part in (texts[:4], texts[4:])]

    assert [finished(process) for process in processes] == [[1, 0, 0, 1], [0, 0, 1, 0]]
    assert len(server.times) == 8
    assert server.times[-1] - server.times[0] > 1.1  # seven times 0.2, less how long the first was on its way


def test_a_process_killed_between_two_batches_loses_none_that_was_answered(server, cache):
    texts = numbered(10)
    processes = []

    def killed_at_the_third(prompts):
        if len(server.requests) == 3:
            processes[0].kill()

    server.on_request = killed_at_the_third
    processes.append(start(server, cache, texts, batch_size=2))
    processes[0].communicate(timeout=60)
    server.on_request = None
    assert processes[0].returncode == -signal.SIGKILL
    assert list(kept(cache)) == texts[:4]

    voted = finished(start(server, cache, texts, batch_size=2))

    assert voted == [1, 0, 0, 1, 0, 0, 1, 0, 0, 1]
    assert server.requests[3:] == [texts[4:6], texts[6:8], texts[8:]]


def test_processes_that_begin_at_once_share_one_file(server, cache):
    texts = numbered(60)
    parts = [texts[:40], texts[20:], texts[::-1], texts[::2]]

    processes = [start(server, cache, part, batch_size=1) for part in parts]

    assert [finished(process) for process in processes] == [[int("prize" in text) for text in part] for part in parts]
    assert set(kept(cache)) == set(texts)
    assert len(server.requests) < 1.5 * len(texts)  # two may ask the same at the same moment, and seldom do


def test_threads_that_begin_at_once_share_one_file(make, cache):
    lf, texts = make(batch_size=1), numbered(12)

    with ThreadPoolExecutor(4) as pool:
        voted = list(pool.map(lambda _: votes(lf, *texts), range(4)))

    assert voted == [[int("prize" in text) for text in texts]] * 4


def test_what_was_kept_first_counts_for_all(cache):
    answers = Answers(cache)

    answers.keep("v", {"lunch": "ham"})
    answers.keep("v", {"lunch": "spam", "prize": "spam"})

    assert answers.find("v", ["lunch", "prize", "other"]) == {"lunch": "ham", "prize": "spam"}


def test_a_version_and_a_prompt_are_not_taken_for_another_version_and_prompt(cache):
    answers = Answers(cache)

    answers.keep("v1", {"1 lunch": "ham"})

    assert answers.find("v11", [" lunch", "lunch", "1 lunch"]) == {}


@pytest.mark.parametrize("damage", ["no database", "cut", "overwritten"])
def test_a_damaged_file_is_refused_and_left_as_it_is(make, cache, damage):
    votes(make(), *numbered(100))
    with sqlite3.connect(cache) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    whole = cache.read_bytes()
    page = whole[:5000] + b"x" * 9000 + whole[14000:]
    cache.write_bytes({"no database": b"id,text\n" * 100, "cut": whole[:6000], "overwritten": page}[damage])
    before = cache.read_bytes()

    with pytest.raises(ArtefactError, match="cannot use .*answers.sqlite as the cache of answers: .*move it away"):
        make()

    assert cache.read_bytes() == before


def test_a_database_of_somebody_else_is_refused(make, cache):
    with sqlite3.connect(cache) as database:
        database.execute("CREATE TABLE customers (name TEXT)")

    with pytest.raises(ArtefactError, match=r"it holds something else \(tables customers\)"):
        make()


def test_a_place_where_no_file_can_be_is_refused(make, tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ArtefactError, match="cannot use .*answers.sqlite as the cache of .*: (Not a dir|File exists)"):
        votes(make(cache=tmp_path / "file" / "answers.sqlite"), "lunch")


def test_by_default_answers_lie_in_the_users_cache_folder_and_making_a_function_writes_nothing(
    make, tmp_path, monkeypatch
):
    monkeypatch.setenv("WEAKLABEL_CACHE", str(tmp_path / "own"))

    lf = make(cache=None)

    assert not (tmp_path / "own").exists()
    votes(lf, "lunch")
    assert kept(tmp_path / "own" / "answers.sqlite") == {"lunch": " ham\n"}


@pytest.mark.parametrize(
    ("returned", "problem"),
    [
        (["ham"], "1 answers to 2 prompts; it must return a list with one answer each"),
        (["ham"] * 3, "3 answers to 2 prompts"),
        ("ok", "a str to 2 prompts"),
        ({"a": "ham", "b": "ham"}, "a dict to 2 prompts"),
        (None, "a NoneType to 2 prompts"),
        (["ham", None], "None among its answers; each must be a text"),
        ([1, 0], "1 among its answers"),
    ],
)
def test_answers_that_do_not_fit_the_prompts_are_an_error_and_are_not_kept(make, cache, returned, problem):
    with pytest.raises(LabelingFunctionError, match=f"labeling function 'llm': ask returned {problem}"):
        votes(make(ask=lambda prompts: returned), "a", "b")

    assert kept(cache) == {}


def test_half_a_character_in_an_answer_can_be_kept(make, cache):
    assert votes(make(ask=lambda prompts: ["spam \ud83d"]), "a prize") == [1]
    assert kept(cache) == {"a prize": "spam ?"}


def test_a_service_that_is_down_is_left_alone_after_three_batches_and_asked_again_after_a_rest(cache):
    clock, asked, up = Clock(), [], []

    def ask(prompts):
        asked.append(prompts)
        return ["ham"] if up else always_fails(prompts)

    llm = service(ask, cache, clock, retries=1)
    for text in "abcabc":
        with pytest.raises((ConnectionError, LabelingFunctionError)):
            llm([text])
    with pytest.raises(LabelingFunctionError, match="'llm': one batch after another failed, so for 60 seconds nothing"):
        llm(["d"])
    assert asked == [["a"], ["a"], ["b"], ["b"], ["c"], ["c"]]

    up.append(True)
    clock.now += 61

    assert llm(["d"]) == {"d": "ham"}


def test_answers_that_never_fit_are_not_paid_for_more_than_three_times(cache):
    asked = []
    llm = service(lambda prompts: asked.append(prompts) or ["ham", "ham"], cache, Clock())

    for text in "abcde":
        with pytest.raises(LabelingFunctionError):
            llm([text])

    assert asked == [["a"], ["b"], ["c"]]


def test_answers_that_cannot_be_kept_are_paid_for_once(cache):
    asked = []
    llm = service(lambda prompts: asked.append(prompts) or ["ham"], cache, Clock())
    llm(["a"])
    with sqlite3.connect(cache) as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON answers BEGIN SELECT RAISE(FAIL, 'disk is full'); END")

    with pytest.raises(ArtefactError, match="cannot use .* as the cache of answers: disk is full"):
        llm(["b"])
    with pytest.raises(LabelingFunctionError, match="nothing more is asked"):
        llm(["b"])

    assert asked == [["a"], ["b"]]


def test_what_has_had_its_retries_is_tried_once_more_alone(cache):
    clock = Clock()
    llm = service(always_fails, cache, clock)

    for _ in range(2):
        with pytest.raises(ConnectionError):
            llm(["a"])

    assert clock.slept == [1, 2, 4]


def test_apply_blames_only_the_rows_that_the_service_refuses(make, server):
    table = pl.DataFrame({"id": range(40), "text": numbered(40)})
    server.refuses = ("lunch 17",)

    L = wl.apply([make(batch_size=10, retries=1)], table, CLASSES)

    assert [(fault.item_id, fault.count) for fault in L.faults] == [("17", 1)]
    assert L.faults[0].error == "HTTPError: HTTP Error 503: Too busy"
    assert L.votes[:, 0].tolist() == [-1 if i == 17 else int(i % 3 == 0) for i in range(40)]
    assert len(server.requests) < 25


@pytest.fixture(scope="module")
def messages():
    try:
        return wl.datasets.load("sms_spam", "train")[:300]
    except DatasetError as error:
        pytest.skip(str(error))


def test_one_process_and_two_ask_once_about_each_real_message(server, tmp_path, messages):
    url = server.url

    def ask(prompts):
        return post(url, prompts)

    one, two = (
        wl.apply([prompt("llm", ask, CLASSES, cache=tmp_path / f"{n}.sqlite")], messages, CLASSES, n_jobs=n)
        for n in (1, 2)
    )

    expected = [{"Spam.": 1, " ham\n": 0}.get(answer_to(text), -1) for text in messages["text"]]
    assert one.votes[:, 0].tolist() == two.votes[:, 0].tolist() == expected
    assert set(expected) == {-1, 0, 1}
    assert not one.faults
    assert not two.faults
    asked = [text for prompts in server.requests for text in prompts]
    assert sorted(asked) == sorted([*messages["text"].unique()] * 2)


SOURCE = """
MODEL = "small"
class Client: pass
client = Client()
def send(prompts):
    return client, MODEL, prompts
def ask(prompts, temperature=0):
    return send(prompts) if {"a", "b", "c"} else None
"""


def version(text):
    names = {"__name__": "rules"}
    exec(text, names)
    return version_of("llm", names["ask"])


def test_an_edited_function_asks_anew_and_an_untouched_one_does_not():
    edits = [("small", "large"), ("temperature=0", "temperature=1"), ("prompts\n", "prompts[1:]\n"), ('"b"', '"d"')]

    edited = {version(SOURCE.replace(*edit)) for edit in edits}

    assert version(SOURCE) == version(
        "# moved\n" + SOURCE.replace("client = Client()", "client = Client(); client.n = 1")
    )
    assert len({version(SOURCE), *edited}) == 5


def test_a_version_is_the_same_in_every_process():
    script = (
        "from weaklabel.labeling.kinds._service import version_of\n"
        f"names = {{'__name__': 'rules'}}\nexec({SOURCE!r}, names)\nprint(version_of('llm', names['ask']))"
    )
    there = [
        subprocess.check_output(
            [sys.executable, "-c", script],
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).strip()
        for seed in "12"
    ]

    assert there == [version(SOURCE)] * 2


def test_a_method_or_an_object_that_asks_needs_a_version(make):
    with pytest.raises(LabelingFunctionError, match="'llm': ask is a method, so say what answers, such as version="):
        make(version=None)


def test_its_fingerprint_is_that_of_what_it_asks_not_of_how_and_where(make, tmp_path):
    def of(**options):
        return fingerprint(make(ask=plain_ask, **options))

    asked = make(ask=plain_ask)
    votes(asked, "lunch")

    same = [of(), of(cache=tmp_path / "other"), of(batch_size=1, retries=0, wait=9, per_minute=5), fingerprint(asked)]
    others = [
        of(version="other"), of(template="Is it spam? {text}"), of(template="{body}"), of(labels=["spam", "ham"]),
        of(parse=str), fingerprint(make(ask=lambda prompts: prompts)),
    ]  # fmt: skip

    assert len(set(same)) == 1
    assert len({same[0], *others}) == len(others) + 1


def plain_ask(prompts):
    return [answer_to(text) for text in prompts]


@pytest.mark.parametrize("template", ["Is this spam?", "{}", "{0}", "{text} {}", ""])
def test_a_template_without_columns_is_refused(make, template):
    with pytest.raises(LabelingFunctionError, match="'llm': the template '.*' must name columns, such as '{text}'"):
        make(template=template)


def test_a_template_that_cannot_be_read_is_refused_with_the_reason(make):
    with pytest.raises(LabelingFunctionError, match=r"'llm': cannot read the template '\{text': expected '}' before"):
        make(template="{text")


@pytest.mark.parametrize("labels", [{"Spam": 1, "spam.": 0}, {1: 1}])
def test_labels_that_no_answer_can_tell_apart_are_refused(make, labels):
    with pytest.raises(LabelingFunctionError, match="'llm': the label .* is no text, or the same as another"):
        make(labels=labels)


@pytest.mark.parametrize("labels", [{}, [], "ham"])
def test_labels_that_are_none_are_refused(make, labels):
    with pytest.raises(LabelingFunctionError, match="'llm': labels are a dictionary such as .*, not"):
        make(labels=labels)


@pytest.mark.parametrize(
    "option", [{"batch_size": 0}, {"retries": -1}, {"wait": -1}, {"wait": math.nan}, {"per_minute": 0}]
)
def test_a_number_out_of_its_range_is_refused(make, option):
    ((name, value),) = option.items()

    with pytest.raises(LabelingFunctionError, match=f"'llm': {name}={value} is less than"):
        make(**option)
