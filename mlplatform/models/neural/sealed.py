"""What every trained network is besides its own: sealed text, preparation, and a NumPy forward."""

from typing import Any, ClassVar, Self

from mlplatform.models.errors import AlteredModel
from mlplatform.models.neural.forward import Forward
from mlplatform.models.neural.preparation import Preparation
from mlplatform.models.neural.text import Json, seal, unseal
from mlplatform.models.neural.training import Trained, export


class SealedNet:
    """A network that is its text, and nothing that its text does not say.

    `validation_losses` are those after each epoch where a fit was watched; they are not part of the
    text. `rounds` are the epochs that it was trained for.
    """

    KIND: ClassVar[str]
    """What the text says that it holds."""

    def __init__(self, text: str) -> None:
        """AlteredModel where the text is not one that a fit of this kind wrote."""
        body = unseal(self.KIND, text)
        self._text = text
        self.validation_losses: tuple[float, ...] = ()
        try:
            self.rounds = int(body["rounds"])
            self._preparation = Preparation.from_json(body["preparation"])
            self._forward = Forward.from_json(body["forward"])
            self._read(body)
        except KeyError as error:
            raise AlteredModel(f"the {self.KIND}'s text lacks {error}; fit it again") from error

    def _read(self, body: Json) -> None:
        """Take what this kind holds besides; KeyError where it is not there."""
        raise NotImplementedError

    @classmethod
    def sealed(cls, preparation: Preparation, trained: Trained, **own: Any) -> Self:
        """A freshly trained one; `own` is what `_read` reads."""
        body = own | {
            "rounds": trained.epochs,
            "preparation": preparation.to_json(),
            "forward": export(trained).to_json(),
        }
        net = cls(seal(cls.KIND, body))
        net.validation_losses = trained.losses
        return net

    @classmethod
    def from_text(cls, text: str) -> Self:
        """What `to_text` wrote; AlteredModel where it is not what was written."""
        return cls(text)

    def to_text(self) -> str:
        """JSON with base64 arrays and a checksum."""
        return self._text
