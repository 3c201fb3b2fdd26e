"""What `make airflow` is made of: settings, keys, pools, and the processes under its care."""
