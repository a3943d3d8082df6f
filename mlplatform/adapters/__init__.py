"""The outside world behind ports: bar sources, MLflow, Optuna storage."""
