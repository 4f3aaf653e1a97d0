"""The editorial workflow, the import queue and review reminders."""
