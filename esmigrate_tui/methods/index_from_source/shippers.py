"""What a sender is told of this destination: its configuration, and what to do with it, step by step; pure.

Secrets are referred to by name, in a keystore where the sender has one and in its environment elsewhere. Whatever comes
from a person is written as the format of each text wants it; what a format cannot hold is refused in words.
"""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

from esmigrate_tui.methods.index_from_source import clients as client_texts
from esmigrate_tui.methods.index_from_source.sending import (
    API_KEY,
    CERTIFICATE,
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
    target_of,
    user_reference,
)
from esmigrate_tui.model.connection import Connection, SignIn, TrustKind
from esmigrate_tui.model.shipping import Shipper, ShipperConfiguration, ShippingOptions
from esmigrate_tui.model.text import clean

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from esmigrate_tui.model.facts import Version


def configuration(
    shipping: ShippingOptions, connection: Connection, index: str, version: Version
) -> ShipperConfiguration:
    """What the sender needs for this destination of that version; raises ProblemError (unsupported) where it cannot."""
    target = target_of(connection, index, version)
    name, make, steps = _MAKERS[shipping.shipper]
    return ShipperConfiguration(
        name=name,
        text=make(target),
        steps=(
            *_which_version(shipping.shipper, version),
            *_trust_steps(target, shipping.shipper),
            *_open_line(target),
            *steps(target),
            *_last_steps(target, shipping),
        ),
    )


# -- steps that all have in common -------------------------------------------------------------------------------------


def _which_version(shipper: Shipper, version: Version) -> Iterable[str]:
    """Which version of the sender goes with that destination."""
    if shipper is Shipper.LOGSTASH:
        yield (
            f"Use Logstash {version.major}.x, the destination's own major version: this text has its options. A newer "
            "one may refuse an older cluster."
        )
    elif shipper is Shipper.FILEBEAT:
        yield (
            f"Use a Filebeat {version.major}.x that is not newer than the destination ({version}): one that is may "
            "refuse to connect."
        )
    elif shipper is Shipper.PYSPARK:
        yield "Use PySpark 3.5 for Scala 2.12, with Java 8, 11 or 17: the connector that the text names is made for it."
    elif shipper is Shipper.JAVA:
        yield "Use the low-level client (org.elasticsearch.client:elasticsearch-rest-client): it speaks to any version."
    elif shipper.is_client:
        yield (
            f"Use {shipper.title} {version.major}.x: a newer major version asks for answers that this cluster does "
            "not give."
        )


def _trust_steps(target: ShippingTarget, shipper: Shipper) -> Iterable[str]:
    """How the sender comes to trust the certificate that this connection trusts."""
    endpoint, trust = target.connection.endpoint, target.connection.trust
    if target.is_unverified:
        yield (
            "! The certificate is not verified, as in the plan: anyone on the way can pass for the destination and "
            "read the secret. Better give its authority with --destination-ca, and make the text again."
        )
    if not target.ca or (target.fingerprint and shipper in _TAKES_FINGERPRINT):
        return
    if trust.kind is TrustKind.CA_FILE:
        yield (
            f"Copy {clean(target.ca, 300)} to the same place on the sending machine, readable for the sender: it is "
            "the authority that signed the destination's certificate."
        )
        return
    pairs = ":".join(re.findall("..", target.fingerprint.upper()))
    where = shlex.quote(endpoint.authority)
    yield (
        f"Fetch the destination's certificate on the sending machine: openssl s_client -connect {where} </dev/null | "
        f"openssl x509 -out {CERTIFICATE}"
    )
    yield (
        f"Compare it: openssl x509 -in {CERTIFICATE} -noout -fingerprint -sha256 must say {pairs}. If it says "
        f"something else, stop. It has to name {clean(endpoint.host, 200)} too, which the plan's pin does not ask for."
    )


_TAKES_FINGERPRINT: Final = frozenset({Shipper.PYTHON, Shipper.GO})
"""These compare the certificate's own fingerprint; what others call a fingerprint is that of an authority."""


def _open_line(target: ShippingTarget) -> Iterable[str]:
    endpoint = target.connection.endpoint
    if target.sign_in is not SignIn.NONE and not endpoint.is_encrypted and not endpoint.is_loopback:
        yield "! The address begins with http://: the secret will cross the network for everyone to read."


def _last_steps(target: ShippingTarget, shipping: ShippingOptions) -> Iterable[str]:
    index = clean(target.index, 300)
    privileges = "create_doc and auto_configure" if target.features.creates_with_auto_configure else "write"
    if target.sign_in is not SignIn.NONE:
        yield f"The sender needs no more than monitor on the cluster, and {privileges} on {index}."
    yield (
        f"Begin the run first (esmigrate run PLAN): it makes {index} with the mapping of the plan. What is sent "
        "earlier makes the index by itself, with guessed types."
    )
    end = (
        f"The run ends when {shipping.expected} documents have arrived."
        if shipping.expected is not None
        else "When all has arrived, say so: esmigrate enough RUN."
    )
    yield f"Then let {shipping.shipper.title} send. {end}"


# -- Logstash ----------------------------------------------------------------------------------------------------------


def _logstash(target: ShippingTarget) -> str:
    raise_references(target, "Logstash", "%{", "${", '"')
    lines = signing_in(
        target,
        password=[f'user => "{user_reference(target)}"', f'password => "${{{PASSWORD}}}"'],
        key=[f'api_key => "${{{API_KEY}}}"'],
        token=[f'custom_headers => {{ "Authorization" => "Bearer ${{{TOKEN}}}" }}'],
    )
    if target.connection.endpoint.is_encrypted:
        is_new = target.features.logstash_has_ssl_names
        lines.append("ssl_enabled => true" if is_new else "ssl => true")
        if target.ca:
            lines.append(f'ssl_certificate_authorities => ["{target.ca}"]' if is_new else f'cacert => "{target.ca}"')
        if target.is_unverified:
            lines.append('ssl_verification_mode => "none"' if is_new else "ssl_certificate_verification => false")
    if target.features.logstash_has_data_streams:
        lines.append("data_stream => false")
    if target.features.logstash_has_ilm:
        lines.append("ilm_enabled => false")
    if target.type:
        lines.append(f'document_type => "{target.type}"')
    return filled("logstash", target, str, LINES=indented(lines, 4))


def _keystore_steps(target: ShippingTarget, program: str) -> Iterable[str]:
    """How the secret gets into a keystore that asks for it."""
    name, what = secret_of(target)
    if not name:
        return
    form = ", as id:key" if target.sign_in is SignIn.API_KEY else ""
    yield (
        f"Put {what}{form} into the keystore of the sender; it asks for it: {program} add {name} (once before: "
        f"{program} create)."
    )
    if target.sign_in is SignIn.PASSWORD and not target.has_simple_user:
        yield f"The user's name as well: {program} add {USER}."


def _logstash_steps(target: ShippingTarget) -> Iterable[str]:
    yield from _keystore_steps(
        target, "sudo -E /usr/share/logstash/bin/logstash-keystore --path.settings /etc/logstash"
    )
    if target.features.logstash_has_ssl_names and target.connection.endpoint.is_encrypted:
        yield "Logstash before 8.8 calls these options ssl, cacert and ssl_certificate_verification."
    yield "Save the text as /etc/logstash/conf.d/esmigrate-output.conf, beside your inputs and filters."
    yield (
        "Try it: /usr/share/logstash/bin/logstash --path.settings /etc/logstash --config.test_and_exit "
        "-f /etc/logstash/conf.d"
    )


# -- Filebeat ----------------------------------------------------------------------------------------------------------


def _filebeat(target: ShippingTarget) -> str:
    if target.features.has_types:
        raise refused(
            f"Filebeat names its own type of document, which an index of {target.version} cannot have beside another.",
            "Send through Logstash: let Filebeat send to it, and take the text for Logstash.",
        )
    raise_references(target, "Filebeat", "%{", "${")
    lines = signing_in(
        target,
        password=[f"username: {quoted(user_reference(target))}", f'password: "${{{PASSWORD}}}"'],
        key=[f'api_key: "${{{API_KEY}}}"'],
        token=["headers:", f'  Authorization: "Bearer ${{{TOKEN}}}"'],
    )
    if target.ca:
        lines.append(f"ssl.certificate_authorities: [{quoted(target.ca)}]")
    if target.is_unverified:
        lines.append("ssl.verification_mode: none")
    return filled("filebeat", target, LINES=indented(lines, 2))


def _filebeat_steps(target: ShippingTarget) -> Iterable[str]:
    yield from _keystore_steps(target, "sudo filebeat keystore")
    yield "Put the text into /etc/filebeat/filebeat.yml in place of the output that is there; it can have only one."
    yield "Try it: sudo filebeat test config, then sudo filebeat test output"


# -- rsyslog -----------------------------------------------------------------------------------------------------------


def _rsyslog(target: ShippingTarget) -> str:
    if target.connection.endpoint.path:
        raise refused(
            f"rsyslog cannot reach an address with a path: {clean(target.url, 300)}.",
            "Give the sender an address without one, or send through Logstash.",
        )
    lines = []
    if target.sign_in is not SignIn.NONE:
        is_simple = target.sign_in is SignIn.PASSWORD and target.has_simple_user
        lines += [
            f"uid={quoted(target.connection.user) if is_simple else f'`echo ${USER}`'}",
            f"pwd=`echo ${PASSWORD}`",
        ]
    if target.ca:
        lines.append(f"tls.cacert={quoted(target.ca)}")
    if target.is_unverified:
        lines += ['allowUnsignedCerts="on"', 'skipVerifyHost="on"']
    return filled("rsyslog", target, TYPE=target.type, LINES=indented(lines, 4))


def _rsyslog_steps(target: ShippingTarget) -> Iterable[str]:
    yield "Install the module: apt-get install rsyslog-elasticsearch"
    if target.sign_in in {SignIn.API_KEY, SignIn.TOKEN}:
        yield (
            f"rsyslog signs in with a user and a password, which the plan has not got: make a user for it. It reads "
            f"{USER} and {PASSWORD} of its environment."
        )
    if target.sign_in is not SignIn.NONE:
        user = "" if target.sign_in is SignIn.PASSWORD and target.has_simple_user else f", {USER}=…"
        yield (
            f"Write {PASSWORD}=…{user} into /etc/rsyslog-esmigrate.env, which only root may read (chmod 600), and "
            "name it to the service: sudo systemctl edit rsyslog, with the lines [Service] and "
            "EnvironmentFile=/etc/rsyslog-esmigrate.env. rsyslog takes no password with a space in it."
        )
    yield "Save the text as /etc/rsyslog.d/60-esmigrate.conf."
    yield "Try it: sudo rsyslogd -N1 -f /etc/rsyslog.d/60-esmigrate.conf, then sudo systemctl restart rsyslog"


# -- PySpark -----------------------------------------------------------------------------------------------------------


def _pyspark_steps(target: ShippingTarget) -> Iterable[str]:
    if target.ca:
        yield (
            f"Make a store of it on every machine that sends: keytool -importcert -noprompt -alias esmigrate "
            f"-file {clean(shlex.quote(target.ca), 300)} -keystore {client_texts.SPARK_STORE} -storepass changeit. "
            "It holds no secret."
        )
    if target.is_unverified:
        yield "! The connector accepts a certificate that signed itself, and still none of an unknown authority."
    yield from _program(client_texts.SPARK_FILE, client_texts.pyspark)[2](target)
    index = clean(target.index, 300)
    if target.sign_in is not SignIn.NONE:
        yield (
            f"The connector looks whether {index} exists, and keeps there what is rejected: besides what stands below "
            f"it needs view_index_metadata on {index}, and create_index and write on "
            f"{clean(client_texts.rejected_index(target), 300)}."
        )
    yield (
        "Count the rows: spark-submit … --count PLACE (the whole command stands at the top of the text). Given as "
        "--expected, that number ends the run; less what was rejected, it is what has to arrive."
    )


Maker = tuple[str, "Callable[[ShippingTarget], str]", "Callable[[ShippingTarget], Iterable[str]]"]


def _program(file: str, text: Callable[[ShippingTarget], str], install: str = "") -> Maker:
    """A program of one's own, with its steps: what to install, and that the secret is in its environment."""

    def steps(target: ShippingTarget) -> Iterable[str]:
        if install:
            yield f"Install the client: {install.format(major=target.version.major)}"
        name, what = secret_of(target)
        if name:
            form = ", the encoded one" if target.sign_in is SignIn.API_KEY else ""
            is_plain = target.sign_in is not SignIn.PASSWORD or target.has_simple_user
            user = "" if is_plain else f", and {USER} to the user's name"
            yield f"Set {name} to {what}{form}{user} in the environment of the program, and nowhere in its text."
        yield f"Save the text as {file}, or take from it what your program lacks."

    return file, text, steps


_MAKERS: Final[dict[Shipper, Maker]] = {
    Shipper.LOGSTASH: ("esmigrate-output.conf", _logstash, _logstash_steps),
    Shipper.FILEBEAT: ("filebeat.yml", _filebeat, _filebeat_steps),
    Shipper.RSYSLOG: ("60-esmigrate.conf", _rsyslog, _rsyslog_steps),
    Shipper.PYTHON: _program("send.py", client_texts.python, "pip install 'elasticsearch=={major}.*'"),
    Shipper.JAVA: _program("Send.java", client_texts.java),
    Shipper.JAVASCRIPT: _program("send.mjs", client_texts.javascript, "npm install @elastic/elasticsearch@{major}"),
    Shipper.GO: _program("send.go", client_texts.go, "go get github.com/elastic/go-elasticsearch/v{major}"),
    Shipper.PYSPARK: (client_texts.SPARK_FILE, client_texts.pyspark, _pyspark_steps),
    Shipper.CURL: _program("send.sh", client_texts.curl),
}
