"""One self-contained HTML page: no script, nothing loaded from anywhere."""

from collections.abc import Sequence
from importlib.resources import files

from weaklabel._version import __version__
from weaklabel.report.section import Section


def page(title: str, sections: Sequence[Section]) -> str:
    """The sections as an HTML page; all text in them is escaped."""
    from jinja2 import Environment
    from markupsafe import Markup

    template = files("weaklabel.report").joinpath("page.html").read_text(encoding="utf-8")
    environment = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["svg"] = Markup
    return environment.from_string(template).render(title=title, sections=sections, version=__version__)
