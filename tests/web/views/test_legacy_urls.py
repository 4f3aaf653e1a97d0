"""Former URLs of the desk and former command names keep working."""

from __future__ import annotations

import pytest

from web.views.legacy_urls import MOVED


@pytest.mark.parametrize("former", MOVED)
def test_former_url_redirects_with_its_method_and_query(client, former):
    response = client.get(f"/desk/{former}?before=5")
    assert response.status_code == 308
    assert response.headers["Location"].endswith(f"/desk/{MOVED[former]}?before=5")
    assert client.post(f"/desk/{former}").status_code == 308


def test_former_url_redirects_with_the_rest_of_its_path(client):
    response = client.get("/desk/items/7/save")
    assert response.headers["Location"].endswith("/desk/drafts/7/save")
    assert client.get("/desk/unknown").status_code == 404
