"""What libraries say while they try again, in a line instead of theirs of ten."""

import logging


class Brief(logging.Filter):
    """Says `brief` in place of a record whose message begins with `long`."""

    def __init__(self, long: str, brief: str) -> None:
        super().__init__()
        self._long, self._brief = long, brief

    def filter(self, record: logging.LogRecord) -> bool:
        """Every record passes; those meant are another text."""
        if str(record.msg).startswith(self._long):
            record.msg, record.args, record.exc_info = self._brief, (), None
        return True


_POSTGRES = Brief(
    "Retrying failed database connection", "Postgres does not answer yet: trying again."
)
_SERVER = Brief("Retrying (", "A server does not answer yet: trying again.")


def be_brief_of_postgres() -> None:
    """Of Dagster's tries to reach its database."""
    logging.getLogger().addFilter(_POSTGRES)


def be_brief_of_servers() -> None:
    """Of tries to reach a server by HTTP."""
    logging.getLogger("urllib3.connectionpool").addFilter(_SERVER)
