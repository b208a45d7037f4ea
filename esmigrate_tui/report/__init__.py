"""What a finished run says: one value gathered from plan and progress, told as Markdown, HTML, JSON or lines."""

from esmigrate_tui.report.contents import Report, gather
from esmigrate_tui.report.files import as_json, write_all
from esmigrate_tui.report.judgement import EarlierChanges
from esmigrate_tui.report.lines import as_lines, to_do_lines
from esmigrate_tui.report.markdown import as_markdown
from esmigrate_tui.report.page import as_html

__all__ = [
    "EarlierChanges",
    "Report",
    "as_html",
    "as_json",
    "as_lines",
    "as_markdown",
    "gather",
    "to_do_lines",
    "write_all",
]
