"""What learns from what in each stage: the new head or a linear model from features that are kept,
the whole network from pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from pathlib import Path

import torch
from torch import nn

from ..data.events import Listener, Stop, never, nobody
from ..data.pictures import Pictures
from .augmentation import Augmentation
from .bodies import Body
from .features import computed, fingerprint, kept
from .memory import Portions
from .network import Network, new_head
from .pixels import Pixels
from .sources import FeatureSource, PictureSource
from .training import Settings, Trainee

PARTS = ("train", "valid")  # of Pictures and of Trainees


class Trainees:
    """`of(stage name)` is what learns there; the first call of each may take long.

    on_predictions: the linear model.

    What it makes on the way, pixels and features, it keeps. listener and stop are those of the job
    that runs.
    """

    def __init__(
        self,
        pictures: Pictures,
        body: Body,
        network: Network,
        settings: Settings,
        augmentation: Augmentation,
        folder: Path,
        portions: Portions,
    ):
        """folder: where features are kept between runs."""
        self.pictures, self.body, self.network, self.settings = pictures, body, network, settings
        self.augmentation, self.folder = augmentation, folder
        self.portions = portions
        self.on_predictions = new_head(
            body.model.config.num_labels, len(pictures.classes), settings.seed
        ).to(settings.device)
        self.listener: Listener = nobody
        self.stop: Stop = never
        self._features: dict[str, torch.Tensor] = {}

    def of(self, stage: str) -> Trainee:
        return {
            "predictions": self._by_predictions,
            "frozen": self._by_features,
            "unfrozen": self._by_pictures,
        }[stage]()

    def module(self, stage: str) -> nn.Module:
        """What `of` would let learn, without the pictures."""
        return {
            "predictions": self.on_predictions,
            "frozen": self.network.head,
            "unfrozen": self.network,
        }[stage]

    def own_predictions(self) -> tuple[torch.Tensor, torch.Tensor]:
        """(pictures, the body's classes) of probabilities for the validation pictures, and their
        labels.
        """
        _, valid = self._predicted()
        return valid.features, valid.labels

    def _predicted(self) -> tuple[FeatureSource, FeatureSource]:
        model = self.body.model.to(self.settings.device)
        return self._both(
            "predictions", model.state_dict(), lambda x: model(pixel_values=x).logits.softmax(dim=1)
        )

    def _by_predictions(self) -> Trainee:
        features = self._predicted()
        return Trainee(
            self.on_predictions,
            [("linear", list(self.on_predictions.parameters()))],
            *features,
            is_small=True,
        )

    def _by_features(self) -> Trainee:
        return Trainee(
            self.network.head,
            [(self.network.head_name, list(self.network.head.parameters()))],
            *self._features_of(self.network),
            is_small=True,
        )

    def pretrained_features(self) -> tuple[FeatureSource, FeatureSource]:
        """Of both parts, by the body as it came, whatever the network has learnt since."""
        network = Network(self.body, self.pictures.classes).to(self.settings.device)
        return self._features_of(network)

    def features_now(self) -> tuple[FeatureSource, FeatureSource]:
        """Of both parts, by the network as it is."""
        return self._features_of(self.network)

    def _features_of(self, network: Network) -> tuple[FeatureSource, FeatureSource]:
        frozen = {
            name: tensor
            for name, tensor in network.model.state_dict().items()
            if not name.startswith(f"{network.head_name}.")
        }
        return self._both("features", frozen, network.eval().features)

    def _by_pictures(self) -> Trainee:
        how = (self.augmentation, self.settings.device, bool(self.settings.mixed))
        train, valid = (PictureSource(pixels, *how) for pixels in (self.train, self.valid))
        return Trainee(self.network, self.network.groups(), train, valid)

    def _both(
        self, what: str, weights: dict[str, torch.Tensor], body: Callable
    ) -> tuple[FeatureSource, FeatureSource]:
        """The features of both parts, from memory, from disk, or computed now."""
        found = []
        body_key = fingerprint(
            what,
            self.body.processor.to_json_string(),
            self.settings.device.type,
            self.settings.mixed,
            weights,
        )
        for part in PARTS:
            key = fingerprint(body_key, self.keys[part])
            if key not in self._features:
                self._features[key] = kept(
                    key, partial(self._computed, part, body), self.folder, self.settings
                )
            labels = torch.tensor([picture.label for picture in getattr(self.pictures, part)])
            found.append(FeatureSource(self._features[key].to(self.settings.device), labels))
        return found[0], found[1]

    def _computed(self, part: str, body: Callable) -> torch.Tensor:
        pixels = getattr(self, part)
        return computed(pixels, body, self.settings, self.portions, self.listener, self.stop)

    @cached_property
    def train(self) -> Pixels:
        return self._pixels("train")

    @cached_property
    def valid(self) -> Pixels:
        return self._pixels("valid")

    def _pixels(self, part: str) -> Pixels:
        stop = self.settings.processes.stoppable(self.stop)
        return Pixels(getattr(self.pictures, part), self.body, listener=self.listener, stop=stop)

    @cached_property
    def keys(self) -> dict[str, str]:
        """What tells each part's pictures from any others."""
        return {
            part: fingerprint(*(picture.content for picture in getattr(self.pictures, part)))
            for part in PARTS
        }
