"""`python -m components`, as `millrace`."""

from components.cli.main import main

main()
