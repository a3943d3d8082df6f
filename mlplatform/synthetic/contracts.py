"""Which contract leads on a trading day: quarterly months, rolled on the Monday of expiry week."""

from datetime import date, timedelta

_MONTH_CODES = {3: "H", 6: "M", 9: "U", 12: "Z"}


def leading_contract(symbol: str, day: date) -> str:
    """The contract that leads on a CME trading day, such as MESM5.

    It is the next quarterly contract until the Monday before its third Friday, when volume moves
    on to the one after it.
    """
    year, month = day.year, -(-day.month // 3) * 3
    if day >= _roll_day(year, month):
        year, month = (year, month + 3) if month < 12 else (year + 1, 3)
    return f"{symbol}{_MONTH_CODES[month]}{year % 10}"


def _roll_day(year: int, month: int) -> date:
    first = date(year, month, 1)
    third_friday = first + timedelta(days=(4 - first.weekday()) % 7 + 14)
    return third_friday - timedelta(days=4)
