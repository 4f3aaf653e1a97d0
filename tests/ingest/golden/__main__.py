"""Write the golden files anew and name those that changed."""

from tests.ingest.golden import rewrite

for changed in rewrite():
    print(changed)
