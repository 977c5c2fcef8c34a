"""The document of the HTTP API: valid, the same as the table of routes, and true."""
import json
import re
import subprocess
import sys

import openapi_spec_validator
import pytest

import test_gateway as gateway
from fleet import ROOT
from models import scored
from test_gateway_login import SECRET

DOCUMENT = ROOT / "src/gateway/web/openapi.json"
PAGES = re.compile(r"/|/review|/[a-z_]+[.](css|js)")


def routes():
    """Of the gateway's table, but pages."""
    text = (ROOT / "src/gateway/route.c").read_text()
    for name, value in re.findall(r'^#define (\w+) (".*")$', text, re.M):
        text = re.sub(rf"\b{name}\b", value, text)
    rows = re.findall(r'^    \{"([A-Z]+)", +((?:"[^"]*" ?)+), *(?:NULL|"[^"]*"), +\w+, +([^,]+),',
                      text, re.M)
    assert len(rows) > 30
    return {(method, re.sub('" ?"?', "", path)): scope.strip() for method, path, scope in rows}


def test_the_document_is_valid_openapi():
    document = json.loads(DOCUMENT.read_text())
    assert document["openapi"].startswith("3.1")
    openapi_spec_validator.validate(document)


def test_each_route_is_in_the_document_and_the_reverse():
    told = {(method.upper(), path.replace("{id}", "{}")): operation.get("x-scope")
            for path, methods in json.loads(DOCUMENT.read_text())["paths"].items()
            for method, operation in methods.items()}
    table = {(method, path): scope for (method, path), scope in routes().items()
             if not PAGES.fullmatch(path)}
    assert set(told) == set(table)
    for row, scope in told.items():
        assert table[row] == (f"SCOPE_{scope.upper()}" if scope else table[row]), row
        assert scope or table[row] in ("0", "~0U"), row


@pytest.mark.timeout(300)
def test_what_the_gateway_says_is_what_the_document_says(fleet, model):
    """Requests that schemathesis makes of the document, good and bad ones."""
    gateway.serve(fleet, model(lambda _: scored("IGST", 0.99)), secret=SECRET,
                  webhooks={"allow": ["https://hooks.example.com/"]})
    base = fleet.api.api.removesuffix("/v1")
    api = gateway.client(fleet)
    batch = gateway.ended(api, api.batches.create(
        input_file_id=gateway.upload(api, gateway.lines(gateway.row(1))).id,
        endpoint="/v1/chat/completions", completion_window="24h"))
    assert batch.status == "completed"
    done = subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", f"{base}/openapi.json", "--seed", "1",
         "--max-examples", "6", "--exclude-path", "/v1/taskfit/events", "--phases",
         "coverage,fuzzing", "--generation-database", "none", "--checks",
         "not_a_server_error,status_code_conformance,content_type_conformance,"
         "response_schema_conformance", "--request-timeout", "20", "--no-color"],
        text=True, capture_output=True, cwd=fleet.directory)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]
    assert fleet.api.running and fleet.api.memory_mib("VmHWM") < 128
