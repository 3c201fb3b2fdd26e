"""What `make chaos` is made of: a project, its Airflow, harm that is done to it, and the count."""
