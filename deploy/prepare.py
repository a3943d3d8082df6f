"""Makes what services expect to find: `python prepare.py OPTUNA_URL BUCKET [BUCKET ...]`.

Buckets that are there and tables that are there stay. Endpoint and credentials come from the
environment names of the AWS SDK and of libpq.
"""

import sys

import boto3
from optuna.storages import RDBStorage


def main(optuna_url: str, *names: str) -> None:
    """Optuna's tables, since its dashboard makes none; then the buckets."""
    RDBStorage(optuna_url)
    print("tables of optuna: ready")
    store = boto3.client("s3")
    there = {bucket["Name"] for bucket in store.list_buckets()["Buckets"]}
    for name in names:
        if name not in there:
            store.create_bucket(Bucket=name)
        print(f"bucket {name}: {'was there' if name in there else 'made'}")


if __name__ == "__main__":
    main(*sys.argv[1:])
