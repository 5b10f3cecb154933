"""What a page tells where JavaScript is off."""

from __future__ import annotations

import html

from sheets import Sheet, values
from sheets.language.formats import written
from sheets.language.teaching import Preset


def story_told(sheet: Sheet) -> str:
    """The story where JavaScript is off: each step's question, and what happens and why, where it
    needs no run.
    """

    def step(preset: Preset) -> str:
        plays = preset.scene.play
        if plays:
            said = [f"With JavaScript this page plays {plays} steps, and tells what happened."]
        else:
            numbers = values(sheet, preset.inputs)
            said = [written(pieces, numbers) for pieces in (preset.happened, preset.why)]
        words = "".join(f"<p>{html.escape(text)}</p>" for text in (preset.predict, *said) if text)
        return f"<li><strong>{html.escape(preset.title)}</strong>{words}</li>"

    if not sheet.presets:
        return ""
    opening = html.escape(written(sheet.introduction, values(sheet)))
    return f"<noscript><p>{opening}</p><ol>{''.join(map(step, sheet.presets))}</ol></noscript>"
