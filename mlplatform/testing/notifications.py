"""People who remember what they were told."""

from dataclasses import dataclass, field

from mlplatform.adapters.notifications import Notice


@dataclass
class Told:
    """A notifier for tests."""

    notices: list[Notice] = field(default_factory=list)

    def tell(self, notice: Notice) -> int:
        """Remember it."""
        self.notices.append(notice)
        return 1
