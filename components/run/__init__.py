"""What every stage's entry shares: arguments, what it depends on, MLflow."""
