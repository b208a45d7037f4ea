"""Programs of one's own that send documents: a text for each client that there is, ready to run; pure."""

from __future__ import annotations

import shlex
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
    refused,
    secret_of,
    template,
)
from esmigrate_tui.model.connection import SignIn


def python(target: ShippingTarget) -> str:
    """The Python client, by its helper that sends again what the cluster is too busy for."""
    is_new = target.features.clients_have_tls_names
    user = repr(target.connection.user) if target.has_simple_user else f'os.environ["{USER}"]'
    lines = []
    match target.sign_in:
        case SignIn.PASSWORD:
            lines.append(f'{"basic_auth" if is_new else "http_auth"}=({user}, os.environ["{PASSWORD}"]),')
        case SignIn.API_KEY:
            lines.append(f'api_key=os.environ["{API_KEY}"],')
        case SignIn.TOKEN if is_new:
            lines.append(f'bearer_auth=os.environ["{TOKEN}"],')
        case SignIn.TOKEN:
            lines.append(f'headers={{"authorization": "Bearer " + os.environ["{TOKEN}"]}},')
        case SignIn.NONE:
            pass
    if target.fingerprint:
        lines.append(f"ssl_assert_fingerprint={target.fingerprint!r},")
    elif target.ca:
        lines.append(f"ca_certs={target.ca!r},")
    if target.is_unverified:
        lines.append("verify_certs=False,")
    return filled(
        "python",
        {
            "URL": repr(target.url),
            "INDEX": repr(target.index),
            "TYPE": f'"_type": {target.type!r}, ' if target.type else "",
            "LINES": indented(lines, 4),
        },
    )


def javascript(target: ShippingTarget) -> str:
    """The JavaScript client, by its bulk helper; documents stay the text that they are."""
    if not target.features.has_javascript_bulk_helper:
        raise refused("The JavaScript client has its bulk helper from 7.7 on.", "Take the text for Python or curl.")
    user = quoted(target.connection.user) if target.has_simple_user else f"process.env.{USER}"
    lines = []
    match target.sign_in:
        case SignIn.PASSWORD:
            lines.append(f"auth: {{ username: {user}, password: process.env.{PASSWORD} }},")
        case SignIn.API_KEY:
            lines.append(f"auth: {{ apiKey: process.env.{API_KEY} }},")
        case SignIn.TOKEN:
            lines.append(f"auth: {{ bearer: process.env.{TOKEN} }},")
        case SignIn.NONE:
            pass
    tls = "tls" if target.features.clients_have_tls_names else "ssl"
    if target.ca:
        partial = ", allowPartialTrustChain: true" if target.fingerprint else ""
        lines.append(f"{tls}: {{ ca: readFileSync({quoted(target.ca)}){partial} }},")
    elif target.is_unverified:
        lines.append(f"{tls}: {{ rejectUnauthorized: false }},")
    text = filled(
        "javascript",
        {
            "URL": quoted(target.url),
            "INDEX": quoted(target.index),
            "TYPE": f", _type: {quoted(target.type)}" if target.type else "",
            "LINES": indented(lines, 2),
        },
    )
    return text if target.ca else text.replace("import { readFileSync } from 'node:fs'\n", "", 1)


def go(target: ShippingTarget) -> str:
    """The Go client, by its bulk indexer."""
    if not target.features.has_go_bulk_indexer:
        raise refused("The Go client has its bulk indexer from 6 on.", "Take the text for Python or curl.")
    user = quoted(target.connection.user) if target.has_simple_user else f'os.Getenv("{USER}")'
    lines, before = [], []
    match target.sign_in:
        case SignIn.PASSWORD:
            lines += [f"Username: {user},", f'Password: os.Getenv("{PASSWORD}"),']
        case SignIn.API_KEY:
            lines.append(f'APIKey: os.Getenv("{API_KEY}"),')
        case SignIn.TOKEN:
            lines.append(f'ServiceToken: os.Getenv("{TOKEN}"),')
        case SignIn.NONE:
            pass
    if target.fingerprint:
        lines.append(f"CertificateFingerprint: {quoted(target.fingerprint)},")
    elif target.ca:
        before += [f"authority, err := os.ReadFile({quoted(target.ca)})", "must(err)"]
        lines.append("CACert: authority,")
    elif target.is_unverified:
        lines.append("Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}},")
    return filled(
        "go",
        {
            "MAJOR": str(target.version.major),
            "URL": quoted(target.url),
            "INDEX": quoted(target.index),
            "TYPE": f",\n\t\tDocumentType: {quoted(target.type)}" if target.type else "",
            "LINES": indented(lines, 0).replace("\n", "\n\t\t"),
            "BEFORE": indented(before, 0).replace("\n", "\n\t"),
            "TLSIMPORTS": '"crypto/tls"' if target.is_unverified else "",
            "HTTPIMPORT": '"net/http"' if target.is_unverified else "",
        },
    )


def java(target: ShippingTarget) -> str:
    """Java, by the low-level client, whose requests are the same for every version."""
    user = quoted(target.connection.user) if target.has_simple_user else f'System.getenv("{USER}")'
    lines, value = [], ""
    match target.sign_in:
        case SignIn.PASSWORD:
            lines += [
                f'String pair = {user} + ":" + System.getenv("{PASSWORD}");',
                "byte[] bytes = pair.getBytes(StandardCharsets.UTF_8);",
            ]
            value = '"Basic " + Base64.getEncoder().encodeToString(bytes)'
        case SignIn.API_KEY:
            value = f'"ApiKey " + System.getenv("{API_KEY}")'
        case SignIn.TOKEN:
            value = f'"Bearer " + System.getenv("{TOKEN}")'
        case SignIn.NONE:
            pass
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
    return filled(
        "java",
        {
            "ORIGIN": quoted(target.url.removesuffix(path)),
            "BULK": quoted(_bulk_path(target)),
            "LINES": indented(lines, 4),
            "TRUST": trust,
        },
    )


def curl(target: ShippingTarget) -> str:
    """No client at all: a shell, and a request for a thousand lines."""
    name, _ = secret_of(target)
    checks = [f': "${{{name}:?set it to the secret}}"'] if name else []
    user = shlex.quote(target.connection.user)
    match target.sign_in:
        case SignIn.PASSWORD:
            pair = f"printf '%s:%s' {user} \"${PASSWORD}\" | base64 | tr -d '\\n'"
            sign_in = f"printf 'Authorization: Basic %s\\n' \"$({pair})\""
        case SignIn.API_KEY:
            sign_in = f"printf 'Authorization: ApiKey %s\\n' \"${API_KEY}\""
        case SignIn.TOKEN:
            sign_in = f"printf 'Authorization: Bearer %s\\n' \"${TOKEN}\""
        case SignIn.NONE:
            sign_in = ":"
    tls = "--insecure " if target.is_unverified else f"--cacert {shlex.quote(target.ca)} " if target.ca else ""
    return filled(
        "curl",
        {
            "URL": shlex.quote(f"{target.url}{_bulk_path(target)}"),
            "CHECKS": "\n".join(checks),
            "SIGNIN": sign_in,
            "TLS": tls,
        },
    )


def _bulk_path(target: ShippingTarget) -> str:
    kind = f"/{target.type}" if target.type else ""
    return f"/{quote(target.index, safe='')}{kind}/_bulk"
