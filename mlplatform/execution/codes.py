"""The small integers that the compiled step reads and writes, and the words that tables show."""

from enum import IntEnum, IntFlag


class OrderKind(IntEnum):
    """How an entry reaches the market; EXIT closes what is open and enters nothing."""

    MARKET = 0
    LIMIT = 1
    STOP = 2
    STOP_LIMIT = 3
    EXIT = 4


class FillPolicy(IntEnum):
    """Where a market order decided on bar i fills.

    NEXT_OPEN: open of bar i+1. SAME_CLOSE: close of bar i. QUOTE_CLOSE: closing ask of bar i for
    a buy, closing bid for a sell, and the account is marked at the middle of the two.
    """

    NEXT_OPEN = 0
    SAME_CLOSE = 1
    QUOTE_CLOSE = 2


class PositionMode(IntEnum):
    """What a running trade keeps from starting: any other trade, or one of the same setup."""

    ONE_POSITION = 0
    PER_SETUP = 1


class Reason(IntEnum):
    """Why a fill happened; `label` is the word that TRADES and FILLS show."""

    NONE = 0
    ENTRY = 1
    STOP = 2
    BREAKEVEN = 3
    TRAIL = 4
    TARGET = 5
    TIME = 6
    SESSION = 7
    ROLL = 8
    REVERSE = 9
    SIGNAL = 10

    @property
    def label(self) -> str:
        """The word in tables."""
        return self.name.lower()


class Outcome(IntEnum):
    """What became of an order."""

    UNSEEN = 0
    WORKING = 1
    FILLED = 2
    CANCELLED_EXPIRY = 3
    CANCELLED_SESSION = 4
    CANCELLED_ROLL = 5
    CANCELLED_OCO = 6
    CANCELLED_WINDOW = 7
    CANCELLED_LIMIT = 8
    CANCELLED_EXIT = 9
    REFUSED_BUSY = 10
    REFUSED_SESSION = 11
    REFUSED_ROLL = 12
    REFUSED_WINDOW = 13
    REFUSED_DAILY_LOSS = 14
    REFUSED_LOSSES = 15
    REFUSED_TRADES = 16
    REFUSED_SIZE = 17
    REFUSED_MARGIN = 18
    REFUSED_CAPACITY = 19
    EXITED = 20
    NOTHING_TO_EXIT = 21
    REFUSED_HEAT = 22
    REFUSED_DRAWDOWN = 23

    @property
    def label(self) -> str:
        """The word in tables."""
        return self.name.lower()


class BarFlag(IntFlag):
    """What the calendar and the rules say about one bar."""

    SESSION_LAST = 1
    CONTRACT_LAST = 2
    NO_ENTRY = 4


EMPTY, WORKING, OPEN = 0, 1, 2
"""Status of a slot."""
MAX_TARGETS = 4
MAX_SLOTS = 32
"""Orders that can work or be open at a time."""
