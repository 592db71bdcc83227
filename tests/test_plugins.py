import inspect
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from weaklabel import apply, plugins, protocols
from weaklabel.datasets._dataset import Dataset
from weaklabel.errors import ModelError, ScriptError, UnknownNameError
from weaklabel.labeling.files import load_lfs
from weaklabel.review.picking.choosing import resolved
from weaklabel.review.picking.pool import Pool

PROTOCOLS = {
    "model": protocols.LabelModel,
    "estimator": protocols.PropensityEstimator,
    "backend": protocols.AnnotationBackend,
    "user": protocols.UserModel,
}
SHIPPED = [(kind, name) for kind in plugins.FOLDERS for name in plugins.names(kind)]


@pytest.fixture
def script(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        return path

    return write


def parameters(function):
    return list(inspect.signature(function).parameters)


@pytest.mark.parametrize("kind", plugins.FOLDERS)
def test_the_names_of_a_kind_are_the_files_in_its_folder(kind):
    folder = Path(import_module(plugins.FOLDERS[kind]).__file__).parent
    files = {path.stem for path in folder.glob("*.py") if not path.name.startswith("_")}

    assert files
    assert set(plugins.names(kind)) == files
    assert list(plugins.names(kind)) == sorted(files)


@pytest.mark.parametrize(("kind", "name"), [pair for pair in SHIPPED if pair[0] in PROTOCOLS])
def test_a_class_that_ships_has_the_methods_of_its_kind(kind, name):
    plugin = plugins.get(kind, name)
    protocol = protocols.PageEstimator if getattr(plugin, "needs", "") == "pages" else PROTOCOLS[kind]
    methods = {method: f for method, f in vars(protocol).items() if not method.startswith("_")}

    assert methods
    for method, wanted in methods.items():
        assert parameters(getattr(plugin, method)) == parameters(wanted)


@pytest.mark.parametrize("name", plugins.names("strategy"))
def test_a_strategy_that_ships_scores_each_row(name):
    plugin, probs = plugins.get("strategy", name), np.array([[0.5, 0.5], [0.9, 0.1], [1.0, 0.0]])
    pool = Pool(probs, features=probs, weak=probs, lf_accuracy=0.9, members=np.stack([probs, probs]), opinions=probs)

    if isinstance(plugin, type):
        assert parameters(plugin.score) == parameters(protocols.QueryStrategy.score)
        if hasattr(plugin, "choose"):
            assert parameters(plugin.choose) == parameters(protocols.BatchStrategy.choose)
    else:
        assert parameters(plugin) == ["probs"]
    assert resolved(name)[0].score(pool).shape == (3,)


@pytest.mark.parametrize("name", plugins.names("dataset"))
def test_a_data_set_that_ships_goes_by_the_name_of_its_file(name):
    found = plugins.get("dataset", name)

    assert isinstance(found, Dataset)
    assert found.name == name


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_a_plug_in_is_the_one_name_that_its_module_exports(kind, name):
    module = import_module(f"{plugins.FOLDERS[kind]}.{name}")

    assert len(module.__all__) == 1
    assert plugins.get(kind, name) is getattr(module, module.__all__[0])


def test_an_unknown_name_gets_a_suggestion_and_the_list():
    message = r"no model is called 'majorty' \(did you mean 'majority'\?\); there are: .*majority"

    with pytest.raises(UnknownNameError, match=message):
        plugins.get("model", "majorty")


@pytest.mark.parametrize("name", ["_prior", "", "majority.Majority", "../models/majority"])
def test_what_is_not_a_file_name_there_is_unknown(name):
    with pytest.raises(UnknownNameError, match="no model is called .*; there are: "):
        plugins.get("model", name)


def test_a_plug_in_is_built_with_its_parameters():
    assert plugins.build("model", "majority", class_balance=[0.4, 0.6]).class_balance == [0.4, 0.6]


def test_an_unknown_parameter_gets_a_suggestion_and_the_list():
    message = (
        r"model 'majority' has no parameter 'class_balanc' \(did you mean 'class_balance'\?\); it has: class_balance"
    )

    with pytest.raises(ModelError, match=message):
        plugins.build("model", "majority", class_balanc=[0.4, 0.6])


def test_a_file_is_run_and_leaves_nothing_behind(script):
    path = script(
        "rules.py", "from dataclasses import dataclass\n\n@dataclass\nclass Rule:\n    x: int\n\nMADE = Rule(3)\n"
    )
    modules, search = set(sys.modules), [*sys.path]

    module = plugins.load_module(path)

    assert module.MADE.x == 3
    assert set(sys.modules) == modules
    assert sys.path == search


def test_a_file_is_run_anew_each_time(script):
    path = script("rules.py", "SEEN = []\n")
    plugins.load_module(path).SEEN.append(1)

    assert plugins.load_module(path).SEEN == []


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\n\ndef f(:\n", r"broken\.py, line 3: invalid syntax"),
        ("x = 1\n\ndef f():\n    return y\n\nf()\n", r"broken\.py, line 4: NameError: name 'y' is not defined"),
        ("\nimport not_a_module\n", r"broken\.py, line 2: ModuleNotFoundError: No module named 'not_a_module'"),
    ],
)
@pytest.mark.parametrize("relative", [True, False])
def test_a_file_that_fails_is_named_with_the_line_and_leaves_nothing_behind(
    script, monkeypatch, text, message, relative
):
    path = script("broken.py", text)
    monkeypatch.chdir(path.parent)
    modules, search = set(sys.modules), [*sys.path]

    with pytest.raises(ScriptError, match=message):
        plugins.load_module(Path(path.name) if relative else path)

    assert set(sys.modules) == modules
    assert sys.path == search


@pytest.mark.parametrize("name", ["nothing.py", "."])
def test_a_file_that_is_not_there_is_named(tmp_path, name):
    with pytest.raises(ScriptError, match=f"no file at {tmp_path / name}"):
        plugins.load_module(tmp_path / name)


def test_a_file_that_is_not_python_is_refused(script):
    with pytest.raises(ScriptError, match=r"notes\.txt is not a Python file"):
        plugins.load_module(script("notes.txt", "x = 1\n"))


RULES = """
import words
from shared.more import NO
from weaklabel import labeling_function

@labeling_function()
def one(x):
    return 1 if x.text in words.YES else NO
"""


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_files_of_two_folders_each_import_their_own_neighbours(tmp_path, n_jobs):
    modules = set(sys.modules)
    files = []
    for folder, yes in (("a", "win"), ("b", "hello")):
        (tmp_path / folder / "shared").mkdir(parents=True)
        (tmp_path / folder / "shared" / "__init__.py").touch()
        (tmp_path / folder / "shared" / "more.py").write_text("NO = 0\n")
        (tmp_path / folder / "words.py").write_text(f"YES = {{{yes!r}}}\n")
        (tmp_path / folder / "rules.py").write_text(RULES)
        files.append(load_lfs(tmp_path / folder / "rules.py"))

    assert not {"words", "shared", "shared.more"} & (set(sys.modules) - modules)
    votes = [apply(file.lfs, {"id": [1, 2], "text": ["win", "hello"]}, ("no", "yes"), n_jobs=n_jobs) for file in files]

    assert [made.votes.ravel().tolist() for made in votes] == [[1, 0], [0, 1]]
    assert [made.faults for made in votes] == [(), ()]


def test_a_script_is_found_by_its_path_whether_or_not_it_is_there(script, tmp_path):
    path = script("rules.py", "")

    assert plugins.find_script("heuristics", path) == path
    assert plugins.find_script("heuristics", str(tmp_path / "later.py")) == tmp_path / "later.py"


def test_a_script_that_ships_is_found_by_its_name_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    found = plugins.find_script("heuristics", "sms_spam")

    assert found.name == "sms_spam.py"
    assert load_lfs(found).classes == ("ham", "spam")


def test_a_script_in_the_working_folder_is_found_and_comes_first(script, tmp_path, monkeypatch):
    script("heuristics/mine.py", "")
    script("heuristics/sms_spam.py", "")
    monkeypatch.chdir(tmp_path)

    assert plugins.find_script("heuristics", "mine") == Path("heuristics/mine.py")
    assert plugins.find_script("heuristics", "sms_spam") == Path("heuristics/sms_spam.py")


@pytest.mark.parametrize("name", ["nothing", "heuristics/sms_spam", "."])
def test_a_script_that_is_nowhere_is_refused_with_those_there_are(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)

    with pytest.raises(
        UnknownNameError, match=f"'{name}' is neither a Python file nor one of the heuristics: .*sms_spam"
    ):
        plugins.find_script("heuristics", name)
