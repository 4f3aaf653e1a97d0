"""The content team's accounts on the site: signing in, one's own account, and everybody's.

`signing` lets people in and out, `own` shows somebody what is theirs, `administering` is for
administrators. What an account is stands in ``kb.accounts``, who may do what in `web.guard`.
"""
