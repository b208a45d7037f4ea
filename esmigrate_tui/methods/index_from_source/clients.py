"""Programs of one's own that send documents: a text for each client that there is, ready to run; pure."""

from __future__ import annotations

import shlex
from typing import Final
from urllib.parse import quote

from esmigrate_tui.methods.index_from_source.sending import (
    API_KEY,
    PASSWORD,
    TOKEN,
    USER,
    ShippingTarget,
    filled,
    indented,
    quoted,
    raise_references,
    refused,
    secret_of,
    signing_in,
    template,
)
from esmigrate_tui.model.text import clean


def python(target: ShippingTarget) -> str:
    """The Python client, by its helper that sends again what the cluster is too busy for."""
    is_new = target.features.clients_have_tls_names
    user = repr(target.connection.user) if target.has_simple_user else f'os.environ["{USER}"]'
    by_header = f'headers={{"authorization": "Bearer " + os.environ["{TOKEN}"]}},'
    lines = signing_in(
        target,
        password=[f'{"basic_auth" if is_new else "http_auth"}=({user}, os.environ["{PASSWORD}"]),'],
        key=[f'api_key=os.environ["{API_KEY}"],'],
        token=[f'bearer_auth=os.environ["{TOKEN}"],' if is_new else by_header],
    )
    if target.fingerprint:
        lines.append(f"ssl_assert_fingerprint={target.fingerprint!r},")
    elif target.ca:
        lines.append(f"ca_certs={target.ca!r},")
    if target.is_unverified:
        lines.append("verify_certs=False,")
    kind = f'"_type": {target.type!r}, ' if target.type else ""
    return filled("python", target, repr, TYPE=kind, LINES=indented(lines, 4))


def javascript(target: ShippingTarget) -> str:
    """The JavaScript client, by its bulk helper; documents stay the text that they are."""
    if not target.features.has_javascript_bulk_helper:
        raise refused("The JavaScript client has its bulk helper from 7.7 on.", "Take the text for Python or curl.")
    user = quoted(target.connection.user) if target.has_simple_user else f"process.env.{USER}"
    lines = signing_in(
        target,
        password=[f"auth: {{ username: {user}, password: process.env.{PASSWORD} }},"],
        key=[f"auth: {{ apiKey: process.env.{API_KEY} }},"],
        token=[f"auth: {{ bearer: process.env.{TOKEN} }},"],
    )
    tls = "tls" if target.features.clients_have_tls_names else "ssl"
    if target.ca:
        partial = ", allowPartialTrustChain: true" if target.fingerprint else ""
        lines.append(f"{tls}: {{ ca: readFileSync({quoted(target.ca)}){partial} }},")
    elif target.is_unverified:
        lines.append(f"{tls}: {{ rejectUnauthorized: false }},")
    kind = f", _type: {quoted(target.type)}" if target.type else ""
    text = filled("javascript", target, TYPE=kind, LINES=indented(lines, 2))
    return text if target.ca else text.replace("import { readFileSync } from 'node:fs'\n", "", 1)


def go(target: ShippingTarget) -> str:
    """The Go client, by its bulk indexer."""
    if not target.features.has_go_bulk_indexer:
        raise refused("The Go client has its bulk indexer from 6 on.", "Take the text for Python or curl.")
    user = quoted(target.connection.user) if target.has_simple_user else f'os.Getenv("{USER}")'
    before = []
    lines = signing_in(
        target,
        password=[f"Username: {user},", f'Password: os.Getenv("{PASSWORD}"),'],
        key=[f'APIKey: os.Getenv("{API_KEY}"),'],
        token=[f'ServiceToken: os.Getenv("{TOKEN}"),'],
    )
    if target.fingerprint:
        lines.append(f"CertificateFingerprint: {quoted(target.fingerprint)},")
    elif target.ca:
        before += [f"authority, err := os.ReadFile({quoted(target.ca)})", "must(err)"]
        lines.append("CACert: authority,")
    elif target.is_unverified:
        lines.append("Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},")
    return filled(
        "go",
        target,
        TYPE=f",\n\t\tDocumentType: {quoted(target.type)}" if target.type else "",
        LINES="\n\t\t".join(lines),
        BEFORE="\n\t".join(before),
        TLSIMPORTS='"crypto/tls"' if target.is_unverified else "",
        HTTPIMPORT='"net/http"' if target.is_unverified else "",
    )


SPARK_FILE: Final = "send_spark.py"
SPARK_STORE: Final = "/etc/esmigrate-destination.jks"
"""Where each executor keeps the certificates that the connector is to trust."""
_CONNECTORS: Final = {7: "7.17.7", 8: "8.19.25"}
_NEWEST_CONNECTOR: Final = "9.5.6"


def connector_of(target: ShippingTarget) -> str:
    """The version of Elasticsearch's connector for Spark: the newest of the destination's own major."""
    return _CONNECTORS.get(target.version.major, _NEWEST_CONNECTOR)


def rejected_index(target: ShippingTarget) -> str:
    """Where the connector keeps the documents that the destination rejects."""
    return f"{target.index}-rejected"


def pyspark(target: ShippingTarget) -> str:
    """PySpark, by Elasticsearch's connector: each executor sends its part of the rows."""
    if not target.features.has_spark_3_connector:
        raise refused(
            f"Elasticsearch's connector for Spark 3 does not speak to {target.version}.",
            "Take the text for Python or Logstash.",
        )
    raise_references(target, "The connector for Spark", "{", "}")
    endpoint = target.connection.endpoint
    user = repr(target.connection.user) if target.has_simple_user else f'os.environ["{USER}"]'
    header = '"es.net.http.header.Authorization"'
    lines = signing_in(
        target,
        password=[
            f'"es.net.http.auth.user": {user},',
            f'"es.net.http.auth.pass": os.environ["{PASSWORD}"],',
        ],
        key=[f'{header}: "ApiKey " + os.environ["{API_KEY}"],'],
        token=[f'{header}: "Bearer " + os.environ["{TOKEN}"],'],
    )
    if endpoint.path:
        lines.append(f'"es.nodes.path.prefix": {quote(endpoint.path, safe="/%")!r},')
    if endpoint.is_encrypted:
        lines.append('"es.net.ssl": "true",')
    if target.ca:
        lines += [
            f"# A store of {clean(target.ca, 300)}, made by keytool.",
            f'"es.net.ssl.truststore.location": "file://{SPARK_STORE}",',
            '"es.net.ssl.truststore.pass": "changeit",',
        ]
    if target.is_unverified:
        lines.append('"es.net.ssl.cert.allow.self.signed": "true",')
    loss = (
        "- The connector looks at who signed the certificate, and not at the name of the host in it."
        if endpoint.is_encrypted
        else ""
    )
    return filled(
        "pyspark",
        target,
        repr,
        CONNECTOR=connector_of(target),
        FILE=SPARK_FILE,
        NAME=clean(target.index, 300),
        REJECTED=clean(rejected_index(target), 300),
        KEPT=repr(rejected_index(target)),
        PLACE=repr(endpoint.authority),
        LINES=indented(lines, 4),
        LOSS=loss,
    )


def java(target: ShippingTarget) -> str:
    """Java, by the low-level client, whose requests are the same for every version."""
    user = quoted(target.connection.user) if target.has_simple_user else f'System.getenv("{USER}")'
    *lines, value = signing_in(
        target,
        password=[
            f'String pair = {user} + ":" + System.getenv("{PASSWORD}");',
            "byte[] bytes = pair.getBytes(StandardCharsets.UTF_8);",
            '"Basic " + Base64.getEncoder().encodeToString(bytes)',
        ],
        key=[f'"ApiKey " + System.getenv("{API_KEY}")'],
        token=[f'"Bearer " + System.getenv("{TOKEN}")'],
    ) or [""]
    if value:
        lines += [
            f'Header header = new BasicHeader("Authorization", {value});',
            "builder.setDefaultHeaders(new Header[] {header});",
        ]
    trust = ""
    if target.ca:
        trust = f"\n{template('java-ca')}"
        lines += [
            f"SSLContext context = trusting({quoted(target.ca)});",
            "builder.setHttpClientConfigCallback(one -> one.setSSLContext(context));",
        ]
    elif target.is_unverified:
        trust = f"\n{template('java-any')}"
        lines += [
            "SSLContext context = trustingAnyone();",
            "builder.setHttpClientConfigCallback(",
            "    one -> one.setSSLContext(context).setSSLHostnameVerifier((host, session) -> true));",
        ]
    path = quote(target.connection.endpoint.path, safe="/%")
    if path:
        lines.append(f"builder.setPathPrefix({quoted(path)});")
    origin, bulk = quoted(target.url.removesuffix(path)), quoted(_bulk_path(target))
    return filled("java", target, ORIGIN=origin, BULK=bulk, LINES=indented(lines, 4), TRUST=trust)


def curl(target: ShippingTarget) -> str:
    """No client at all: a shell, and a request for a thousand lines."""
    name, _ = secret_of(target)
    check = f': "${{{name}:?set it to the secret}}"' if name else ""
    user = shlex.quote(target.connection.user)
    pair = f"printf '%s:%s' {user} \"${PASSWORD}\" | base64 | tr -d '\\n'"
    [sign_in] = signing_in(
        target,
        password=[f"printf 'Authorization: Basic %s\\n' \"$({pair})\""],
        key=[f"printf 'Authorization: ApiKey %s\\n' \"${API_KEY}\""],
        token=[f"printf 'Authorization: Bearer %s\\n' \"${TOKEN}\""],
    ) or [":"]
    tls = "--insecure " if target.is_unverified else f"--cacert {shlex.quote(target.ca)} " if target.ca else ""
    url = shlex.quote(f"{target.url}{_bulk_path(target)}")
    return filled("curl", target, URL=url, CHECKS=check, SIGNIN=sign_in, TLS=tls)


def _bulk_path(target: ShippingTarget) -> str:
    kind = f"/{target.type}" if target.type else ""
    return f"/{quote(target.index, safe='')}{kind}/_bulk"
