"""README.md and the pages of docs/, cut into their code blocks."""

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(
    r"^(?:<!-- (?P<mark>[\w ]+): (?P<told>.+?) -->\n)?"
    r"^```(?P<kind>\w*)(?: title=\"(?P<title>[\w./-]+)\")?\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)
_INLINE = re.compile(r"`([^`\n]+)`")


@dataclass(frozen=True)
class Block:
    """One fenced block. With a `title`, or `<!-- example: NAME -->`, the reader saves it."""

    page: str
    line: int
    kind: str
    text: str
    title: str | None
    not_run: str | None
    """Why it is not run here: `<!-- not run: REASON -->` or `<!-- run by: TEST -->` before it."""
    exit_code: int
    """`<!-- exit code: 3 -->` on the line before; 0 where nothing is said."""

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.page}:{self.line}"

    @property
    def commands(self) -> list[str]:
        """The lines that a reader types, continued ones in one."""
        if self.kind not in ("sh", "console"):
            return []
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.kind == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def page_paths() -> list[Path]:
    """README first, then the site's pages as a reader meets them, then any other."""
    site = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    named = [ROOT / "docs" / name for name in _leaves(site["nav"])]
    others = sorted(set((ROOT / "docs").rglob("*.md")) - set(named))
    return [ROOT / "README.md", *named, *others]


def _leaves(nav: object) -> list[str]:
    if isinstance(nav, str):
        return [nav]
    below = nav.values() if isinstance(nav, dict) else nav
    return [leaf for item in below for leaf in _leaves(item)]  # type: ignore[attr-defined]


def blocks_of(text: str, page: str) -> list[Block]:
    """The fenced blocks of a page, in order."""
    return [
        Block(
            page,
            text.count("\n", 0, found.start("kind")) + 1,
            found["kind"],
            found["text"],
            found["told"] if found["mark"] == "example" else found["title"],
            found["told"] if found["mark"] in ("not run", "run by") else None,
            int(found["told"]) if found["mark"] == "exit code" else 0,
        )
        for found in _BLOCK.finditer(text)
    ]


def inline_of(text: str) -> list[str]:
    """What stands in backticks outside of blocks; a table's `\\|` is a bar."""
    return [found.replace("\\|", "|") for found in _INLINE.findall(_BLOCK.sub("", text))]


PAGES = {str(path.relative_to(ROOT)): path.read_text() for path in page_paths()}
BLOCKS = [block for page, text in PAGES.items() for block in blocks_of(text, page)]
