"""Adding and correcting at the desk: what comes in is read in the background, looked at, corrected.

`clerk` reads what waits, `views` takes it in and shows how far it is, `previewing` lays an article
out beside its passages, `correcting` takes what is corrected and saves.
"""
