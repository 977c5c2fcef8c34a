"""The gateway over TLS by itself: a certificate that is replaced, and files that are bad."""
import json
import re
import signal
import socket
import ssl
import subprocess
import urllib.error
import urllib.request

import openai
import pytest

import test_gateway as gateway
import test_gateway_keys as keys
from test_gateway_login import Browser, PAGE
from models import scored
from until import until


def certificate(directory, name, days=30):
    """A certificate of its own and its key, in <name>.crt and <name>.key."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", str(days), "-subj",
                    f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", directory / f"{name}.key", "-out", directory / f"{name}.crt"],
                   check=True, capture_output=True)


@pytest.fixture
def secure(fleet, model):
    certificate(fleet.directory, "one")
    certificate(fleet.directory, "two")
    (fleet.directory / "served.crt").write_bytes((fleet.directory / "one.crt").read_bytes())
    (fleet.directory / "served.key").write_bytes((fleet.directory / "one.key").read_bytes())
    gateway.serve(fleet, model(lambda _: scored("IGST", 0.99)),
                  tls={"cert_file": "served.crt", "key_file": "served.key"})
    return fleet


def port(program):
    return int(program.api.rsplit(":", 1)[1].split("/")[0])


def trusting(fleet, name):
    return ssl.create_default_context(cafile=fleet.directory / f"{name}.crt")


def shown(fleet, name="one", **bounds):
    """The version that is spoken with who trusts that certificate alone."""
    context = trusting(fleet, name)
    for bound, value in bounds.items():
        setattr(context, bound, value)
    with socket.create_connection(("127.0.0.1", port(fleet.api)), timeout=10) as plain:
        with context.wrap_socket(plain, server_hostname="127.0.0.1") as tls:
            return tls.version()


def trusts(fleet, name):
    try:
        return shown(fleet, name)
    except ssl.SSLCertVerificationError:
        return None


def test_the_sdk_over_tls(secure):
    api = openai.OpenAI(base_url=secure.api.api, api_key="none", max_retries=0,
                        http_client=openai.DefaultHttpxClient(verify=trusting(secure, "one")))
    assert secure.api.api.startswith("https://")
    content = gateway.lines(*[gateway.row(n) for n in range(2000)])  # more than a record of TLS
    file = gateway.upload(api, content)
    assert api.files.content(file.id).read() == content
    answer = api.chat.completions.create(**gateway.body(1))
    assert answer.choices[0].message.content == "IGST"
    with urllib.request.urlopen(f"{secure.api.api}/models", context=trusting(secure, "one")) as r:
        assert r.headers["Strict-Transport-Security"] == "max-age=31536000"
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(secure, "two")


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
def test_nothing_older_than_1_2(secure):
    assert shown(secure) == "TLSv1.3"
    assert shown(secure, maximum_version=ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
    with pytest.raises((ssl.SSLError, ConnectionResetError)):
        shown(secure, minimum_version=ssl.TLSVersion.TLSv1,
              maximum_version=ssl.TLSVersion.TLSv1_1)
    plain = http_get(port(secure.api))
    assert b"200" not in plain.split(b"\r\n")[0] and shown(secure)


def http_get(where):
    with socket.create_connection(("127.0.0.1", where), timeout=10) as plain:
        plain.sendall(b"GET /v1/models HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            return plain.recv(1000)
        except ConnectionResetError:
            return b""


def test_the_cookie_is_for_tls_alone(secure):
    key = keys.add(secure, "anna")
    page = Browser(port(secure.api))

    def login():
        request = urllib.request.Request(
            f"https://127.0.0.1:{page.port}/login", json.dumps({"key": key["key"]}).encode(),
            {**PAGE, "Origin": f"https://127.0.0.1:{page.port}"})
        try:
            return urllib.request.urlopen(request, context=trusting(secure, "one"))
        except urllib.error.HTTPError:
            return None
    cookie = until(login, "a gateway that knows the key").headers["Set-Cookie"]
    assert cookie.startswith("__Host-taskfit_session=") and cookie.endswith("; Secure")
    assert "Path=/;" in cookie and "Domain" not in cookie


def replace(fleet, cert, key):
    (fleet.directory / "served.crt").write_bytes((fleet.directory / cert).read_bytes())
    (fleet.directory / "served.key").write_bytes((fleet.directory / key).read_bytes())
    fleet.api.child.send_signal(signal.SIGHUP)


def test_a_new_certificate_at_sighup(secure):
    assert trusts(secure, "one") and not trusts(secure, "two")
    replace(secure, "two.crt", "one.key")
    secure.api.said("served.key is not the key of the certificate in .*served.crt; the certificate "
                    "stays")
    assert trusts(secure, "one")
    with socket.create_connection(("127.0.0.1", port(secure.api))) as slow:  # no handshake yet
        replace(secure, "two.crt", "two.key")
        until(lambda: trusts(secure, "two"), "a gateway with the new certificate")
        assert not trusts(secure, "one")
        with trusting(secure, "two").wrap_socket(slow, server_hostname="127.0.0.1") as tls:
            assert tls.version()


@pytest.mark.parametrize("files, exit_code, words", [
    (("no.crt", "one.key"), 66, "no.crt cannot be read: No such file"),
    (("one.crt", "no.key"), 66, "no.key cannot be read: No such file"),
    (("one.key", "one.key"), 78, "one.key holds no certificates in PEM"),
    (("one.crt", "one.crt"), 78, "one.crt holds no private key in PEM"),
    (("one.crt", "two.key"), 78, "two.key is not the key of the certificate in .*one.crt"),
])
def test_bad_files_are_named(secure, files, exit_code, words):
    secure.config["gateway"]["tls"] = dict(zip(("cert_file", "key_file"), files))
    secure.write_config()
    refused = secure.gateway(name="refused")
    assert refused.ended() == exit_code
    assert re.search(f"gateway.tls: .*{words}", refused.log), refused.log
