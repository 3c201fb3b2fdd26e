"""Millrace's components: one package per stage, and the rooms that the stages share."""

import os

# TensorFlow's C++ side talks on every start, about GPUs on machines that have none among others;
# `train` says itself what it runs on. Set the variable to hear it.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# MLflow draws a progress bar for every file that it copies from one folder to another.
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
# MLflow would report to its makers. Where it reaches nobody, it takes a variable away again, in a
# thread, and a request that reads the environment meanwhile ends in a KeyError.
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
