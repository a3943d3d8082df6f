"""A home's standing in the text format of Prometheus, once or over HTTP."""

from collections.abc import Callable, Iterator

from prometheus_client import CollectorRegistry, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from mlplatform.orchestration.standing import SeriesStanding, Standing

_BY_SERIES: tuple[tuple[str, str, Callable[[SeriesStanding, Standing], float | None]], ...] = (
    (
        "mlplatform_data_age_seconds",
        "since the newest bar began",
        lambda one, at: (at.at - one.data_to).total_seconds() if one.data_to else None,
    ),
    (
        "mlplatform_model_age_seconds",
        "since the champion's window began: its models know nothing newer",
        lambda one, at: (at.at - one.champion_from).total_seconds() if one.champion_from else None,
    ),
    (
        "mlplatform_champion_version",
        "registry version of the champion policy, 0 without one",
        lambda one, _: float(one.champion_version or 0),
    ),
    (
        "mlplatform_drifted_inputs_ratio",
        "share of model inputs whose newest period drifted",
        lambda one, _: one.drifted_frac,
    ),
    (
        "mlplatform_pending_partitions",
        "partitions that would run now",
        lambda one, _: float(one.pending),
    ),
    (
        "mlplatform_in_trouble",
        "1 where the series cannot be planned",
        lambda one, _: float(one.trouble is not None),
    ),
)


class StandingCollector(Collector):
    """Looks anew whenever it is asked."""

    def __init__(self, look: Callable[[], Standing]) -> None:
        self._look = look

    def collect(self) -> Iterator[Metric]:
        """All gauges."""
        told = self._look()
        for name, about, of in _BY_SERIES:
            gauge = GaugeMetricFamily(name, about, labels=["series"])
            for one in told.series:
                value = of(one, told)
                if value is not None:
                    gauge.add_metric([one.series], value)
            yield gauge
        yield GaugeMetricFamily(
            "mlplatform_failed_runs", "runs that failed within seven days", float(told.failed)
        )
        seconds = GaugeMetricFamily(
            "mlplatform_run_duration_seconds",
            "the newest run of each job that ended",
            labels=["job"],
        )
        for run in told.ended:
            if run.seconds is not None:
                seconds.add_metric([run.job], run.seconds)
        yield seconds
        automation = GaugeMetricFamily(
            "mlplatform_automation_on", "1 where a schedule or sensor is started", labels=["name"]
        )
        for one in told.automation:
            automation.add_metric([one.name], float(one.is_on))
        yield automation


def exposition(told: Standing) -> str:
    """The text that Prometheus scrapes."""
    registry = CollectorRegistry()
    registry.register(StandingCollector(lambda: told))
    return generate_latest(registry).decode()


def serve(look: Callable[[], Standing], host: str, port: int) -> None:
    """Answer on http://host:port/metrics until interrupted."""
    registry = CollectorRegistry()
    registry.register(StandingCollector(look))
    _, thread = start_http_server(port, host, registry)
    try:
        thread.join()
    except KeyboardInterrupt:
        return
