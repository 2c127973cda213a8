"""The version of reading: raised whenever the same bytes read differently, so that `reparse` knows what to do again."""

READING_VERSION = 5
