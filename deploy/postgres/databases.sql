-- Run once, where the volume is empty; the database `dagster` is there already.
CREATE DATABASE mlflow;
CREATE DATABASE optuna;
