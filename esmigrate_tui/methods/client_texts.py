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
    refused,
    secret_of,
)
from esmigrate_tui.model.connection import SignIn

_PYTHON: Final = '''
"""Send JSON documents, a line each, from standard input: python send.py < documents.ndjson"""

import json
import os
import sys

from elasticsearch import Elasticsearch, helpers

client = Elasticsearch(
    @URL@,
    @LINES@
)


def documents():
    """Each document with what is to be done with it."""
    for line in sys.stdin.buffer:
        # Give "_id" as well where a document has one of its own: sent again, it then doubles nothing.
        if line.strip():
            yield {"_op_type": "create", "_index": @INDEX@, @TYPE@"_source": json.loads(line)}


refused = 0
for is_good, answer in helpers.streaming_bulk(client, documents(), max_retries=8, raise_on_error=False):
    if not is_good:
        refused += 1
        print(json.dumps(answer), file=sys.stderr)
if refused:
    sys.exit(f"{refused} documents were refused; each is above, with the reason.")
'''


def python(target: ShippingTarget) -> str:
    """The Python client, by its helper that sends again what the cluster is too busy for."""
    is_new = target.version.major >= 8
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
        _PYTHON,
        {
            "URL": repr(target.url),
            "INDEX": repr(target.index),
            "TYPE": f'"_type": {target.type!r}, ' if target.type else "",
            "LINES": indented(lines, 4),
        },
    )


_JAVASCRIPT: Final = """
// Send JSON documents, a line each, from standard input: node send.mjs < documents.ndjson
import { Client } from '@elastic/elasticsearch'
import { createInterface } from 'node:readline'
import { readFileSync } from 'node:fs'

const client = new Client({
  node: @URL@,
  @LINES@
})

async function * documents () {
  // As text: JSON.parse would round integers above 2^53.
  for await (const line of createInterface({ input: process.stdin })) if (line.trim()) yield line
}

let refused = 0
await client.helpers.bulk({
  datasource: documents(),
  // Give _id as well where a document has one of its own: sent again, it then doubles nothing.
  onDocument: () => ({ create: { _index: @INDEX@@TYPE@ } }),
  onDrop: (one) => { refused += 1; console.error(JSON.stringify(one)) }
})
if (refused) {
  console.error(`${refused} documents were refused; each is above, with the reason.`)
  process.exitCode = 1
}
"""


def javascript(target: ShippingTarget) -> str:
    """The JavaScript client, by its bulk helper; documents stay the text that they are."""
    if target.version.major < 7:
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
    tls = "tls" if target.version.major >= 8 else "ssl"
    if target.ca:
        partial = ", allowPartialTrustChain: true" if target.fingerprint else ""
        lines.append(f"{tls}: {{ ca: readFileSync({quoted(target.ca)}){partial} }},")
    elif target.is_unverified:
        lines.append(f"{tls}: {{ rejectUnauthorized: false }},")
    text = filled(
        _JAVASCRIPT,
        {
            "URL": quoted(target.url),
            "INDEX": quoted(target.index),
            "TYPE": f", _type: {quoted(target.type)}" if target.type else "",
            "LINES": indented(lines, 2),
        },
    )
    return text if target.ca else text.replace("import { readFileSync } from 'node:fs'\n", "", 1)


_GO: Final = """
// Send JSON documents, a line each, from standard input: go run send.go < documents.ndjson
package main

import (
	"bufio"
	"bytes"
	"context"
	@TLSIMPORTS@
	"log"
	@HTTPIMPORT@
	"os"

	"github.com/elastic/go-elasticsearch/v@MAJOR@"
	"github.com/elastic/go-elasticsearch/v@MAJOR@/esutil"
)

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	@BEFORE@
	client, err := elasticsearch.NewClient(elasticsearch.Config{
		Addresses: []string{@URL@},
		@LINES@
	})
	must(err)
	indexer, err := esutil.NewBulkIndexer(esutil.BulkIndexerConfig{
		Client:  client,
		Index:   @INDEX@@TYPE@,
		OnError: func(_ context.Context, err error) { log.Print(err) },
	})
	must(err)
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, ended := lines.ReadBytes('\\n')
		if line = bytes.TrimSpace(line); len(line) > 0 {
			must(indexer.Add(context.Background(), esutil.BulkIndexerItem{
				Action: "create",
				// Give DocumentID as well where a document has one: sent again, it then doubles nothing.
				Body: bytes.NewReader(line),
				OnFailure: func(
					_ context.Context, _ esutil.BulkIndexerItem, answer esutil.BulkIndexerResponseItem, err error,
				) {
					log.Printf("refused: %d %s: %s %v", answer.Status, answer.Error.Type, answer.Error.Reason, err)
				},
			}))
		}
		if ended != nil {
			break
		}
	}
	must(indexer.Close(context.Background()))
	if refused := indexer.Stats().NumFailed; refused > 0 {
		log.Fatalf("%d documents were refused, or could not be sent; the reasons are above.", refused)
	}
}
"""


def go(target: ShippingTarget) -> str:
    """The Go client, by its bulk indexer."""
    if target.version.major < 6:
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
        _GO,
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


_JAVA: Final = """
// Send JSON documents, a line each, from standard input: java -cp 'lib/*' Send.java < documents.ndjson
// Needs org.elasticsearch.client:elasticsearch-rest-client and what it depends on.
import java.io.BufferedReader;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.apache.http.HttpHost;
import org.apache.http.Header;
import org.apache.http.entity.ContentType;
import org.apache.http.message.BasicHeader;
import org.apache.http.nio.entity.NStringEntity;
import org.apache.http.util.EntityUtils;
import org.elasticsearch.client.Request;
import org.elasticsearch.client.RestClient;
import org.elasticsearch.client.RestClientBuilder;

public class Send {
  // Give "_id" as well where a document has one of its own: sent again, it then doubles nothing.
  static final String ACTION = "{\\"create\\":{}}\\n";
  static final String PATH = @BULK@;

  public static void main(String[] arguments) throws Exception {
    RestClientBuilder builder = RestClient.builder(HttpHost.create(@ORIGIN@));
    @LINES@
    try (RestClient client = builder.build();
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      StringBuilder body = new StringBuilder();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.isBlank()) {
          body.append(ACTION).append(line).append('\\n');
        }
        if (body.length() > 1_000_000) {
          send(client, body);
        }
      }
      send(client, body);
    }
  }

  static void send(RestClient client, StringBuilder body) throws IOException {
    if (body.length() == 0) {
      return;
    }
    Request request = new Request("POST", PATH);
    request.setEntity(new NStringEntity(body.toString(), ContentType.create("application/x-ndjson", "UTF-8")));
    String answer = EntityUtils.toString(client.performRequest(request).getEntity());
    if (!answer.contains("\\"errors\\":false")) {
      throw new IOException("Some of these documents were refused: " + answer);
    }
    body.setLength(0);
  }
@TRUST@
}
"""

_JAVA_CA: Final = """
  static SSLContext trusting(String file) throws Exception {
    KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
    store.load(null, null);
    try (InputStream stream = new FileInputStream(file)) {
      int number = 0;
      for (Certificate one : CertificateFactory.getInstance("X.509").generateCertificates(stream)) {
        store.setCertificateEntry("authority-" + number++, one);
      }
    }
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, factory.getTrustManagers(), null);
    return context;
  }"""

_JAVA_ANY: Final = """
  static SSLContext trustingAnyone() throws Exception {
    TrustManager anyone = new X509TrustManager() {
      public void checkClientTrusted(java.security.cert.X509Certificate[] chain, String kind) {}
      public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String kind) {}
      public java.security.cert.X509Certificate[] getAcceptedIssuers() {
        return new java.security.cert.X509Certificate[0];
      }
    };
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, new TrustManager[] {anyone}, null);
    return context;
  }"""


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
        trust = _JAVA_CA
        lines += [
            f"SSLContext context = trusting({quoted(target.ca)});",
            "builder.setHttpClientConfigCallback(one -> one.setSSLContext(context));",
        ]
    elif target.is_unverified:
        trust = _JAVA_ANY
        lines += [
            "SSLContext context = trustingAnyone();",
            "builder.setHttpClientConfigCallback(",
            "    one -> one.setSSLContext(context).setSSLHostnameVerifier((host, session) -> true));",
        ]
    path = quote(target.connection.endpoint.path, safe="/%")
    if path:
        lines.append(f"builder.setPathPrefix({quoted(path)});")
    return filled(
        _JAVA,
        {
            "ORIGIN": quoted(target.url.removesuffix(path)),
            "BULK": quoted(_bulk_path(target)),
            "LINES": indented(lines, 4),
            "TRUST": trust,
        },
    )


_CURL: Final = """
#!/usr/bin/env bash
# Send JSON documents, a line each: ./send.sh documents.ndjson
# Each gets a new _id: what is sent twice is there twice. It stops at the first request of which something was refused.
set -euo pipefail

url=@URL@
@CHECKS@

sign_in() {
  @SIGNIN@
}

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
split --lines=1000 -- "$1" "$folder/part."
for part in "$folder"/part.*; do
  sed -e '/^[[:space:]]*$/d' -e 's/^/{"create":{}}\\n/' "$part" >"$folder/body"
  # The secret goes through a pipe: it is not among the arguments that everyone on this machine can see.
  curl --silent --show-error --fail @TLS@--header @<(sign_in) \\
    --header 'Content-Type: application/x-ndjson' --data-binary "@$folder/body" "$url" >"$folder/answer"
  if ! grep -q '"errors":false' "$folder/answer"; then
    echo "Some of these documents were refused:" >&2
    cat "$folder/answer" >&2
    exit 1
  fi
done
"""


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
        _CURL,
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
