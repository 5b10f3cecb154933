"""What XlsxWriter (3.2) has not: cell styles that have names, and lines named where they end.

Excel's gallery and LibreOffice's list of styles show the names: a person who gives `Weight` another
colour gives it to all weights. XlsxWriter knows the style Normal, and Hyperlink. Here each format
may belong to one more: the styles' own looks are formats too, so that fonts, fills and borders are
counted as usual.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import xlsxwriter
from xlsxwriter.chart_scatter import ChartScatter
from xlsxwriter.format import Format
from xlsxwriter.packager import Packager
from xlsxwriter.styles import Styles as StylesFile
from xlsxwriter.styles import XFormatType
from xlsxwriter.worksheet import Worksheet

# Names that Excel gives to styles of its own, with their numbers there (ISO 29500-1, 18.8.7): a
# style of the same name must say that it is that one, with another look.
EXCELS_OWN = {"Input": 20, "Title": 15, "Explanatory Text": 53}


class PlainFormulas(Worksheet):
    """Formulas as they are.

    XlsxWriter would search each for thirty functions newer than Excel 2007, of which ours have
    none: in a large workbook that took three quarters of the time.
    """

    def _prepare_formula(self, formula: str, expand_future_functions: bool = False) -> str:
        return formula.removeprefix("=")


class StyledFormat(Format):
    """style: the name of its cell style, "" for none."""

    style = ""

    def _get_format_key(self) -> str:
        return f"{super()._get_format_key()}:{self.style}"


class Lines(ChartScatter):
    """A scatter chart that names a series at one of its points: `data_labels={"at": 100}`, the
    point's number from 0. XlsxWriter would have to be given a label to leave out for each other.
    """

    def _write_d_lbls(self, labels: dict[str, Any] | None) -> None:
        if not labels or "at" not in labels:
            super()._write_d_lbls(labels)
            return
        self._xml_start_tag("c:dLbls")
        self._xml_start_tag("c:dLbl")
        self._xml_empty_tag("c:idx", [("val", labels["at"])])
        self._write_axis_font(labels["font"])
        self._write_d_lbl_pos("r")
        self._write_shown(series_name=1)
        self._xml_end_tag("c:dLbl")
        self._write_shown(series_name=0)
        self._xml_end_tag("c:dLbls")

    def _write_shown(self, series_name: int) -> None:
        for tag in ("LegendKey", "Val", "CatName", "SerName", "Percent", "BubbleSize"):
            shown = series_name if tag == "SerName" else 0
            self._xml_empty_tag(f"c:show{tag}", [("val", shown)])


class Workbook(xlsxwriter.Workbook):
    """looks: the format of each cell style itself, in their order."""

    worksheet_class = PlainFormulas

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self.looks: dict[str, StyledFormat] = {}
        super().__init__(*arguments, **options)

    def add_format(
        self, properties: Mapping[str, Any] | None = None, style: str = ""
    ) -> StyledFormat:
        """style: one that was added."""
        made = StyledFormat(
            {**self.default_format_properties, **(properties or {})},
            self.xf_format_indices,
            self.dxf_format_indices,
        )
        if style:
            made.style, made.xf_id = style, self.looks[style].xf_id
        self.formats.append(made)
        return made

    def add_cell_style(self, name: str, properties: Mapping[str, Any]) -> None:
        """A style of this name and look, which formats may belong to from now on."""
        self.looks[name] = self.add_format(properties)
        self.looks[name].style, self.looks[name].xf_id = name, len(self.looks)
        self.looks[name]._get_xf_index()  # counted among the formats, as if a cell had it

    def add_lines(self) -> Lines:
        """A chart of points and straight lines between them."""
        made = Lines({"type": "scatter", "subtype": "straight"})
        made.embedded, made.date_1904 = True, self.date_1904
        made.remove_timezone = self.remove_timezone
        self.charts.append(made)
        return made

    def _get_packager(self) -> Packager:
        return _Packager()


class _Packager(Packager):
    def _write_styles_file(self) -> None:
        book = self.workbook
        file = _StylesFile()
        file.looks = book.looks
        file._set_style_properties(
            [
                book.xf_formats,
                book.palette,
                book.font_count,
                book.num_formats,
                book.border_count,
                book.fill_count,
                book.custom_colors,
                book.dxf_formats,
                book.has_comments,
            ]
        )
        file._set_xml_writer(self._filename("xl/styles.xml"))
        file._assemble_xml_file()


class _StylesFile(StylesFile):
    looks: Mapping[str, StyledFormat] = {}

    def _write_cell_style_xfs(self) -> None:
        formats = [self.xf_formats[0], *self.looks.values()]
        self._xml_start_tag("cellStyleXfs", [("count", len(formats))])
        for each in formats:
            self._write_xf(each, XFormatType.STYLE)
        self._xml_end_tag("cellStyleXfs")

    def _write_cell_styles(self) -> None:
        self._xml_start_tag("cellStyles", [("count", 1 + len(self.looks))])
        for number, name in enumerate(self.looks, 1):
            own = EXCELS_OWN.get(name)
            known = [] if own is None else [("builtinId", own), ("customBuiltin", 1)]
            self._xml_empty_tag("cellStyle", [("name", name), ("xfId", number), *known])
        self._write_cell_style()
        self._xml_end_tag("cellStyles")
