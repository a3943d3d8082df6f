"""Experiments and the model registry. The only place that knows MLflow."""
