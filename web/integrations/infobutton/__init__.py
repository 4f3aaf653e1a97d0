"""HL7 Infobutton: context-aware knowledge requests from health records.

1. `request` parses a request in any of the notations that health records use.
2. `matching` finds the articles and passages about its concepts.
3. `response` builds the feed as Atom, as MedlinePlus Connect JSON or for the HTML page.
4. `web.views.infobutton` is the endpoint.

See ``docs/infobutton.md`` for the rules. The log contains only the number, task, recipient,
language and format of a request, and the number of results.
"""
