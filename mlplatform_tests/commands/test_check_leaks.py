"""`mlplatform check leaks`: each leak by column, row and size; exit codes; errors in a sentence."""

import json
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from mlplatform import cli
from mlplatform.testing.bars import seeded_bars
from mlplatform_tests.laws.planted import PLANTED

Run = Callable[..., tuple[int, str, str]]
FEATURE = """
import polars as pl
from mlplatform.features.graph import Feature, FeaturePlan
from mlplatform.features.sets import core_plan
from mlplatform.domain.tables import BARS

def of(name, expr, inputs=("close",), back=0):
    return Feature(name, inputs, back, lambda c: pl.DataFrame(dict(c)).select(expr).to_series(), "")

close = pl.col("close")
"""
SETUP = """
import polars as pl
from mlplatform.setups.setup import Setup
close = pl.col("close")
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "bars.parquet"
    columns = ["ts", "open", "high", "low", "close", "volume", "contract"]
    seeded_bars(12).select(columns).write_parquet(path)
    return path


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], data: Path) -> Run:
    def execute(*arguments: object, file: Path = data) -> tuple[int, str, str]:
        start = ["mlplatform", "check", "leaks", "--data", str(file), "--instrument", "MES"]
        monkeypatch.setattr("sys.argv", [*start, *map(str, arguments)])
        monkeypatch.setenv("COLUMNS", "200")
        try:
            cli.main()
            code = 0
        except SystemExit as stopped:
            code = int(stopped.code or 0)
        said = capsys.readouterr()
        return code, said.out, said.err

    return execute


@pytest.fixture
def own(tmp_path: Path) -> Callable[..., Path]:
    def write(text: str, head: str = FEATURE, name: str = "mine.py") -> Path:
        path = tmp_path / name
        path.write_text(head + text)
        return path

    return write


def refused(answer: tuple[int, str, str], *told: str) -> None:
    code, _, error = answer
    assert code == 2, error
    assert error.startswith("Error: ")
    assert error.count("\n") == 1, "one sentence, one line"
    assert "Traceback" not in error
    for words in told:
        assert words in error


def test_what_is_in_use_is_clean(run: Run) -> None:
    code, out, error = run("--cuts", 4)
    assert (code, error) == (0, "")
    assert "3,222 bars of MES-5m" in out
    assert "features: No look-ahead in 4 cuts, " in out
    assert "candidates: No look-ahead in 4 cuts" in out


@pytest.mark.parametrize("name", sorted(PLANTED))
def test_each_planted_leak_is_told_with_column_row_and_size(
    run: Run, own: Callable, name: str
) -> None:
    text = "from mlplatform_tests.laws.planted import PLANTED\n"
    text += f"features = PLANTED[{name!r}].features"
    code, out, error = run("--features", own(text, ""), "--cuts", 8, "--json")
    assert code == 3
    assert error == "Error: Not causal: 1 of 1 columns of features.\n"
    told = json.loads(out)
    assert told["is_causal"] is False
    (worst,) = told["features"]["worst"]
    assert worst["column"] == "x"
    assert set(worst["proof"].split(", ")) >= PLANTED[name].caught_by
    assert worst["size"] is None or worst["size"] > 0
    assert worst["rows"] == len({leak["ts"] for leak in told["features"]["leaks"]})
    assert worst["ts"] in {leak["ts"] for leak in told["features"]["leaks"]}


def test_the_table_is_worst_first_and_leaves_the_honest_out(run: Run, own: Callable) -> None:
    text = """
features = (
    of("fine", close.diff(), back=1),
    of("small", (close - close.mean()) / 1000),
    of("large", close - close.mean()),
    of("per_atr", close / pl.col("atr14"), ("close", "atr14")),
)
"""
    code, out, error = run("--features", own(text), "--cuts", 4)
    assert code == 3
    assert error == "Error: Not causal: 2 of 4 columns of features.\n"
    lines = [line for line in out.splitlines() if "│" in line]
    assert "large" in lines[0]
    assert "small" in lines[1]
    assert len(lines) == 2
    assert "poison, prefix, warm-up" in lines[0]


@pytest.mark.parametrize(
    "text",
    [
        "plan = FeaturePlan.build('own', 1, (of('x', close.diff(), back=1),), tuple(BARS.names))",
        "def plan(timeframe):\n    return FeaturePlan.build(timeframe.name, 1, "
        "(of('x', close.diff(), back=1),), tuple(BARS.names))",
        "def plan(timeframe):\n    return (of('x', close.diff(), back=1),)",
        "features = [of('x', close.diff(), back=1)]",
        "features = of('x', close.diff(), back=1)",
    ],
)
def test_a_plan_a_function_and_a_list_are_all_understood(
    run: Run, own: Callable, text: str
) -> None:
    code, out, _ = run("--features", own(text), "--cuts", 2)
    assert code == 0
    assert "features: No look-ahead in 2 cuts, 1 column" in out
    assert "candidates" not in out


def test_a_name_after_the_file_picks_what_is_judged(run: Run, own: Callable) -> None:
    path = own("good = of('x', close.diff(), back=1)\nbad = of('x', close.shift(-1))")
    assert run("--features", f"{path}:good", "--cuts", 2)[0] == 0
    assert run("--features", f"{path}:bad", "--cuts", 2)[0] == 3
    refused(run("--features", f"{path}:ugly"), "mine.py has no ugly")


def test_setups_of_ones_own_are_judged_end_to_end(run: Run, own: Callable) -> None:
    ahead = 'setups = (Setup("ahead", "", close.shift(-1) > close, close.shift(-1) < close, {}),)'
    code, out, error = run("--setups", own(ahead, SETUP), "--cuts", 4)
    assert code == 3
    assert "columns of candidates" in error
    assert "(row)" in out
    honest = 'SETUPS = (Setup("back", "", close.shift(1) > close, close.shift(1) < close, {}),)'
    assert run("--setups", own(honest, SETUP), "--cuts", 4)[0] == 0


def test_setups_on_features_of_ones_own(run: Run, own: Callable) -> None:
    features = own("features = (of('rising', close.diff(), back=1), of('ahead', close.shift(-1)))")
    rule = "setups = Setup('s', '', pl.col('{0}') > {1}, pl.col('{0}') < {1}, {{}})"
    honest = own(rule.format("rising", "0"), SETUP, "honest.py")
    leaky = own(rule.format("ahead", "close"), SETUP, "leaky.py")
    given = ("--features", features, "--cuts", 4, "--json", "--setups")
    code, out, _ = run(*given, honest)
    told = json.loads(out)
    assert code == 3
    assert told["candidates"]["worst"] == []
    assert [row["column"] for row in told["features"]["worst"]] == ["ahead"]
    assert json.loads(run(*given, leaky)[1])["candidates"]["worst"] != []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("import nowhere_at_all", ("mine.py, line", "ModuleNotFoundError", "nowhere_at_all")),
        ("features = (", ("mine.py, line", "SyntaxError")),
        ("raise SystemExit('run me')", ("mine.py, line", "SystemExit", "run me")),
        ("class Odd(Exception): pass\nraise Odd()", ("mine.py, line", "Odd")),
        ("other = 1", ("mine.py has no plan or features", "FeaturePlan")),
        ("plan = 7", ("mine.py: plan is of type int", "not a FeaturePlan")),
        ("features = ()", ("features is a tuple of nothing",)),
        ("features = (of('x', close), 'y')", ("a tuple of Feature, str",)),
        ("def plan(timeframe): return 1 / 0", ("mine.py, line", "ZeroDivisionError")),
        ("features = (of('x', close, ('nobody',)),)", ("'nobody', which nobody gives",)),
        ("features = (of('x', close.str.len_chars()),)", ("mine.py, line", "computing its")),
        ("features = (of('x', close.head(3)),)", ("gave 3 of",)),
        (
            "features = (Feature('x', ('close',), 0, lambda c: c['open'], ''),)",
            ("mine.py, line", "KeyError", "open"),
        ),
    ],
)
def test_a_faulty_file_is_refused_in_a_sentence(
    run: Run, own: Callable, text: str, told: tuple[str, ...]
) -> None:
    refused(run("--features", own(text)), *told)


def test_faulty_setups_are_refused_in_a_sentence(run: Run, own: Callable) -> None:
    refused(run("--setups", own("setups = 3", SETUP)), "setups is of type int")
    refused(run("--setups", own("", SETUP)), "has no SETUPS or setups")
    needy = "setups = Setup('s', '', pl.col('luck') > 0, pl.col('luck') < 0, {})"
    refused(run("--setups", own(needy, SETUP)), "setup s needs the feature luck", "--features")


def test_a_file_that_is_not_there_is_refused(run: Run, tmp_path: Path) -> None:
    refused(run("--features", tmp_path / "none.py"), "No file", "none.py")
    refused(run("--features", tmp_path), "No file")
    text = tmp_path / "notes.txt"
    text.write_text("features = 1")
    refused(run("--features", text), "no Python file")
    refused(run(file=tmp_path / "bars.csv"), "No file", "check the path")


def test_bars_that_cannot_be_used_are_refused(run: Run, data: Path, tmp_path: Path) -> None:
    refused(run("--instrument", "GC"), "'GC'")
    refused(run("--timeframe", "five"), "'five'")
    refused(run("--timeframe", "1m"), "5m bars, not 1m")
    few = tmp_path / "few.parquet"
    pl.read_parquet(data).filter(pl.col("ts").dt.minute() == 0).write_parquet(few)
    refused(run("--timeframe", "1h", file=few), "too long for intraday features")


def test_bars_of_several_contracts_are_judged_on_the_front_month(
    run: Run, own: Callable, data: Path, tmp_path: Path
) -> None:
    bars = pl.read_parquet(data)
    back = bars.with_columns(
        pl.col("open", "high", "low", "close") + 50, pl.col("volume") / 10, contract=pl.lit("MESM5")
    )
    both = tmp_path / "both.parquet"
    pl.concat([bars, back]).sort("ts", "contract").write_parquet(both)
    path = own("features = of('x', close.diff(), back=1)")
    code, out, _ = run("--features", path, "--cuts", 2, file=both)
    assert code == 0
    assert "3,222 bars of MES-5m" in out
