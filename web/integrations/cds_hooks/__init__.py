"""CDS Hooks 2.0 (HL7): a record says what is on its screen and gets cards that lead to passages.

1. `views` answers at the addresses that the specification names.
2. `reading` finds in what a record posts the conditions and orders that it is about.
3. `cards` makes a card of each article that matches as `web.integrations.infobutton.matching` does.
4. `feedback` takes what became of a card.

What a request holds is data of a patient: it is neither kept nor logged, and nothing is fetched
from the record's own server. ``docs/cds-hooks.md`` says what of the specification is not here.
"""
