"""Which worlds the platform is tried on: noise, and a planted edge of three strengths."""

from collections.abc import Collection
from dataclasses import dataclass

from mlplatform.domain.errors import InputError
from mlplatform.synthetic.world import World, demo_world

NOISE = "noise"
STRENGTHS = ("weak", "modest", "strong")
"""Of the planted worlds, by the names of `synthetic.world.EDGES`."""
KINDS = (NOISE, *STRENGTHS)
_SEEDS_A_KIND = 1_000_000


@dataclass(frozen=True)
class TruthSettings:
    """How many worlds, and the study that each of them gets."""

    noise: int = 100
    planted: int = 20
    """Of each strength."""
    trials: int = 5
    train_periods: int = 6
    """Three months of one instrument's 5-minute bars hide a modest edge from any honest learner."""
    seed: int = 11
    """Seed 7 made the worlds on which the models were developed: it flatters."""
    families: tuple[str, ...] = ("lightgbm", "xgboost", "linear")
    """Of the stop and the entry model. Without networks: they cost half of a world's time again."""

    def __post_init__(self) -> None:
        if min(self.noise, self.planted) < 0 or self.noise + self.planted == 0:
            raise InputError("Worlds cannot be fewer than none: ask for one at least.")
        if max(self.noise, self.planted) >= _SEEDS_A_KIND:
            raise InputError(f"There are {_SEEDS_A_KIND:,} worlds of a kind: ask for fewer.")


@dataclass(frozen=True, order=True)
class PlannedWorld:
    """One world to run: `number` counts from 1 within its kind."""

    kind: str
    number: int
    seed: int
    """Of the world, and of the study that is made of it."""

    @property
    def name(self) -> str:
        """For example noise-017."""
        return f"{self.kind}-{self.number:03d}"

    @property
    def world(self) -> World:
        """A year of MES 5-minute bars."""
        return demo_world(seed=self.seed, strength="none" if self.kind == NOISE else self.kind)


def plan_worlds(settings: TruthSettings) -> tuple[PlannedWorld, ...]:
    """Every world, ordered so that the kinds fill up evenly and an early look sees all of them.

    Planted worlds of one number share all their random draws and differ in the strength alone.
    A world is the same in every plan with the same seed, however many are asked for.
    """
    counts = {kind: settings.noise if kind == NOISE else settings.planted for kind in KINDS}
    planned = [
        (number / counts[kind], KINDS.index(kind), PlannedWorld(kind, number, seed))
        for kind in KINDS
        for number in range(1, counts[kind] + 1)
        for seed in [_seed(settings.seed, kind, number)]
    ]
    return tuple(world for *_, world in sorted(planned))


def _seed(seed: int, kind: str, number: int) -> int:
    first = 2 * seed if kind == NOISE else 2 * seed + 1
    return first * _SEEDS_A_KIND + number


def left_over(
    planned: Collection[PlannedWorld], finished: Collection[PlannedWorld]
) -> tuple[PlannedWorld, ...]:
    """The planned worlds that are still to run, in order."""
    done = set(finished)
    return tuple(world for world in planned if world not in done)
