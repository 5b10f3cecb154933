"""LibreOffice's own recalculation time: a Basic macro changes a cell, recalculates and reads a
result, with the workbook loaded once.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from xml.sax.saxutils import escape

RECALCULATE_AT_LOADING = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>"""
LIBRARY = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE library:library PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "library.dtd">
<library:library xmlns:library="http://openoffice.org/2000/library" library:name="Standard" library:readonly="false"
 library:passwordprotected="false"><library:element library:name="Benchmark"/></library:library>"""
MODULE = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE script:module PUBLIC "-//OpenOffice.org//DTD OfficeDocument 1.0//EN" "module.dtd">
<script:module xmlns:script="http://openoffice.org/2000/script" script:name="Benchmark" script:language="StarBasic">
{source}
</script:module>"""
MACRO = """
Sub Recalculate
  Dim hidden(0) As New com.sun.star.beans.PropertyValue
  hidden(0).Name = "Hidden"
  hidden(0).Value = True
  document = StarDesktop.loadComponentFromURL("{workbook}", "_blank", 0, hidden())
  page = document.Sheets.getByName("{worksheet}")
  began = GetSystemTicks()
  For k = 1 To {times}
    page.getCellRangeByName("{changed}").Value = {low} + {step} * k
    document.calculate()
    seen = page.getCellRangeByName("{read}").Value
  Next k
  took = GetSystemTicks() - began
  Open "{answer}" For Output As #1
  Print #1, took
  Print #1, seen
  Close #1
  document.close(True)
End Sub"""


def office() -> str | None:
    return shutil.which("soffice") or shutil.which("libreoffice")


def new_profile(folder: Path) -> Path:
    """A LibreOffice profile of its own.

    Its first start fills it, and overwrites a library that is there already.
    """
    profile = folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(RECALCULATE_AT_LOADING)
    start(profile, "--terminate_after_init")
    (profile / "user" / "basic" / "Standard" / "script.xlb").write_text(LIBRARY)
    return profile


def start(profile: Path, argument: str) -> None:
    command = [str(office()), f"-env:UserInstallation={profile.as_uri()}", "--headless", argument]
    subprocess.run(command, check=True, capture_output=True, timeout=120)


def recalculation(
    profile: Path,
    workbook: Path,
    worksheet: str,
    changed: str,
    read: str,
    changes: tuple[float, float, int],
) -> tuple[float, float]:
    """Milliseconds for one recalculation, and the last result read.

    changes: (from, step, how many).
    """
    answer = profile / "answer.txt"
    low, step, times = changes
    macro = MACRO.format(
        workbook=workbook.as_uri(),
        worksheet=worksheet,
        changed=changed,
        read=read,
        low=low,
        step=step,
        times=times,
        answer=answer,
    )
    (profile / "user" / "basic" / "Standard" / "Benchmark.xba").write_text(
        MODULE.format(source=escape(macro))
    )
    answer.unlink(missing_ok=True)
    start(profile, "macro:///Standard.Benchmark.Recalculate()")
    took, seen = answer.read_text().split()
    return float(took) / times, float(seen)
