"""A person who edits workbooks in LibreOffice: rows inserted, deleted, filled, sorted and typed,
worksheets renamed. One start of LibreOffice does the edits of many workbooks, by a macro of its own
that reads them from a text file.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import engines

# Each line is one edit, its words set apart by tabs; rows and columns are counted from 0.
MACRO = """Sub Main
  Dim doc, page, area, words, told, target, above, top
  Dim fields(0) As New com.sun.star.table.TableSortField
  Dim how(0) As New com.sun.star.beans.PropertyValue
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  Dim kind(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  kind(0).Name = "FilterName"
  kind(0).Value = "Calc MS Excel 2007 XML"
  Open Environ("GRADSHEET_EDITS") For Input As #1
  Do While Not Eof(1)
    Line Input #1, told
    words = Split(told, Chr(9))
    Select Case words(0)
    Case "open"
      doc = StarDesktop.loadComponentFromURL(ConvertToURL(words(1)), "_blank", 0, hidden())
      doc.enableAutomaticCalculation(False)
      doc.addActionLock()
    Case "save"
      doc.removeActionLock()
      doc.calculateAll()
      doc.storeToURL(ConvertToURL(words(1)), kind())
      doc.close(True)
    Case "rename"
      doc.Sheets.getByName(words(1)).Name = words(2)
    Case "insert"
      doc.Sheets.getByName(words(1)).Rows.insertByIndex(CLng(words(2)), 1)
    Case "delete"
      doc.Sheets.getByName(words(1)).Rows.removeByIndex(CLng(words(2)), 1)
    Case "number"
      page = doc.Sheets.getByName(words(1))
      page.getCellByPosition(CLng(words(3)), CLng(words(2))).Value = Val(words(4))
    Case "type"
      page = doc.Sheets.getByName(words(1))
      page.getCellByPosition(CLng(words(3)), CLng(words(2))).Formula = words(4)
    Case "fill"
      page = doc.Sheets.getByName(words(1))
      above = CLng(words(2)) - 1
      area = page.getCellRangeByPosition(CLng(words(3)), above, CLng(words(4)), above)
      target = page.getCellByPosition(CLng(words(3)), CLng(words(2)))
      page.copyRange(target.CellAddress, area.RangeAddress)
    Case "sort"
      page = doc.Sheets.getByName(words(1))
      top = CLng(words(2))
      area = page.getCellRangeByPosition(CLng(words(4)), top, CLng(words(5)), CLng(words(3)))
      fields(0).Field = CLng(words(6))
      fields(0).IsAscending = True
      how(0).Name = "SortFields"
      how(0).Value = fields()
      area.sort(how())
    End Select
  Loop
  Close #1
  StarDesktop.terminate()
End Sub
"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script"
 script:name="Module1" script:language="StarBasic">
{}</script:module>"""
SECONDS = 600  # for all edits of one start


def edited(edits: Sequence[Sequence[object]], folder: Path) -> None:
    """Carry out the edits, one after another: `("open", path)`, `("insert", worksheet, row)`,
    `("delete", worksheet, row)`, `("number", worksheet, row, column, x)`, `("type", worksheet, row,
    column, text)`, `("fill", worksheet, row, first column, last column)` from the row above,
    `("sort", worksheet, first row, last row, first column, last column, by)`, `("rename",
    worksheet, name)`, `("save", path)`.
    """
    office = engines.needs_libreoffice()
    profile = folder / "editing"
    start = [office, f"-env:UserInstallation={profile.as_uri()}", "--headless"]
    macros = profile / "user" / "basic" / "Standard" / "Module1.xba"
    if not macros.exists():  # LibreOffice makes its own profile first
        subprocess.run([*start, "--terminate_after_init"], check=True, capture_output=True)
        macros.write_text(MODULE.format(MACRO.replace("&", "&amp;").replace("<", "&lt;")))
    said = folder / "edits.txt"
    said.write_text("".join("\t".join(map(str, edit)) + "\n" for edit in edits))
    subprocess.run(
        [*start, "macro:///Standard.Module1.Main"],
        check=True,
        capture_output=True,
        timeout=SECONDS,
        env={**os.environ, "GRADSHEET_EDITS": str(said)},
    )
