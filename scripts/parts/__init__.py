"""What `make airflow` and `make cluster` share: parts that are held up, and that leave nothing."""
