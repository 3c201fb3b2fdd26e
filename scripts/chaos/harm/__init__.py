"""The harm: each function waits for its moment in a run that goes on, and does it."""
