"""Dagster's front door: `workspace.yaml` loads `defs` from here."""

from mlplatform.orchestration.build import build_definitions

defs = build_definitions()
