"""What each sender is told: right for its version and format, without a secret, and refused where it cannot be said."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from esmigrate_tui.methods import METHODS
from esmigrate_tui.methods.index_from_source.sending import template
from esmigrate_tui.methods.index_from_source.shippers import configuration
from esmigrate_tui.model.connection import Connection, Endpoint, SignIn, Trust, TrustKind
from esmigrate_tui.model.draft import Draft
from esmigrate_tui.model.facts import ClusterFacts, Version
from esmigrate_tui.model.method import MethodName
from esmigrate_tui.model.problem import Cause, ProblemError
from esmigrate_tui.model.shipping import Shipper, ShippingOptions

if TYPE_CHECKING:
    from pathlib import Path

    from esmigrate_tui.model.shipping import ShipperConfiguration

PIN = "ab" * 32
TRUSTS = {
    "system": Trust(),
    "file": Trust(kind=TrustKind.CA_FILE, ca_file="/etc/a b/ca.pem"),
    "pinned": Trust(kind=TrustKind.PINNED, fingerprint=PIN),
    "unverified": Trust(kind=TrustKind.UNVERIFIED),
}
ODD = "or'ders-$a"
ODD_USER = 'we"ird $er'
REFERENCES = {SignIn.PASSWORD: "ES_PWD", SignIn.API_KEY: "ES_API_KEY", SignIn.TOKEN: "ES_TOKEN"}


def told(
    shipper: Shipper,
    *,
    version: str = "9.5.0",
    sign_in: SignIn = SignIn.PASSWORD,
    trust: str = "system",
    scheme: str = "https",
    host: str = "es.example.org",
    path: str = "",
    index: str = "orders",
    user: str = "elastic",
    expected: int | None = None,
) -> ShipperConfiguration:
    endpoint = Endpoint(scheme=scheme, host=host, port=9200, path=path)
    connection = Connection(endpoint=endpoint, sign_in=sign_in, user=user, trust=TRUSTS[trust])
    return configuration(ShippingOptions(shipper=shipper, expected=expected), connection, index, Version.parse(version))


def parsed_python(text: str) -> dict[str, ast.expr]:
    """The arguments that the client is made with."""
    calls = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    (made,) = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Elasticsearch"]
    return {word.arg or "": word.value for word in made.keywords} | {"url": made.args[0]}


@pytest.mark.parametrize("sign_in", [SignIn.PASSWORD, SignIn.API_KEY, SignIn.TOKEN])
@pytest.mark.parametrize("shipper", [one for one in Shipper if one is not Shipper.RSYSLOG])
def test_a_secret_is_named_in_text_and_steps(shipper: Shipper, sign_in: SignIn) -> None:
    one = told(shipper, sign_in=sign_in)
    assert REFERENCES[sign_in] in one.text
    assert any(REFERENCES[sign_in] in step for step in one.steps)


@pytest.mark.parametrize("shipper", [*Shipper])
def test_no_secret_is_asked_for_where_there_are_no_users(shipper: Shipper) -> None:
    one = told(shipper, sign_in=SignIn.NONE, user="")
    assert "ES_" not in one.text + "".join(one.steps)


@pytest.mark.parametrize("shipper", [*Shipper])
def test_the_run_comes_before_the_sender_and_knows_its_end(shipper: Shipper) -> None:
    assert "Begin the run first" in told(shipper).steps[-2]
    assert "esmigrate enough" in told(shipper).steps[-1]
    assert told(shipper, expected=70_000).steps[-1].endswith("The run ends when 70000 documents have arrived.")


def test_logstash_8_and_newer_has_the_new_names_of_its_options() -> None:
    text = told(Shipper.LOGSTASH, trust="file").text
    for line in (
        'hosts => ["https://es.example.org:9200"]',
        'index => "orders"',
        'action => "create"',
        'user => "elastic"',
        'password => "${ES_PWD}"',
        "ssl_enabled => true",
        'ssl_certificate_authorities => ["/etc/a b/ca.pem"]',
        "data_stream => false",
        "ilm_enabled => false",
        "manage_template => false",
    ):
        assert f"    {line}\n" in text
    assert 'ssl_verification_mode => "none"' in told(Shipper.LOGSTASH, trust="unverified").text


def test_logstash_7_has_the_old_ones_and_6_the_type_of_the_index() -> None:
    seven = told(Shipper.LOGSTASH, version="7.17.28", trust="file").text
    assert "    ssl => true\n" in seven
    assert '    cacert => "/etc/a b/ca.pem"\n' in seven
    assert "ssl_enabled" not in seven
    six = told(Shipper.LOGSTASH, version="6.8.23", trust="unverified").text
    assert "    ssl_certificate_verification => false\n" in six
    assert '    document_type => "_doc"\n' in six
    assert "data_stream" not in six


def test_logstash_takes_a_key_and_a_token() -> None:
    assert '    api_key => "${ES_API_KEY}"\n' in told(Shipper.LOGSTASH, sign_in=SignIn.API_KEY).text
    text = told(Shipper.LOGSTASH, sign_in=SignIn.TOKEN).text
    assert '    custom_headers => { "Authorization" => "Bearer ${ES_TOKEN}" }\n' in text


@pytest.mark.parametrize("trust", [*TRUSTS])
@pytest.mark.parametrize("sign_in", [*SignIn])
def test_filebeat_reads_its_text_as_yaml_whatever_is_in_it(sign_in: SignIn, trust: str) -> None:
    text = told(Shipper.FILEBEAT, sign_in=sign_in, trust=trust, path="/a$b:%20~c", index=ODD, user=ODD_USER).text
    read = yaml.safe_load(text)
    output = read["output.elasticsearch"]
    assert output["hosts"] == ["https://es.example.org:9200/a%24b%3A%20~c"]
    assert output["index"] == read["setup.template.name"] == read["setup.template.pattern"] == ODD
    assert read["setup.template.enabled"] is read["setup.ilm.enabled"] is False
    secrets: dict[SignIn, dict[str, Any]] = {
        SignIn.NONE: {},
        SignIn.PASSWORD: {"username": "${ES_USER}", "password": "${ES_PWD}"},
        SignIn.API_KEY: {"api_key": "${ES_API_KEY}"},
        SignIn.TOKEN: {"headers": {"Authorization": "Bearer ${ES_TOKEN}"}},
    }
    trusted: dict[str, dict[str, Any]] = {
        "system": {},
        "file": {"ssl.certificate_authorities": ["/etc/a b/ca.pem"]},
        "pinned": {"ssl.certificate_authorities": ["/etc/esmigrate-destination.pem"]},
        "unverified": {"ssl.verification_mode": "none"},
    }
    assert {**output, "hosts": 0, "index": 0} == {"hosts": 0, "index": 0, **secrets[sign_in], **trusted[trust]}


@pytest.mark.parametrize("trust", [*TRUSTS])
@pytest.mark.parametrize("sign_in", [*SignIn])
def test_python_reads_its_text_whatever_is_in_it(sign_in: SignIn, trust: str) -> None:
    text = told(Shipper.PYTHON, sign_in=sign_in, trust=trust, path="/a$b%27(c)", index=ODD, user=ODD_USER).text
    words = parsed_python(text)
    assert ast.literal_eval(words.pop("url")) == "https://es.example.org:9200/a%24b%27%28c%29"
    assert ODD in {node.value for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Constant)}
    secrets = {SignIn.PASSWORD: "basic_auth", SignIn.API_KEY: "api_key", SignIn.TOKEN: "bearer_auth"}
    trusted = {"file": "ca_certs", "pinned": "ssl_assert_fingerprint", "unverified": "verify_certs"}
    assert {*words} == {*filter(None, (secrets.get(sign_in), trusted.get(trust)))}
    if sign_in is SignIn.PASSWORD:
        assert ast.unparse(words["basic_auth"]) == "(os.environ['ES_USER'], os.environ['ES_PWD'])"
    if trust == "pinned":
        assert ast.literal_eval(words["ssl_assert_fingerprint"]) == PIN


def settings_of_pyspark(text: str) -> dict[str, str]:
    """What the connector is told of the connection, and of the job, as their sources are written."""
    found: dict[str, str] = {}
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found |= {ast.literal_eval(key): ast.unparse(value) for key, value in pairs if key is not None}
    return found


@pytest.mark.parametrize("trust", [*TRUSTS])
@pytest.mark.parametrize("sign_in", [*SignIn])
def test_pyspark_reads_its_text_whatever_is_in_it(sign_in: SignIn, trust: str) -> None:
    text = told(Shipper.PYSPARK, sign_in=sign_in, trust=trust, path="/a$b%27(c)", index=ODD, user=ODD_USER).text
    told_of = settings_of_pyspark(text)
    assert ast.literal_eval(told_of["es.nodes"]) == "es.example.org:9200"
    assert ast.literal_eval(told_of["es.nodes.path.prefix"]) == "/a%24b%27%28c%29"
    assert ast.literal_eval(told_of["es.resource"]) == ODD
    assert ast.literal_eval(told_of["es.write.rest.error.handler.es.client.resource"]) == f"{ODD}-rejected"
    assert told_of["es.net.ssl"] == "'true'"
    secrets = {
        SignIn.PASSWORD: {
            "es.net.http.auth.user": "os.environ['ES_USER']",
            "es.net.http.auth.pass": "os.environ['ES_PWD']",
        },
        SignIn.API_KEY: {"es.net.http.header.Authorization": "'ApiKey ' + os.environ['ES_API_KEY']"},
        SignIn.TOKEN: {"es.net.http.header.Authorization": "'Bearer ' + os.environ['ES_TOKEN']"},
    }
    assert secrets.get(sign_in, {}).items() <= told_of.items()
    has_store = "es.net.ssl.truststore.location" in told_of
    assert has_store is (trust in {"file", "pinned"})
    assert ("es.net.ssl.cert.allow.self.signed" in told_of) is (trust == "unverified")
    assert "not at the name of the host" in text
    assert "not at the name" not in told(Shipper.PYSPARK, scheme="http").text


@pytest.mark.parametrize(("version", "connector"), [("7.17.28", "7.17.7"), ("8.19.8", "8.19.25"), ("9.5.0", "9.5.6")])
def test_the_connector_for_spark_is_of_the_destinations_own_major(version: str, connector: str) -> None:
    assert f"org.elasticsearch:elasticsearch-spark-30_2.12:{connector}" in told(Shipper.PYSPARK, version=version).text


def test_the_older_python_client_has_the_older_words_and_types() -> None:
    text = told(Shipper.PYTHON, version="6.8.23").text
    assert ast.unparse(parsed_python(text)["http_auth"]) == "('elastic', os.environ['ES_PWD'])"
    assert "\"_type\": '_doc'" in text


@pytest.mark.parametrize("trust", [*TRUSTS])
@pytest.mark.parametrize("sign_in", [*SignIn])
def test_the_shell_reads_its_text_whatever_is_in_it(sign_in: SignIn, trust: str, tmp_path: Path) -> None:
    one = told(Shipper.CURL, sign_in=sign_in, trust=trust, path="/a$b%27(c)", index=ODD, user=ODD_USER)
    script = tmp_path / one.name
    script.write_text(one.text)
    checked = subprocess.run(["bash", "-n", script], check=False, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert "\nurl=https://es.example.org:9200/a%24b%27%28c%29/or%27ders-%24a/_bulk\n" in one.text


@pytest.mark.parametrize("shipper", [Shipper.JAVASCRIPT, Shipper.GO, Shipper.JAVA])
def test_strings_of_other_languages_are_quoted(shipper: Shipper) -> None:
    text = told(shipper, index=ODD, trust="file", user=ODD_USER).text
    assert '"/etc/a b/ca.pem"' in text
    assert ODD_USER not in text
    assert not re.search(r"@[A-Z]+@", text)
    if shipper is not Shipper.JAVA:
        assert '"or\'ders-$a"' in text


@pytest.mark.parametrize("shipper", [*Shipper])
def test_a_pinned_certificate_is_compared_where_only_a_file_can_be_trusted(shipper: Shipper) -> None:
    one = told(shipper, trust="pinned")
    if shipper in {Shipper.PYTHON, Shipper.GO}:
        assert PIN in one.text
        assert not any("openssl" in step for step in one.steps)
    else:
        assert "/etc/esmigrate-destination.pem" in one.text
        assert any(":".join(["AB"] * 32) in step for step in one.steps)


@pytest.mark.parametrize("shipper", [*Shipper])
def test_what_is_not_verified_or_not_encrypted_is_said_aloud(shipper: Shipper) -> None:
    assert any("not verified" in step for step in told(shipper, trust="unverified").steps)
    assert any("for everyone to read" in step for step in told(shipper, scheme="http").steps)
    here = told(shipper, scheme="http", host="localhost").steps
    assert not any(step.startswith("!") for step in here)


@pytest.mark.parametrize(
    ("shipper", "given", "sentence"),
    [
        (Shipper.LOGSTASH, {"index": "a%{b}"}, "Logstash reads %{ in a%{b} as a reference"),
        (Shipper.LOGSTASH, {"index": "a${b}"}, "Logstash reads ${ in a${b} as a reference"),
        (Shipper.FILEBEAT, {"index": "a${b}"}, "Filebeat reads ${ in a${b} as a reference"),
        (Shipper.FILEBEAT, {"version": "6.8.23"}, "Filebeat names its own type"),
        (Shipper.JAVASCRIPT, {"version": "6.8.23"}, "The JavaScript client has its bulk helper from 7.7 on"),
        (Shipper.GO, {"version": "5.6.16"}, "The Go client has its bulk indexer from 6 on"),
        (Shipper.PYSPARK, {"version": "6.8.23"}, "Elasticsearch's connector for Spark 3 does not speak to 6.8.23"),
        (Shipper.PYSPARK, {"index": "a{b}"}, "The connector for Spark reads { in a{b} as a reference"),
        (Shipper.RSYSLOG, {"path": "/behind"}, "rsyslog cannot reach an address with a path"),
    ],
)
def test_what_a_sender_cannot_do_is_refused_in_words(shipper: Shipper, given: dict[str, str], sentence: str) -> None:
    with pytest.raises(ProblemError) as refused:
        told(shipper, **given)  # type: ignore[arg-type]  # strings all of them
    assert refused.value.problem.cause is Cause.UNSUPPORTED
    assert sentence in refused.value.problem.what
    assert refused.value.problem.todo


def test_a_plan_has_the_configuration_of_its_sender() -> None:
    draft = Draft(
        method=MethodName.INDEX_FROM_SOURCE,
        destination=Connection(endpoint=Endpoint(scheme="http", host="new", port=9200)),
        destination_facts=ClusterFacts(name="new", uuid="u", version=Version(8, 19)),
        shipping=ShippingOptions(shipper=Shipper.CURL, expected=5),
        into="orders",
        create='{"mappings":{}}',
    )
    plan = METHODS[MethodName.INDEX_FROM_SOURCE].plan(draft, "2026-01-01T00:00:00Z")
    kept = type(plan).from_toml(plan.to_toml())
    [task] = kept.tasks
    assert task.shipping is not None
    version = Version.parse(kept.destination_version)
    one = configuration(task.shipping, kept.destination, task.destination_index, version)
    assert "url=http://new:9200/orders/_bulk" in one.text


@pytest.fixture
def rsyslogd() -> str:
    found = shutil.which("rsyslogd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        reason = "rsyslogd not found: apt-get install -y --no-install-recommends rsyslog rsyslog-elasticsearch"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return found


@pytest.mark.parametrize(("sign_in", "user"), [(SignIn.NONE, ""), (SignIn.PASSWORD, "elastic"), (SignIn.TOKEN, "")])
@pytest.mark.parametrize("trust", ["system", "unverified"])
def test_rsyslog_reads_its_text_whatever_is_in_it(
    rsyslogd: str, tmp_path: Path, sign_in: SignIn, user: str, trust: str
) -> None:
    one = told(Shipper.RSYSLOG, sign_in=sign_in, user=user, trust=trust, index=ODD)
    file = tmp_path / one.name
    file.write_text(one.text)
    environ = {"ES_PWD": 'p"a\\s`s$x', "ES_USER": "u"}
    checked = subprocess.run(
        [rsyslogd, "-N1", "-f", file], check=False, capture_output=True, text=True, env=environ, timeout=60
    )
    assert checked.returncode == 0, checked.stderr
    assert "error" not in checked.stderr.lower(), checked.stderr


def test_each_template_is_read_by_a_sender_and_every_place_in_it_is_filled() -> None:
    template.cache_clear()
    for trust in TRUSTS:
        for shipper in Shipper:
            assert not re.search(r"@[A-Z]+@", told(shipper, trust=trust).text)
    folder = files("esmigrate_tui.methods.index_from_source") / "templates"
    assert template.cache_info().currsize == sum(1 for _ in folder.iterdir())
