"""Bodies that are offered by name. Knows no PyTorch."""

from __future__ import annotations

from dataclasses import dataclass

LITE, DIGITS = "efficientnet-lite0", "digits"


@dataclass(frozen=True)
class Offered:
    """name: as load_body takes it. parameters: in millions. side: of what it sees, in pixels.

    at_hand: it comes along with Gradsheet, or with its extra; else it is fetched from the hub.
    """

    name: str
    knows: str
    parameters: float
    side: int
    at_hand: bool = True

    def sentence(self, speed: float | None = None) -> str:
        """speed: pictures a second here."""
        where = "comes along" if self.at_hand else "from the hub"
        said = (
            f"{self.name}: {self.knows}; {self.parameters:.3g} million parameters,"
            f" {self.side} x {self.side} pixels; {where}"
        )
        return f"{said}; {speed:.3g} pictures a second here" if speed else said


IMAGENET = "ImageNet's 1,000 kinds of thing"
OFFERED = (
    Offered(LITE, IMAGENET, 4.65, 224),
    Offered(DIGITS, "handwritten digits, but no 3 and no 7", 0.186, 32),
    Offered("microsoft/resnet-18", IMAGENET, 11.7, 224, at_hand=False),
    Offered("microsoft/resnet-50", IMAGENET, 25.6, 224, at_hand=False),
    Offered("facebook/convnext-tiny-224", IMAGENET, 28.6, 224, at_hand=False),
)


def told(speeds: dict[str, float], at_hand: bool = False) -> list[list[str]]:
    """[name, sentence] of each, for a page or a terminal; at_hand: of those that come along."""
    return [
        [one.name, one.sentence(speeds.get(one.name))]
        for one in OFFERED
        if one.at_hand or not at_hand
    ]
