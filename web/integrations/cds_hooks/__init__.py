"""CDS Hooks 2.0 (HL7): cards with links to passages for the patient or order on the screen.

1. `web.views.cds_hooks` has the endpoints of the specification.
2. `fhir` extracts the conditions and orders from a request, with `references` between resources.
3. `cards` builds one card per article that `web.integrations.infobutton.matching` finds.
4. `feedback` parses feedback on cards.

Requests contain patient data: they are neither stored nor logged, and nothing is fetched from the
server of the health record. ``docs/cds-hooks.md`` lists the parts of the specification that are not
supported.
"""
