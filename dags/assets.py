"""The assets that tie the DAGs together; other DAGs may wait for them."""

from airflow.sdk import Asset

BATCHES = Asset("dozor-batches", uri="dozor://batches", group="dozor")  # new observations wait to be loaded
WAREHOUSE = Asset("dozor-warehouse", uri="dozor://warehouse", group="dozor")  # a new warehouse file is published
