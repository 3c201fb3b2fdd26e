"""What a person calls: `millrace`, one file for each command."""
