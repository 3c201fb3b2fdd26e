"""The pipelines as Airflow sees them."""
