"""The report as one HTML page that needs no network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mlplatform.metrics.summary import Summary
from mlplatform.metrics.undefined import Undefined
from mlplatform.reports.certainty_rows import bounds_of, cost_lines, interval_tables, questions_of
from mlplatform.reports.evaluation import Evaluation, evaluate, policies_of, window_figures
from mlplatform.reports.figures import COLORS, equity_figure, figure_json, r_figure
from mlplatform.reports.rendering import rendered, template_text
from mlplatform.reports.rows import (
    ambiguity_lines,
    cell,
    flat,
    groups_of,
    missing_of,
    source_line,
    target_row,
    window_row,
)
from mlplatform.reports.segment_figures import LOST, WON, segment_figures
from mlplatform.reports.segment_rows import cards_of, drift_lines, ml_first, sure_line, years_of
from mlplatform.reports.summary import plain
from mlplatform.reports.targets import judge_targets
from mlplatform.reports.trade_rows import (
    concentration_line,
    decay_lines,
    excursion_rows,
    left_rows,
    order_rows,
    spread_rows,
)
from mlplatform.reports.wording import POLICY_LABELS, WORDING, in_unit
from mlplatform.studies.certainty import Certainty
from mlplatform.studies.result import StudyResult
from mlplatform.studies.segments.analysis import Segments

_PARTS = ("macros.html", "certainty.html", "segments.html", "trades.html", "windows.html")
HEADLINE = (
    "net_usd",
    "expectancy_r",
    "sharpe_ratio",
    "max_drawdown_frac",
    "profit_factor",
    "trades",
)


@dataclass(frozen=True)
class Tile:
    """A headline figure of ML, its bounds where it was resampled, and the baseline's."""

    label: str
    ml: str
    bounds: str
    baseline: str
    reason: str


def report_html(study: StudyResult, evaluation: Evaluation | None = None) -> str:
    """The whole page, style, charts and Plotly inlined once; equal studies give equal pages.

    It opens with where the bars came from, then the verdict, then whether the targets were met.
    `evaluation` is that of the study, where it was made already.
    """
    from plotly.offline import get_plotlyjs

    found = evaluation or evaluate(study)
    return rendered(
        "page.html",
        _PARTS,
        study=study,
        source=source_line(study.source),
        span=_span(study),
        policies=_labelled(policies_of(study)),
        judged=_labelled(study.judged),
        ml_first=_labelled(ml_first(study.judged)),
        capital=in_unit(study.capital_usd, "usd"),
        command=str(study.provenance.get("command", "")),
        settings=flat(plain(study.settings)),
        provenance=[r for r in flat(plain(study.provenance)) if r[0] != "command"],
        charts=charts_of(study, found),
        **_figures(study, found.figures),
        **_certainty(found),
        **_segments(found.segments),
        style=template_text("page.css", "study.css"),
        script=template_text("page.js"),
        plotly=get_plotlyjs(),
    )


def charts_of(study: StudyResult, found: Evaluation) -> dict[str, str]:
    """The charts that there is something to draw in, by name, as JSON."""
    figures = segment_figures(found.segments, found.certainty)
    if study.buy_and_hold.height:
        figures["equity"] = equity_figure(study)
    if study.has_trades:
        figures["r"] = r_figure(found.segments)
    return {name: figure_json(figure) for name, figure in figures.items()}


def _labelled(policies: Sequence[str]) -> list[tuple[str, str, str]]:
    return [(name, POLICY_LABELS[name], COLORS[name]) for name in policies]


def _figures(study: StudyResult, figures: Mapping[str, Summary]) -> dict[str, object]:
    return {
        "targets": [target_row(row) for row in judge_targets(figures)],
        "groups": groups_of(figures),
        "missing": missing_of(figures),
        "ambiguity": ambiguity_lines(study),
        "has_trades": study.has_trades,
        "windows": [window_row(row) for row in window_figures(study)],
    }


def _certainty(found: Evaluation) -> dict[str, object]:
    certainty = found.certainty
    return {
        "verdict": certainty.verdict_with_earlier,
        "tiles": [_tile(name, found.figures, certainty) for name in HEADLINE],
        "resamples": in_unit(certainty.resamples, "count"),
        "confidence": in_unit(certainty.confidence, "share"),
        "tables": interval_tables(certainty),
        "questions": questions_of(certainty, found.segments.trade_order["ml"]),
        "costs": cost_lines(certainty),
    }


def _segments(found: Segments) -> dict[str, object]:
    return {
        "cards": cards_of(found),
        "sure": sure_line(found),
        "years": years_of(found),
        "outcomes": [("winners", "Winners", WON), ("losers", "Losers", LOST)],
        "spread": spread_rows(found),
        "excursions": excursion_rows(found),
        "left": left_rows(found.contribution["ml"]),
        "concentration": concentration_line(found.contribution["ml"]),
        "order": order_rows(found.trade_order),
        "no_rolling": _missing("No rolling figures", found.rolling["ml"]),
        "no_order": _missing("No other order of ML's trades", found.trade_order["ml"]),
        "decay": decay_lines(found.decay),
        "drift": drift_lines(found),
    }


def _tile(name: str, figures: Mapping[str, Summary], certainty: Certainty) -> Tile:
    ml, baseline = (cell(name, getattr(figures[policy], name)) for policy in ("ml", "baseline"))
    wording = WORDING[name]
    label = wording.label if "ML" in wording.label else f"{wording.label}, ML"
    return Tile(
        label, ml.text, bounds_of(certainty.ml, name, wording.unit), baseline.text, ml.reason
    )


def _missing(what: str, found: object) -> str:
    reason = found.reason if isinstance(found, Undefined) else "nothing moved"
    return f"{what}: {reason}."


def _span(study: StudyResult) -> str:
    days = study.buy_and_hold["session_date"]
    return f"{days[0]:%Y-%m-%d} to {days[-1]:%Y-%m-%d}" if len(days) else ""
