"""The report as one HTML page that needs no network."""

from importlib.resources import files

from mlplatform.reports.evaluation import policies_of, summaries, window_figures
from mlplatform.reports.figures import COLORS, equity_figure, figure_json, r_figure
from mlplatform.reports.rows import (
    ambiguity_lines,
    flat,
    groups_of,
    metric_row,
    missing_of,
    source_line,
    target_row,
    window_row,
)
from mlplatform.reports.summary import plain
from mlplatform.reports.targets import judge_targets
from mlplatform.reports.verdict import judge
from mlplatform.reports.wording import POLICY_LABELS, in_unit
from mlplatform.studies.result import StudyResult

_TEMPLATE = files("mlplatform.reports") / "template"
HEADLINE = ("net_usd", "trades", "expectancy_r", "max_drawdown_frac")


def report_html(study: StudyResult) -> str:
    """The whole page, style, charts and Plotly inlined once; equal studies give equal pages.

    It opens with where the bars came from, then the verdict, then whether the targets were met.
    """
    from jinja2 import DictLoader, Environment, StrictUndefined
    from plotly.offline import get_plotlyjs

    figures = summaries(study)
    environment = Environment(
        loader=DictLoader({"page.html": _text("page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(
        study=study,
        source=source_line(study.source),
        verdict=judge(study),
        headline=[metric_row(name, figures) for name in HEADLINE],
        targets=[target_row(row) for row in judge_targets(figures)],
        groups=groups_of(figures),
        has_days=study.buy_and_hold.height > 0,
        has_trades=any(study.policies[name].trades.height for name in ("baseline", "ml")),
        missing=missing_of(figures),
        ambiguity=ambiguity_lines(study),
        policies=[(name, POLICY_LABELS[name], COLORS[name]) for name in policies_of(study)],
        windows=[window_row(row) for row in window_figures(study)],
        capital=in_unit(study.capital_usd, "usd"),
        command=str(study.provenance.get("command", "")),
        settings=flat(plain(study.settings)),
        provenance=[r for r in flat(plain(study.provenance)) if r[0] != "command"],
        style=_text("page.css"),
        script=_text("page.js"),
        plotly=get_plotlyjs(),
        charts={"equity": figure_json(equity_figure(study)), "r": figure_json(r_figure(study))},
    )


def _text(name: str) -> str:
    return (_TEMPLATE / name).read_text(encoding="utf-8")
