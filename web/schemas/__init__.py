"""JSON types of the API.

`web.presentation.serializers` creates them and `web.api.openapi` generates the OpenAPI document
from them. Fields are only ever added, never changed or removed.
"""
