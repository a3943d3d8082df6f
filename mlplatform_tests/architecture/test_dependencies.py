"""What `make check` says of the dependencies: pinned, with a licence that somebody looked at."""

from dataclasses import dataclass, field
from email.message import Message

import pytest

from mlplatform_tests.architecture.ci_script import ROOT, ci_script

dependencies = ci_script("dependencies")


@dataclass
class Installed:
    """A distribution as its metadata tells it."""

    name: str
    version: str = "1.0"
    told: dict[str, str] = field(default_factory=lambda: {"License-Expression": "MIT"})

    @property
    def metadata(self) -> Message:
        message = Message()
        for key, value in {"Name": self.name, **self.told}.items():
            message[key] = value
        return message


def found(*installed: Installed) -> list[str]:
    return list(dependencies.findings(installed, dependencies.pins("# a\nThe_Lib==1.0\n")))


def test_what_is_pinned_under_any_spelling_is_well() -> None:
    assert found(Installed("the.lib"), Installed("mlplatform"), Installed("pip")) == []


@pytest.mark.parametrize(
    ("planted", "told"),
    [
        (Installed("other"), "other 1.0 is installed and not pinned"),
        (Installed("the-lib", "1.1"), "the-lib is 1.1, constraints.txt says 1.0"),
        (Installed("the-lib", told={}), "names no licence"),
        (Installed("the-lib", told={"License": "UNKNOWN"}), "of which nothing is decided"),
        (
            Installed("the-lib", told={"License-Expression": "GPL-3.0-only"}),
            "of which nothing is decided",
        ),
        (
            Installed("the-lib", told={"Classifier": "License :: Other/Proprietary License"}),
            "of which nothing is decided",
        ),
    ],
)
def test_what_is_not_well_is_said(planted: Installed, told: str) -> None:
    (sentence,) = found(planted)
    assert told in sentence


def test_every_pin_is_exact_and_in_order() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()[1:]
    assert lines == sorted(lines, key=str.lower)
    assert all(line.count("==") == 1 for line in lines)
