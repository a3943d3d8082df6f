"""What each model input says, as one HTML page that needs no network."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from mlplatform.reports.feature_figures import (
    correlation_figure,
    curve_figure,
    drift_figure,
    stability_figure,
    surest,
)
from mlplatform.reports.feature_rows import (
    cluster_lines,
    feature_line,
    headline,
    noise_lines,
    number,
)
from mlplatform.reports.figures import figure_json
from mlplatform.reports.rendering import rendered, template_text
from mlplatform.studies.feature_analysis.analysis import FeatureAnalysis
from mlplatform.studies.feature_analysis.drift import DRIFTED, SHIFTED
from mlplatform.studies.feature_analysis.expectancy import BINS
from mlplatform.studies.feature_analysis.redundancy import CUT

CURVES, ROWS = 6, 15


@dataclass(frozen=True)
class FeatureSource:
    """Of what series the candidates are, where its bars came from, what each input is."""

    series: str
    kind: str
    """file, synthetic, or the name of a service."""
    note: str | None = None
    about: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """By input: in words, and its unit."""


def feature_html(source: FeatureSource, found: FeatureAnalysis) -> str:
    """The whole page; equal findings give equal pages. Without candidates it says so."""
    from plotly.offline import get_plotlyjs

    top = surest(found, ROWS)
    order = surest(found, len(found.names))
    order += [i for i in range(len(found.names)) if i not in set(order)]
    figures = _figures(found, top)
    lines = [feature_line(found, place, source.about) for place in order]
    return rendered(
        "features.html",
        (),
        source=source,
        origin=_origin(source, found),
        found=found,
        headline=headline(found),
        noise=noise_lines(found),
        tiles=_tiles(found),
        curves=[name for name in figures if name.startswith("curve")],
        figures=figures,
        lines=lines,
        rows=ROWS,
        bins=BINS,
        mean_r=number(found.mean_r, "+.3f"),
        clusters=cluster_lines(found),
        matrix_size=_matrix_size(len(found.names)),
        chance=_sign_share_by_chance(found),
        cut=1.0 - CUT,
        limits=(SHIFTED, DRIFTED),
        style=template_text("page.css", "features.css"),
        script=template_text("page.js"),
        plotly=get_plotlyjs(),
    )


def _figures(found: FeatureAnalysis, top: list[int]) -> dict[str, str]:
    figures = {f"curve{n}": curve_figure(found, place) for n, place in enumerate(top[:CURVES])}
    if top and len(found.sample.periods) > 1:
        figures["stability"] = stability_figure(found, top)
    if found.drift.compared.reason is None and found.names:
        figures["drift"] = drift_figure(found)
    if len(found.names) > 1:
        figures["correlation"] = correlation_figure(found)
    return {name: figure_json(figure) for name, figure in figures.items()}


def _tiles(found: FeatureAnalysis) -> list[tuple[str, str, str]]:
    """Label, figure, and what it is out of."""
    varying, looked_at = len(found.names), found.looked_at
    drifted = found.drift.verdict.count("drifted")
    known = found.drift.compared.reason is None and varying
    kept = sum(item.is_kept for item in found.proposals)
    inputs = varying + len(found.dropped)
    return [
        ("Candidates with an outcome", f"{found.outcomes:,}", f"on {found.outcome_days:,} days"),
        (
            "More than chance",
            f"{len(found.discoveries)}" if looked_at else "–",
            f"of {looked_at} tested",
        ),
        ("Drifted", f"{drifted}" if known else "–", f"of {varying} that vary"),
        ("Proposed set", f"{kept}", f"of {inputs} inputs"),
    ]


def _origin(source: FeatureSource, found: FeatureAnalysis) -> str:
    if source.kind == "synthetic":
        planted = f" Planted: {source.note}." if source.note else ""
        return f"Synthetic bars: made from a seed, no market.{planted}"
    origin = {"file": "a file of the user", "yahoo": "Yahoo Finance"}.get(source.kind, source.kind)
    periods = found.sample.periods
    span = f", {periods[0]} to {periods[-1]}" if periods else ""
    return f"{len(found.sample):,} candidates on bars from {origin}{span}."


def _sign_share_by_chance(found: FeatureAnalysis) -> str:
    limit = found.stability.sign_share_by_chance
    return number(float(np.nanmedian(limit)) if (~np.isnan(limit)).any() else np.nan, ".0%")


def _matrix_size(features: int) -> str:
    return "square" if features > 12 else "tall"
