"""The picture of the data flow: drawn from the snapshot of the asset graph, places by hand.

It stands in the page as SVG text, so that it takes the theme's colours, light or dark.
"""

import json
from graphlib import TopologicalSorter
from itertools import count
from pathlib import Path
from typing import Any

Cell = tuple[int, int]
Card = dict[str, Any]

SNAPSHOT = Path(__file__).parents[2] / "mlplatform_tests/orchestration/asset_graph.json"
_LANES = {
    "market": ("Market", "what happened"),
    "research": ("Research", "what was knowable, and what came next"),
    "models": ("Models", "one walk-forward window a period"),
    "decisions": ("Decisions", "out of sample, period by period"),
    "study": ("Study", "once over all windows"),
    "report": ("Report", "what a sceptic reads"),
}
"""Caption and note of each group, top to bottom."""
_PLACES = {
    "raw_bars": (0, 0),
    "contract_bars": (1, 0),
    "rolls": (2, 0),
    "quarantined_bars": (1, 1),
    "bars": (2, 1),
    "features": (2, 0),
    "candidates": (1, 0),
    "labels": (0, 0),
    "setup_detector": (0, 0),
    "detector_scores": (1, 0),
    "stop_model": (0, 1),
    "entry_model": (1, 1),
    "size_model": (2, 1),
    "policy": (2, 2),
    "decisions": (2, 0),
    "backtest": (1, 0),
    "equity": (2, 0),
    "feature_report": (0, 1),
    "champion": (1, 1),
    "model_comparison": (2, 1),
    "walk_forward_report": (1, 0),
}
"""Column and row within the group's lane; an asset that is not here takes the next free place."""
_WIDTH, _HEIGHT, _GAP, _EDGE = 104, 30, 15, 14
_CAPTION, _ROW, _BETWEEN = 24, 46, 12
_ALL = 3 * _WIDTH + 2 * _GAP + 2 * _EDGE
_CAPTION_AT = {"models": _EDGE + _WIDTH + _GAP}
"""Where an arrow comes down through the usual place of the caption."""
_WIDE = {"walk_forward_report": 2 * _WIDTH + _GAP}


def figure() -> str:
    """The SVG, with the flow in words for those who cannot see it."""
    assets = json.loads(SNAPSHOT.read_text())["assets"]
    cells = _cells({name: card["group"] for name, card in assets.items()})
    tops, bottom = _tops(assets, cells)
    corners = {
        name: _corner(cells[name], tops[card["group"]][0]) for name, card in assets.items()
    }
    lanes = [_lane(group, top, height) for group, (top, height) in tops.items()]
    arrows = [_arrow(start, end, corners) for start, end in edges(assets)]
    boxes = [_box(name, *corner, assets[name]["group"]) for name, corner in corners.items()]
    told = "; ".join(f"{start} to {end}" for start, end in edges(assets))
    return (
        f'<svg class="data-flow" viewBox="0 0 {_ALL} {bottom}" role="img" '
        f'aria-label="Data flow: {told}">'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="5" '
        'markerHeight="5" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" class="tip"/>'
        f"</marker></defs>{''.join(lanes + arrows + boxes)}</svg>"
    )


def edges(assets: dict[str, Card]) -> list[tuple[str, str]]:
    """Parent and child, without what another way between them says already."""
    parents = {name: set(card["parents"]) for name, card in assets.items()}
    above: dict[str, set[str]] = {}
    for name in TopologicalSorter(parents).static_order():
        above[name] = parents[name].union(*(above[parent] for parent in parents[name]))
    return sorted(
        (parent, name)
        for name, mine in parents.items()
        for parent in mine
        if not any(parent in above[other] for other in mine)
    )


def _cells(groups: dict[str, str]) -> dict[str, Cell]:
    cells = {name: _PLACES[name] for name in groups if name in _PLACES}
    for name in sorted(set(groups) - set(cells)):
        mates = {cells[mate] for mate in cells if groups[mate] == groups[name]}
        free = ((column, row) for row in count(1) for column in range(3))
        cells[name] = next(cell for cell in free if cell not in mates)
    return cells


def _tops(
    assets: dict[str, Card], cells: dict[str, Cell]
) -> tuple[dict[str, tuple[int, int]], int]:
    """Where each lane begins and how high it is, and where the last one ends."""
    tops, top = {}, 0
    for group in _LANES:
        rows = 1 + max(cells[name][1] for name in assets if assets[name]["group"] == group)
        tops[group] = (top, _CAPTION + rows * _ROW)
        top += _CAPTION + rows * _ROW + _BETWEEN
    return tops, top - _BETWEEN


def _corner(cell: Cell, top: int) -> Cell:
    column, row = cell
    return _EDGE + column * (_WIDTH + _GAP), top + _CAPTION + row * _ROW + 6


def _lane(group: str, top: int, height: int) -> str:
    caption, note = _LANES[group]
    return (
        f'<rect class="lane {group}" y="{top}" width="{_ALL}" height="{height}" rx="8"/>'
        f'<text class="caption" x="{_CAPTION_AT.get(group, _EDGE)}" y="{top + 18}">{caption}'
        f'<tspan class="note" dx="8">{note}</tspan></text>'
    )


def _box(name: str, x: int, y: int, group: str) -> str:
    width = _WIDE.get(name, _WIDTH)
    return (
        f'<rect class="asset {group}" x="{x}" y="{y}" width="{width}" height="{_HEIGHT}" rx="5"/>'
        f'<text class="name" x="{x + width / 2}" y="{y + 19}">{name}</text>'
    )


def _arrow(start: str, end: str, corners: dict[str, Cell]) -> str:
    (x, y), (to_x, to_y) = corners[start], corners[end]
    middle = _HEIGHT / 2
    if y == to_y:
        forward = to_x > x
        a, b = (x + _WIDTH, to_x) if forward else (x, to_x + _WIDTH)
        path = f"M{a} {y + middle}H{b}"
    elif x == to_x and to_y - y > 3 * _ROW and x == _EDGE:  # past boxes, along the edge
        path = f"M{x} {y + middle}H5V{to_y + middle}H{to_x}"
    else:
        a, b = x + _WIDTH / 2, to_x + _WIDTH / 2
        if end in _WIDE or a == b:
            path = f"M{a} {y + _HEIGHT}V{to_y}"
        elif to_y - y > _ROW:
            path = f"M{x} {y + middle}H{b}V{to_y}"
        else:
            path = f"M{a} {y + _HEIGHT}V{y + _HEIGHT + 7}H{b}V{to_y}"
    return f'<path class="arrow" d="{path}" marker-end="url(#tip)"/>'
