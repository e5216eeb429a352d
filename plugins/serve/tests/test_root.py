"""What stands at ``/``."""


def test_the_root_says_what_is_answered(client):
    answer = client.get("/")
    assert answer.status_code == 200
    said = answer.json()
    assert "plain" in said["models"]
    assert {"/infer", "/rank", "/health"} <= {*said["requests"]}
    assert client.get(said["openapi"]).json()["paths"].keys() == {*said["requests"]}
