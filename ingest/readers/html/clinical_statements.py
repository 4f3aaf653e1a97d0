"""Detection of doses, limits and negations in text that would otherwise be removed as boilerplate.

A menu that is kept costs a reader a moment; a dose that is removed may cost a life. So the rules on
names, lines and headings do not remove a clear statement, and a vague one ("after 3 days", "not")
only if the text also uses words of web pages, such as "newsletter" or "cookies".
"""

from __future__ import annotations

import re

# The verbs of clinical instructions: "do not give", unlike "do not sell my data".
_VERBS = (
    r"(?:give|given|take|taken|use|used|exceed|start|stop|restart|continue|mix|crush|chew|swallow"
    r"|split|inject|administer|prescribe|combine|repeat|increase|reduce|double|apply|insert|remove"
    r"|flush|dilute|infuse|drink|eat|drive|delay|wait|withhold|discharge|treat|offer|perform|probe"
    r"|drain|massage|suck|move|exercise|breastfeed|conceive|vaccinate|intubate|transfuse|store"
    r"|freeze|refrigerate|heat|squeeze|rub|cut)"
)
_CLEAR = re.compile(
    r"\d\s?(?:[µμnm]g|mcg|micrograms?|milligrams?|(?-i:g|kg|L)|grams?|m[lL]|millilit(?:re|er)s?"
    r"|[mµμ]?mol|m?Eq|i\.?u\.?|(?:international )?units?|mm\s?Hg|bpm|°|tablets?|capsules?|pills?"
    r"|doses?|drops?|puffs?|sprays?|patch(?:es)?|sachets?|vials?|ampoules?)(?:\b|/|(?<=°))"
    r"|[<>≤≥±]\s?\d"
    r"|\bevery (?:\d+|two|three|four|six|eight|twelve)(?: (?:to|or) \w+|[-–]\d+)? hours\b"
    r"|\b(?:do(?:es)? not|do(?:es)?n[’']t|never|must not|should not|may not|cannot|can[’']t"
    rf"|mustn[’']t|shouldn[’']t) (?:\w+ ){{0,2}}{_VERBS}\b"
    r"|\b(?:contra-?indicated|not recommended|not suitable|not licensed|not for (?:use|patients|"
    r"people|children|adults|infants|neonates|injection|iv|oral|anyone|women|men)|not to be|"
    r"(?:no|not) (?:more|less|fewer|longer|later|sooner) than|not exceed)\b"
    rf"|\b(?:avoid|stop|withhold|halve|omit) (?!reading|scrolling|looking)(?:in|if|the|this|all|it|"
    r"with|giving|taking|using|before|after|\d|[a-z]+(?:in|ol|am|ide|ine|one|ate|an|il|ium)\b)",
    re.I,
)
_VAGUE = re.compile(
    r"\d\s?(?:%|percent|minutes?|mins?|hours?|hrs?|days?|weeks?|months?|times|cm|mm)"
    r"|\b(?:above|below|over|under|than|least|most|of) \d"
    r"|\b(?:once|twice|three times) (?:a|per|every|daily)\b"
    r"|\b(?:not|no|never|avoid|without|cannot|stop|none|nor|unless|\w+n[’']t)\b",
    re.I,
)
_NUMBER_OR_NEGATION = re.compile(
    r"\d|\b(?:not|no|never|avoid|without|cannot|stop|none|nor|unless|\w+n[’']t)\b", re.I
)
# Words of web pages, which clinical text rarely uses.
_PAGE_WORDS = re.compile(
    r"\b(?:cookies?|newsletters?|e-?mails?|inbox|subscri\w+|sign(?:ed|ing)?[ -]?(?:up|in)"
    r"|log(?:ged)?[ -]?in|register|spam|privacy|passwords?|accounts?|advert\w*|ads?|sponsor\w*|cart"
    r"|basket|checkout|shipping|delivery|buy|shop(?:ping)?|discount|offers?|app(?: store)?|browser"
    r"|javascript|web ?sites?|sites?|pages?|partners|donat\w+|facebook|twitter|instagram|whatsapp"
    r"|linkedin|youtube|comments?|repl(?:y|ies)|posted|published|ago|copyright|terms"
    r"|readers?|articles?|stor(?:y|ies)|news|podcasts?|episodes?|videos?|writes|written|writer"
    r"|author|journalist|editor|feedback|helpful|useful|survey|premium|members?|offline|connection)\b"
    r"|©|[£$€]\s?\d|\d[.,]\d\d ?€|@",
    re.I,
)


def is_clear_statement(text: str) -> bool:
    """Return whether a text has a dose, a limit or a clinical instruction not to do something."""
    return bool(_CLEAR.search(text))


def is_possible_statement(text: str) -> bool:
    """Return whether a text has a clear statement, or a vague one without words of web pages."""
    return is_clear_statement(text) or bool(_VAGUE.search(text) and not _PAGE_WORDS.search(text))


def has_number_or_negation(text: str) -> bool:
    """Return whether a text has a digit or a negation."""
    return bool(_NUMBER_OR_NEGATION.search(text))
