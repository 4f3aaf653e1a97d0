"""What search teaches the content team, and what they make of it.

`masking` says which words of a query may be written, `log` counts searches without a trace of who
searched; `curator` has pins and synonyms act, `trial` shows what a change would move; `board` and
`curating` are the pages, `voting` the question whether something helped.
"""
