"""What a flow found, as one section that a terminal prints and a page shows."""

from weaklabel.report import charts
from weaklabel.report.page import page
from weaklabel.report.section import Chart, Section, Table, with_interval

__all__ = ["Chart", "Section", "Table", "charts", "page", "with_interval"]
