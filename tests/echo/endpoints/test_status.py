"""`/echo/status/{code}` and `/echo/redirect/{n}`: every final answer that HTTP has."""

import httpx2
import pytest


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
async def test_every_final_status(client: httpx2.AsyncClient, method: str) -> None:
    """All of 200 to 599 are answered on one connection, with what HTTP demands of each."""
    for code in range(200, 600):
        response = await client.request(method, f"/echo/status/{code}")
        assert response.status_code == code
        if code in (204, 205, 304) or method == "HEAD":
            assert response.content == b""
        else:
            assert response.json() == {"status": code}
        assert ("content-length" in response.headers) == (code not in (204, 304))
        assert ("www-authenticate" in response.headers) == (code == 401)
        assert ("allow" in response.headers) == (code == 405)


@pytest.mark.parametrize("code", ["100", "101", "199", "99", "600", "", "x", "20٠", "-200"])
async def test_what_is_no_final_status(client: httpx2.AsyncClient, code: str) -> None:
    """A 1xx is no answer, and neither is what is no status at all."""
    response = await client.get(f"/echo/status/{code}")
    assert response.status_code == 422
    assert response.json()["code"] == "invalid-input"
    assert "from 200 to 599" in response.json()["detail"]


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirects_are_followed_to_their_end(client: httpx2.AsyncClient, code: int) -> None:
    """A chain is as long as was asked for, and each step of it has the status that was."""
    response = await client.get(f"/echo/redirect/3?status={code}", follow_redirects=True)
    assert [step.status_code for step in response.history] == [code] * 3
    assert response.json() == {"method": "GET", "status": code, "redirects_left": 0}


async def test_a_redirect_leads_nowhere_else(client: httpx2.AsyncClient) -> None:
    """Its target is a path of our own, whatever is asked for; 302 is what comes unasked."""
    response = await client.get("/echo/redirect/1?to=http://example.com")
    assert response.status_code == 302
    assert response.headers["location"] == "/echo/redirect/0?status=302"


@pytest.mark.parametrize("target", ["51", "x", "1?status=304", "1?status=200", "1?status=%0d%0aa"])
async def test_what_is_no_redirect(client: httpx2.AsyncClient, target: str) -> None:
    """More than 50 steps, and a status that redirects nobody, are refused."""
    assert (await client.get(f"/echo/redirect/{target}")).status_code == 422
