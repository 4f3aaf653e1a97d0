"""The downtime pack: the published articles as plain pages in a folder, searched without a server.

For the hours in which network, server or power are away: a memory stick or a shared folder, opened
by a browser from ``file://``. `building` makes the pages from `views` and the templates in
``templates/pack``; `terms` makes what ``files/pack.js`` searches; `folder` writes it all beside,
sums it up, and puts it in place of the pack before. docs/pack.md tells its user's side.
"""
