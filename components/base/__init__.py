"""What every room stands on: errors, files, words, workers."""
