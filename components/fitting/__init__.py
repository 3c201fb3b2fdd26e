"""How a model is fitted: what training and tuning share."""
