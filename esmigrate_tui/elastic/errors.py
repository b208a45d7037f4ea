"""What went wrong, as a person needs it: from an answer or from silence to one Problem, by pure functions.

```
nothing came back: explain_silence()
├── the name is not known · nobody listens there · unreachable · too slow ........ CONNECTION
├── the line broke after a change was sent ...................................... UNKNOWN_OUTCOME
├── the certificate: unknown authority · self-signed · another host's · expired · not the pinned one;
│   TLS where there is none, no TLS where it is asked for ....................... CERTIFICATE
└── a redirect, or something that is not HTTP ................................... NOT_ELASTICSEARCH
an answer came: explain()
├── not JSON, not Elasticsearch's ............................................... NOT_ELASTICSEARCH
├── handed on: the destination repeats what the source, or the way to it, said
│   ├── not on its whitelist .................................................... NOT_WHITELISTED
│   ├── cannot be reached from there ............................................ CONNECTION, CERTIFICATE
│   └── the source's own answer, explained by this same tree as the source's
├── known words (_KNOWN), most telling first
└── else by the status .......................................................... AUTHENTICATION, PRIVILEGES, MISSING, …
```
"""

from __future__ import annotations

import errno
import re
import socket
import ssl
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import aiohttp
import msgspec
from elastic_transport import ConnectionTimeout

from esmigrate_tui.elastic.transport import RedirectedError, TooLargeAnswerError
from esmigrate_tui.model.connection import SignIn
from esmigrate_tui.model.problem import Cause, Problem, ProblemError
from esmigrate_tui.model.text import clean, size

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from esmigrate_tui.model.connection import Endpoint

__all__ = [
    "TAGLINE",
    "UnreadAnswerError",
    "explain",
    "explain_answer",
    "explain_silence",
    "not_elasticsearch",
    "was_given_up",
    "without_master",
    "words",
]


class UnreadAnswerError(ProblemError):
    """An answer was given up because it is too large: whatever it was the answer to may have been done."""


TAGLINE: Final = "You Know, for Search"
"""What `GET /` of every Elasticsearch ends with."""

_EVIDENCE: Final = 600
_REASON: Final = 300
# Texts from outside are cut before they are matched: what a server means to say stands in the first thousands of
# characters, and a pattern must never be given a text whose length another machine has chosen.
_LONGEST_REASON: Final = 4_000
_LONGEST_TEXT: Final = 16_000
_LONGEST_BODY: Final = 64 * 1024
_MOST_PARTS: Final = 32
_MOST_LOOKED_AT: Final = 400


class _KnownWords(NamedTuple):
    """Words that a server is known to use, and what they mean; {place} and the pattern's named groups are filled in."""

    pattern: re.Pattern[str]
    cause: Cause
    what: str
    why: str = ""
    todo: str = ""


def _known(pattern: str, cause: Cause, what: str, why: str = "", todo: str = "") -> _KnownWords:
    return _KnownWords(re.compile(pattern, re.DOTALL), cause, what, why, todo)


# Matched against "type: reason" of the error and of all its causes, one a line. The first that fits wins.
_KNOWN: Final = (
    # what a remote reindex says
    _known(
        r"\[(?P<host>[^\]]{1,300})\] not (?:whitelisted in|allow-?listed in) reindex\.remote\.whitelist",
        Cause.NOT_WHITELISTED,
        "{place} may not read from {host}: its setting reindex.remote.whitelist does not name that address.",
        "Elasticsearch reads from another cluster only when its configuration allows it, by host and port as written.",
        'Add "{host}" to reindex.remote.whitelist beside what stands there already: in elasticsearch.yml of every '
        "node, which is then restarted, or in the user settings of a hosted deployment.",
    ),
    _known(
        r"chunk that was too large|ontent is too long \[\d{1,19}\] for the configured buffer limit",
        Cause.TOO_LARGE,
        "{place} was sent one batch of documents of more than 100 MB, which it cannot hold.",
        "A remote reindex keeps a whole batch in a buffer of 100 MB that cannot be made larger.",
        "Make the batches smaller: halve the number of documents a batch, down to 1.",
    ),
    _known(
        r"didn't store _source",
        Cause.UNSUPPORTED,
        "{place} cannot copy this index: it holds documents whose _source was not stored.",
        "Only the original document can be written again, and this index was told not to keep it.",
        "Restore it from a snapshot, or index it again from where its documents came from.",
    ),
    _known(
        r"op_type of create are allowed in data streams",
        Cause.REFUSED,
        "{place} refused the documents: a data stream only takes them with op_type create.",
        "A data stream is only ever added to.",
        "Set op_type to create for the destination.",
    ),
    _known(
        r"\[host\] must be of the form",
        Cause.USAGE,
        "{place} does not understand the address of the source.",
        "It wants scheme, host and port, such as https://old.example.org:9200.",
        "Spell the address out.",
    ),
    # disk, before the other blocks, and whatever the status: 403 on old versions, 429 from 7.7
    _known(
        r"(?:FORBIDDEN|TOO_MANY_REQUESTS)/12/|flood-stage watermark|[Nn]o space left on device",
        Cause.DISK_FULL,
        "A disk of {place} is full: it has put a read-only block on the index.",
        "Past its flood-stage watermark (95 % by default) Elasticsearch lets nothing be written, only deleted.",
        "Free some space or add disks. From 7.4 the block goes by itself; on older versions take "
        "index.blocks.read_only_allow_delete off the index. Nothing is lost: the work goes on from there.",
    ),
    _known(
        r"master_not_discovered_exception|cluster_manager_not_discovered|SERVICE_UNAVAILABLE/2/",
        Cause.BUSY,
        "{place} has no elected master, so nothing can be made or changed there.",
        "Too few of its nodes find one another to elect one.",
        "Start the nodes that are missing. Where they run, their logs say whom they look for (discovery.*).",
    ),
    _known(
        r"process_cluster_event_timeout_exception",
        Cause.BUSY,
        "The master of {place} did not get round to it: too many tasks wait before this one.",
        "Each index that is made or changed is a task of the master.",
        "Wait until they are fewer (GET /_cluster/pending_tasks), or move fewer indices at once.",
    ),
    _known(
        r"SERVICE_UNAVAILABLE/|unavailable_shards_exception|no_shard_available_action_exception"
        r"|node_not_connected_exception|node_disconnected_exception",
        Cause.BUSY,
        "{place} is not ready: it is still starting, or shards that are needed are not there.",
        "This is so while nodes start, leave or recover.",
        "Wait until its health is yellow or green.",
    ),
    _known(
        r"index_closed_exception|/4/index closed",
        Cause.BLOCKED,
        "The index is closed on {place}.",
        "A closed index can neither be searched nor written to.",
        "Open it (POST /INDEX/_open), or leave it out.",
    ),
    _known(
        r"blocked by: \[(?P<block>[^\]]{1,300})\]",
        Cause.BLOCKED,
        "{place} has a block on this: {block}.",
        "Somebody, or a lifecycle policy, has set it.",
        "Take the block off (index.blocks.* of the index, cluster.blocks.* of the cluster) when that is right.",
    ),
    # room and load
    _known(
        r"this action would add \[(?P<more>\d{1,19})\](?: total)?"
        r" shards.{0,300}?\[(?P<have>\d{1,19})\]/\[(?P<most>\d{1,19})\]",
        Cause.BLOCKED,
        "{place} takes no more shards: {more} more are needed, and it has {have} of at most {most}.",
        "cluster.max_shards_per_node limits the open shards for each data node.",
        "Delete or close indices, make new ones with fewer shards or replicas, or raise the limit for now.",
    ),
    _known(
        r"too many scroll contexts",
        Cause.BUSY,
        "{place} has as many open scrolls as it allows.",
        "Each reader holds one; search.max_open_scroll_context is 500 by default.",
        "Wait until others are done, or move fewer indices at once.",
    ),
    _known(
        r"circuit_breaking_exception",
        Cause.BUSY,
        "{place} is short of memory and turned the request down.",
        "Its circuit breaker keeps it from running out of heap.",
        "Wait, and make the batches smaller or fewer at once if it happens again.",
    ),
    _known(
        r"es_rejected_execution_exception|rejected execution of",
        Cause.BUSY,
        "{place} has more work queued than it can hold and turned the request down.",
        "Its write queue is full.",
        "Wait; set a lower pace if it happens again.",
    ),
    # gone
    _known(
        r"search_context_missing_exception|No search context found for id|Cannot parse scroll id",
        Cause.MISSING,
        "{place} no longer knows the scroll from which the documents were being read.",
        "It was kept for a few minutes and nobody asked, or its node was restarted.",
        "Start this index again: what has arrived is kept.",
    ),
    _known(
        r"isn't running and hasn't stored its results"
        r"|task \[[^\]]{0,300}\] (?:belongs to|is not found|was not found|is missing)"
        r"|No such node \[",
        Cause.MISSING,
        "{place} no longer knows that task, nor how it ended.",
        "Its node was restarted or left, or the result was removed.",
        "Compare the documents of both sides before anything is done again.",
    ),
    _known(
        r"repository_missing_exception: \[(?P<repository>[^\]]{1,300})\]|no such repository is registered",
        Cause.MISSING,
        "{place} knows no such snapshot repository.",
        "A repository is registered on each cluster by itself.",
        "Register it there under the same name, read-only.",
    ),
    _known(
        r"index_not_found_exception: no such (?:index|alias)(?: \[(?P<index>[^\]]{1,300})\])?",
        Cause.MISSING,
        "{place} has no such index{named}.",
        "",
        "Was it deleted or renamed meanwhile? Look at the list again.",
    ),
    # there already
    _known(
        r"an open index with same name already exists|cannot restore index \[[^\]]{0,300}\] because it's open",
        Cause.EXISTS,
        "{place} has an open index of the same name, which a restore does not overwrite.",
        "A restore goes over a closed index only, and replaces all that is in it.",
        "Restore under another name, or close or delete that index first.",
    ),
    _known(
        r"(?:resource|index)_already_exists_exception|already exists as (?:an )?alias|index_name_conflict"
        r"|an index(?:, data stream)? (?:or alias )?exists with the same name",
        Cause.EXISTS,
        "{place} already has an index, alias or data stream of that name.",
        "",
        "Choose another name, or remove the one that is there.",
    ),
    _known(
        r"(?:index|component)[_ ]template \[(?P<name>[^\]]{1,300})\] already exists",
        Cause.EXISTS,
        "{place} already has a template {name}.",
        "",
        "Compare the two, and merge them by hand where both are needed.",
    ),
    _known(
        r"Invalid snapshot name \[[^\]]{1,300}\], snapshot with the same name already exists",
        Cause.EXISTS,
        "{place} has a snapshot of that name in this repository already.",
        "",
        "Give the new one another name.",
    ),
    # versions, licences, what is not installed
    _known(
        r"was created with Elasticsearch version \[(?P<made>[^\]]{1,300})\] which is (?:below|older)"
        r"|created with version \[(?P<made2>[^\]]{1,300})\].{0,300}minimum (?:compatible|index)",
        Cause.UNSUPPORTED,
        "{place} cannot read this index of the snapshot: it is from version {made}, which is too old for it.",
        "A cluster reads what its own and the previous major version wrote.",
        "Go by a version between the two, or use a reindex, which reads any version.",
    ),
    _known(
        r"was created with (?:Elasticsearch )?version \[(?P<made>[^\]]{1,300})\] (?:which is )?(?:higher|newer)"
        r"|which is higher than the version of this node|is higher than the version of this node",
        Cause.UNSUPPORTED,
        "{place} cannot read this snapshot: it was made by a newer version.",
        "Snapshots are never restored into an older version.",
        "Upgrade the destination, or use a reindex.",
    ),
    _known(
        r"must be marked as read-only using the setting \[(?P<setting>[^\]]{1,300})\]",
        Cause.UNSUPPORTED,
        "{place} only reads an index this old where it was marked read-only ({setting}) before the snapshot.",
        "A cluster writes what its own and the previous major version wrote, and from 9.0 reads one more.",
        "Mark it on 8.18 or newer (POST /INDEX/_block/write) and take another snapshot, or use a reindex.",
    ),
    _known(
        r"unknown field name\s{1,9}\[min_version\]",
        Cause.UNSUPPORTED,
        "{place} cannot read this repository: a newer version wrote to it last.",
        "Snapshots are never restored into an older version.",
        "Upgrade the destination, or use a reindex.",
    ),
    _known(
        r"location \[(?P<folder>[^\]]{1,300})\] doesn't match any of the locations specified by path\.repo",
        Cause.UNSUPPORTED,
        "{place} may not use the folder {folder}: its setting path.repo does not name it.",
        "Elasticsearch opens folders only that its configuration allows.",
        "Add the folder to path.repo in elasticsearch.yml of every node, and restart them.",
    ),
    _known(
        r"url \[(?P<url>[^\]]{1,300})\] doesn't match any of the locations specified by path\.repo or"
        r" repositories\.url",
        Cause.UNSUPPORTED,
        "{place} may not read from {url}: its setting repositories.url.allowed_urls does not name it.",
        "Elasticsearch reads repositories only from addresses that its configuration allows.",
        "Add the address to repositories.url.allowed_urls in elasticsearch.yml of every node, and restart them.",
    ),
    _known(
        r"The specified (?:bucket|container) does not exist|NoSuchBucket|ContainerNotFound|no_such_bucket_exception"
        r"|Unable to check if bucket",
        Cause.MISSING,
        "{place} finds no bucket or container of that name.",
        "The name is wrong, it is in another account or region, or its client there may not see it.",
        "Look at the name, and at the client's region and endpoint in elasticsearch.yml of the nodes.",
    ),
    _known(
        r"Unknown (?:s3 )?client name \[(?P<client>[^\]]{0,300})\]|Unable to find client with name"
        r" \[(?P<client2>[^\]]{0,300})\]",
        Cause.UNSUPPORTED,
        "{place} has no client named {client} for such repositories.",
        "Address and secrets of a store are kept by the nodes, under the name of a client.",
        "Put the client's secrets into the keystore of every node, then POST /_nodes/reload_secure_settings.",
    ),
    _known(
        r"Unable to load (?:AWS )?credentials|InvalidAccessKeyId|SignatureDoesNotMatch|AccessDenied(?!Exception)"
        r"|AuthenticationFailed|AuthorizationFailure",
        Cause.PRIVILEGES,
        "The store refused {place}: the secrets in the keystore of its nodes are missing, wrong or not enough.",
        "The nodes themselves sign in to the store, with what is in their keystore.",
        "Correct them with elasticsearch-keystore on every node, then POST /_nodes/reload_secure_settings.",
    ),
    _known(
        r"cannot be accessed on the node|store \[[^\]]{0,300}\] is not shared between",
        Cause.UNSUPPORTED,
        "Not every node of {place} sees the same repository.",
        "It must be mounted at the same path on every node, readable by the user that runs Elasticsearch.",
        "Mount it on the nodes that the answer names, and look at who may read it.",
    ),
    _known(
        r"is not accessible on master node|repository_verification_exception",
        Cause.MISSING,
        "{place} cannot read the repository at the place it is registered with.",
        "The folder, bucket or path is not there, or the nodes may not read it.",
        "Compare its settings with those of the cluster that writes to it; a relative folder is below path.repo.",
    ),
    _known(
        r"trying to modify or unregister repository that is currently used",
        Cause.BUSY,
        "{place} is still using the repository, for a snapshot or a restore.",
        "",
        "Wait until that has ended.",
    ),
    _known(
        r"index \[(?P<index>[^\]]{1,300})\] wasn't fully snapshotted",
        Cause.REFUSED,
        "{place} does not restore {index}: some of its shards are not in the snapshot.",
        "They were not there when the snapshot was made.",
        "Restore from another snapshot, or allow a partial restore: the missing shards will be empty.",
    ),
    _known(
        r"cannot restore partial index \[(?P<index>[^\]]{1,300})\] because such index already exists",
        Cause.EXISTS,
        "{place} does not restore {index}: parts of an index never go into one that is there, even a closed one.",
        "",
        "Restore under another name, or delete that index first.",
    ),
    _known(
        r"cannot restore index \[(?P<index>[^\]]{1,300})\] with \[(?P<old>\d{1,19})\] shards? from a snapshot of index"
        r" \[[^\]]{0,300}\] with \[(?P<new>\d{1,19})\] shards?",
        Cause.EXISTS,
        "{place} does not restore into {index}: it has {old} shards there, and {new} in the snapshot.",
        "Only a closed index with as many shards can be restored into.",
        "Restore under another name, or delete that index first.",
    ),
    _known(
        r"feature_not_enabled_exception: (?P<feature>[^\n]{1,300})",
        Cause.UNSUPPORTED,
        "{place} has this switched off: {feature}.",
        "",
        "Have it switched on in elasticsearch.yml, or do without it.",
    ),
    _known(
        r"non-compliant for \[(?P<feature>[^\]]{1,300})\]",
        Cause.UNSUPPORTED,
        "The licence of {place} does not include {feature}.",
        "It is a feature that is paid for, and the licence there is another one, or has expired.",
        "Do without it, or start a trial there (POST /_license/start_trial?acknowledge=true).",
    ),
    _known(
        r"(?:repository type \[(?P<kind>[^\]]{1,300})\] does not exist|Unknown \[repository\] type"
        r" \[(?P<kind2>[^\]]{1,300})\])",
        Cause.UNSUPPORTED,
        "{place} has no repositories of the type {kind}.",
        "On older versions such a type is a plugin.",
        "Install repository-{kind} on every node and restart, or use a type it has.",
    ),
    _known(
        r"failed to find (?P<part>[\w ]{1,40}) under(?: the)? name \[(?P<name>[^\]]{1,300})\]"
        r"|Unknown (?P<part2>tokenizer|filter|char_filter|analyzer|tokenfilter|normalizer)"
        r"(?: type)? \[(?P<name2>[^\]]{1,300})\]",
        Cause.UNSUPPORTED,
        "{place} lacks the {part} {name} that the index is defined with.",
        "It belongs to a plugin or a module that is not installed there.",
        "Install the same analysis plugins on the destination, or change the definition.",
    ),
    _known(
        r"has more than one write index",
        Cause.REFUSED,
        "{place} refused the alias: it would have more than one write index.",
        "An alias has at most one index that is written to.",
        "Leave the aliases out, or take is_write_index off one of them.",
    ),
    _known(
        r"Limit of total fields \[(?P<most>\d{1,19})\]",
        Cause.REFUSED,
        "{place} refused a document or mapping: the index would have more than {most} fields.",
        "index.mapping.total_fields.limit keeps mappings from growing without end.",
        "Raise that setting on the destination index, or map what needs no search as flattened or disabled.",
    ),
    _known(
        r"would have more than 1 type",
        Cause.REFUSED,
        "{place} refused documents of a second type: from version 6 an index has only one.",
        "",
        "Split the index by its types, one destination index each.",
    ),
    _known(
        r"invalid_index_name_exception: Invalid index name \[(?P<name>[^\]]{0,300})\],? ?(?P<rule>[^\n]{0,300})",
        Cause.USAGE,
        "{place} does not allow the name {name}: {rule}.",
        "",
        "Choose another name.",
    ),
    # who is asking
    _known(
        r"(?:api key|token) (?:is |has |was )?(?:been )?expired|token expired",
        Cause.AUTHENTICATION,
        "{place} refused the API key or token: it has expired.",
        "",
        "Make a new one.",
    ),
    _known(
        r"api key (?:has been|is) invalidated|unable to find apikey|invalid ApiKey|invalid credentials for API key"
        r"|apikey authentication for id",
        Cause.AUTHENTICATION,
        "{place} refused the API key: it is unknown there, revoked or wrong.",
        "A key is valid on the cluster that made it only.",
        "Make a new one there, and copy its encoded form.",
    ),
    _known(
        r"(?:failed|unable) to authenticate user \[(?P<user>[^\]]{0,300})\]",
        Cause.AUTHENTICATION,
        "{place} refused user {user}: the name or the password is wrong.",
        "",
        "Type them again; a reset is bin/elasticsearch-reset-password (8.0 and newer) or the file realm.",
    ),
    _known(
        r"(?:action|unauthorized).{0,40}\[(?P<action>[^\]]{1,300})\] is unauthorized for (?P<who>[^\n]{1,2000}?)"
        r"(?:,? this action is granted by the (?P<needed>[^\n]{1,300}))?(?:\n|$)",
        Cause.PRIVILEGES,
        "{place} does not allow {action} to {who}.",
        "",
        "Give that user or key a role with {needed}, or sign in as another.",
    ),
    # what it does not have
    _known(
        r"Incorrect HTTP method for uri \[(?P<uri>[^\]?]{1,300})|no handler found for uri \[(?P<uri2>[^\]?]{1,300})"
        r"|No handler found for uri \[(?P<uri3>[^\]?]{1,300})",
        Cause.UNSUPPORTED,
        "{place} does not offer {uri}.",
        "Its version or its modules do not have it.",
        "Choose another way to move the data.",
    ),
    _known(
        r"media_type_header_exception",
        Cause.UNSUPPORTED,
        "{place} does not understand the request's media type.",
        "",
        "Is there a proxy between that rewrites headers?",
    ),
)

# What a server says that was told to read from another one and could not get there.
_UNREACHED: Final = (
    _known(
        r"PKIX path building failed|unable to find valid certification path|path validation failed"
        r"|signed_certificate|trust anchor",
        Cause.CERTIFICATE,
        "{place} does not trust the certificate of {remote}.",
        "The trust that counts is in its own configuration, not on this machine.",
        "Put the authority's file on every node of {place}, name it in reindex.ssl.certificate_authorities, restart.",
    ),
    _known(
        r"No (?:subject alternative|name matching)|peer_unverified|doesn't match any of the subject alternative",
        Cause.CERTIFICATE,
        "The certificate of {remote} is for another host name, so {place} does not accept it.",
        "",
        "Use a name that stands in the certificate, or set reindex.ssl.verification_mode to certificate.",
    ),
    _known(
        r"plaintext connection|Unsupported or unrecognized SSL message",
        Cause.CERTIFICATE,
        "{place} was told to use TLS with {remote}, which answers without.",
        "",
        "Write http:// instead of https:// in the address of the source.",
    ),
    _known(
        r"s_s_l_\w{1,60}exception|SSLException|SSLHandshakeException",
        Cause.CERTIFICATE,
        "{place} could not agree on TLS with {remote}.",
        "",
        "Look at reindex.ssl.* of the destination and at the protocols of the source.",
    ),
    _known(
        r"unknown_host_exception|unresolved_address_exception|Name or service not known|nodename nor servname",
        Cause.CONNECTION,
        "{place} does not know the name of {remote}.",
        "It is the destination that connects to the source, from its own network and with its own name server.",
        "Use a name or an address that the destination's nodes know.",
    ),
    _known(
        r"connect_exception|connect_timeout|no_route_to_host|http_host_connect|Connection refused|Network is unreach",
        Cause.CONNECTION,
        "{place} cannot reach {remote}.",
        "It is the destination that connects to the source, from its own network.",
        "Open the way between them (firewall, security group, port), or copy through this machine instead.",
    ),
    _known(
        r"socket_timeout_exception|timeout_exception|listener timeout|timed out",
        Cause.CONNECTION,
        "{place} waited too long for {remote}.",
        "The source answered too late, or the way between them swallows what is sent.",
        "Make the batches smaller, raise socket_timeout, or see how busy the source is.",
    ),
    _known(
        r"connection_closed_exception|[Cc]onnection (?:is )?(?:closed|reset)|Broken pipe|no_http_response",
        Cause.CONNECTION,
        "The line from {place} to {remote} broke off.",
        "The source, or something between them, closed it.",
        "Is the source still up? With http:// in the address, does it want https://?",
    ),
)

_BY_STATUS: Final[dict[int, tuple[Cause, str, str]]] = {
    401: (Cause.AUTHENTICATION, "{place} refused the sign-in.", "Look at user, password or API key."),
    403: (Cause.PRIVILEGES, "{place} does not allow this to whoever signed in.", "Sign in as somebody who may."),
    404: (Cause.MISSING, "{place} has no such thing.", "Look at the list again."),
    405: (Cause.UNSUPPORTED, "{place} does not offer this.", "Choose another way to move the data."),
    406: (Cause.UNSUPPORTED, "{place} does not understand the request's media type.", "Is a proxy rewriting headers?"),
    408: (Cause.BUSY, "{place} took too long.", "Wait, and try again."),
    413: (Cause.TOO_LARGE, "{place} was sent more at once than it takes.", "Make the batches smaller."),
    429: (Cause.BUSY, "{place} is too busy and asked to wait.", "Wait; set a lower pace if it happens again."),
    502: (Cause.BUSY, "What stands before {place} could not reach it.", "Is the cluster up? Wait, and try again."),
    503: (Cause.BUSY, "{place} is not ready.", "Wait until its health is yellow or green."),
    504: (Cause.BUSY, "What stands before {place} gave up waiting for it.", "Wait, and try again."),
}


class _Said(NamedTuple):
    """An error as it was told: what was wrong, each cause once, most general first."""

    parts: tuple[tuple[str, str], ...]
    detail: Mapping[str, Any]

    @property
    def text(self) -> str:
        lines = ((f"{kind}: {reason}" if kind else reason)[:_LONGEST_REASON] for kind, reason in self.parts)
        return "\n".join(lines)[:_LONGEST_TEXT]


def _named(error: Mapping[str, Any], key: str) -> str:
    """A word of an error where it is one: a reason that is an object stands below, and never in its Python form."""
    told = error.get(key)
    return told[:_LONGEST_BODY] if isinstance(told, str) else ""


def _below(error: Mapping[str, Any]) -> Iterator[object]:
    """What an error holds that may be its cause, most telling first."""
    if not isinstance(error.get("reason"), str):
        yield error.get("reason")
    yield error.get("caused_by")
    for name in ("root_cause", "failed_shards", "suppressed"):
        entries = error.get(name)
        yield from entries[:_MOST_PARTS] if isinstance(entries, list) else ()
    yield error.get("additional_unsuccessful_credentials")
    yield error.get("error")


def _walk(error: object) -> Iterator[tuple[str, str]]:
    """Type and reason of an error and of what is below it: so many at most, however deep and however wide it is."""
    pending: list[object] = [error]
    looked_at = 0
    while pending and looked_at < _MOST_LOOKED_AT:
        one, looked_at = pending.pop(), looked_at + 1
        if isinstance(one, str):
            yield "", one[:_LONGEST_BODY]
        if not isinstance(one, dict):
            continue
        kind, reason = _named(one, "type"), _named(one, "reason")
        if kind or reason:
            yield kind, reason
        pending += reversed([*_below(one)])


def _failures(body: dict[str, Any]) -> list[Any]:
    """Why each shard failed, in the answer of a search that 2.4 gives an error's status: it has no error of its own."""
    shards = body.get("_shards")
    failures = shards.get("failures") if isinstance(shards, dict) else None
    return [one.get("reason") for one in failures if isinstance(one, dict)] if isinstance(failures, list) else []


def _said(body: object) -> _Said | None:
    """The error in a body; None where it is not one of Elasticsearch's."""
    if isinstance(body, bytes | bytearray | str):
        try:
            body = msgspec.json.decode(body)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return None
    if not isinstance(body, dict):
        return None
    error = body.get("error")
    if error is None and ("type" in body or "reason" in body):
        error = body
    if error is None and (failures := _failures(body)):
        error = {"failed_shards": failures}
    if not isinstance(error, str | dict):
        return None
    parts = tuple(islice(dict.fromkeys(_walk(error)), _MOST_PARTS))
    return _Said(parts, error if isinstance(error, dict) else {})


def words(error: object) -> str:
    """What a server says of one document or task, cleaned: type and reason, and its innermost reason behind it.

    What has neither is told as the JSON that it came as.
    """
    said = _said({"error": error}) if isinstance(error, str | dict) else None
    if said is None or not said.parts:
        return _as_it_came(error)
    kind, reason = said.parts[0]
    first = f"{kind}: {reason}" if kind else reason
    deepest = next((told for _, told in reversed(said.parts) if told), "")
    return clean(first if deepest in first else f"{first} ({deepest})")


def _as_it_came(error: object) -> str:
    """An error without words of its own as the JSON in which it was told, shortened; "" where nothing was."""
    if error is None or error in ("", {}, []):
        return ""
    if isinstance(error, str):
        return clean(error, _REASON)
    try:
        return clean(msgspec.json.encode(error).decode(), _REASON)
    except (TypeError, ValueError, RecursionError):
        return "an error in words that could not be read"


def explain(
    status: int,
    body: object,
    headers: Mapping[str, str],
    endpoint: Endpoint,
    *,
    remote: str = "",
    sign_in: SignIn | None = None,
) -> Problem:
    """What an error answer means.

    `body` is bytes, text, or the JSON in it; `status` 0 where there was none, as in the error of a task. `remote` is
    host and port of the source that the answering cluster was told to read from, "" where it was told none. `sign_in`
    is how the request was signed, None where that is not known.
    """
    place = endpoint.authority
    said = _said(body)
    if said is None:
        return _unfamiliar(status, body, headers, endpoint)
    handed_on = _handed_on(said)
    if handed_on is not None:
        return _repeated(handed_on, place, remote or handed_on.host)
    evidence = _evidence(status, said)
    known_as = _by_words(said, place, evidence, sign_in)
    if known_as is not None:
        return known_as
    if status not in {401, 403}:
        far = remote or "the address that it was told to read from"
        for known in _UNREACHED:
            found = known.pattern.search(said.text)
            if found is not None:
                return _filled(known, found, place=place, said=said, evidence=evidence, remote=clean(far, 200))
    return _by_status(status, said, place, evidence)


def explain_answer(status: int, error: object, place: str) -> Problem:
    """What an error inside an otherwise good answer means (a bulk item, a failure of a task), said of `place`."""
    said = _said(error) or _Said((("", _as_it_came(error)),), {})
    evidence = _evidence(status, said)
    return _by_words(said, place, evidence, None) or _by_status(status, said, place, evidence)


def _by_words(said: _Said, place: str, evidence: str, sign_in: SignIn | None) -> Problem | None:
    if "missing authentication" in said.text:
        return _unsigned(place, evidence, sign_in)
    for known in _KNOWN:
        found = known.pattern.search(said.text)
        if found is not None:
            return _filled(known, found, place=place, said=said, evidence=evidence)
    return None


def _unsigned(place: str, evidence: str, sign_in: SignIn | None) -> Problem:
    """A cluster that saw no sign-in: up to 7.x it says so of a wrong, expired or revoked API key or token, too."""
    match sign_in:
        case SignIn.NONE:
            what = f"{place} wants to know who is asking, and nobody signed in."
            todo = "Give a user and password, or an API key."
        case SignIn.API_KEY | SignIn.TOKEN:
            what = f"{place} did not accept the {'API key' if sign_in is SignIn.API_KEY else 'token'}."
            todo = (
                "It is unknown there, expired or revoked, or such keys are switched off: make a new one, or use a user."
            )
        case _:
            what = f"{place} saw no sign-in that it accepts."
            todo = "Either none was given, or the API key or token is unknown there, expired or revoked."
    return Problem(cause=Cause.AUTHENTICATION, what=what, why="Its security is on.", todo=todo, evidence=evidence)


def _evidence(status: int, said: _Said) -> str:
    reasons = " ← ".join((f"{kind}: {reason}" if kind else reason)[:_LONGEST_REASON] for kind, reason in said.parts)
    return clean(f"HTTP {status} {reasons}" if status else reasons, _EVIDENCE)


def _filled(
    known: _KnownWords, found: re.Match[str], *, place: str, said: _Said, evidence: str, remote: str = ""
) -> Problem:
    groups = {name: clean(value, _REASON) for name, value in found.groupdict().items() if value is not None}
    for name in tuple(groups):
        groups.setdefault(name.rstrip("23"), groups[name])
    index = groups.get("index") or clean(_named(said.detail, "resource.id") or _named(said.detail, "index"), _REASON)
    told = {
        "made": "another version",
        "needed": "that action",
        "kind": "it was asked for",
        **groups,
        "named": f" {index}" if index else "",
        "place": place,
        "remote": remote,
    }
    return Problem(
        cause=known.cause,
        what=known.what.format_map(told),
        why=known.why.format_map(told),
        todo=known.todo.format_map(told),
        evidence=evidence,
    )


def _by_status(status: int, said: _Said, place: str, evidence: str) -> Problem:
    kind, reason = said.parts[0] if said.parts else ("", "")
    deepest = next((told for _, told in reversed(said.parts) if told), "")
    if status in _BY_STATUS:
        cause, what, todo = _BY_STATUS[status]
        why = f"It said: {clean(reason, _REASON).rstrip('.; ')}." if reason else ""
        return Problem(cause=cause, what=what.format(place=place), why=why, todo=todo, evidence=evidence)
    words = clean(reason or kind or "no reason given", _REASON).rstrip(".; ")
    because = f"It said: {clean(deepest, _REASON).rstrip('.; ')}." if deepest and deepest != reason else ""
    return Problem(
        cause=Cause.REFUSED,
        what=f"{place} refused: {words}.",
        why=because,
        todo="Look at what was sent and at the cluster's log." if status < 500 else "Look at the cluster's log.",
        evidence=evidence,
    )


_AWAY: Final = frozenset({408, 429, 502, 503, 504})  # a gateway's words for "not now"


class _HandedOn(NamedTuple):
    """An answer of the source inside one of the destination's."""

    status: int
    body: str
    host: str


_STATUS_LINE: Final = re.compile(
    r"host \[(?:https?://)?(?P<host>[^\]]{0,300})\].{0,1000}?status line \[HTTP/[\d.]{1,9}"
    r" (?P<status>\d{3})[^\]]{0,300}\]"
    r"(?P<body>\n)?",
    re.DOTALL,
)
_STATUS: Final = re.compile(r'"status":(\d{3})\}\s{0,9}$')


def _handed_on(said: _Said) -> _HandedOn | None:
    if not any(kind in {"status_exception", "response_exception"} for kind, _ in said.parts):
        return None
    for _, reason in said.parts:
        found = _STATUS_LINE.search(reason[:_LONGEST_REASON])
        if found is not None:
            return _HandedOn(int(found["status"]), reason[found.end() :] if found["body"] else "", found["host"])
    for kind, reason in said.parts:
        if kind == "status_exception":
            inner = reason.partition("body=")[2]
            parsed = _STATUS.search(inner[-100:])
            return _HandedOn(int(parsed[1]) if parsed else 0, inner, "")
    return None


def _repeated(answer: _HandedOn, place: str, remote: str) -> Problem:
    """The source's own answer, said of the source, with who had asked."""
    far = clean(remote, 200) or "the source"
    said = _said(answer.body)
    asked = f"It was asked by {place}, with the credentials given for the source."
    if said is None:
        is_refused, is_away = answer.status in {401, 403}, answer.status in _AWAY
        what = f"{far} answered {place} with HTTP {answer.status}"
        return Problem(
            cause=Cause.AUTHENTICATION if is_refused else Cause.BUSY if is_away else Cause.NOT_ELASTICSEARCH,
            what=f"{what}." if is_refused else f"{what}, and not in the words of Elasticsearch.",
            why=f"{asked} What stands before it could not reach it." if is_away else asked,
            todo="Is the source up, and what stands before it? Wait, and try again."
            if is_away
            else "Look at address, port and path of the source, as seen from the destination, and at its credentials.",
            evidence=clean(f"HTTP {answer.status} {answer.body}", _EVIDENCE),
        )
    inner = explain_answer(answer.status, {"error": said.detail or said.text}, far)
    return msgspec.structs.replace(inner, why=f"{asked} {inner.why}".strip())


def _unfamiliar(status: int, body: object, headers: Mapping[str, str], endpoint: Endpoint) -> Problem:
    """An error that is not in Elasticsearch's words: from a proxy, a web server or a hosted platform's front door."""
    text = _told_by(body)[:_LONGEST_TEXT]
    evidence = clean(f"HTTP {status} {text}".strip(), _EVIDENCE)
    place = endpoint.authority
    if "plain HTTP request was sent to HTTPS port" in text or "speaks https" in text:
        return Problem(
            cause=Cause.CERTIFICATE,
            what=f"{place} wants TLS, and the address begins with http://.",
            todo="Write https:// instead.",
            evidence=evidence,
        )
    if re.search(r"Unknown (?:deployment|resource|cluster)", text):
        return Problem(
            cause=Cause.CONNECTION,
            what=f"There is no deployment behind {place} (any more).",
            why="The platform's front door answered, not a cluster.",
            todo="Copy the Elasticsearch endpoint from the deployment's page again.",
            evidence=evidence,
        )
    if status == 404 and text.strip() == "{}":  # what is said of a pipeline that is missing, by every version
        return Problem(cause=Cause.MISSING, what=f"{place} has nothing of that name.", evidence=evidence)
    if status == 503 and TAGLINE in text:
        return without_master(place, evidence)
    if status in _BY_STATUS and status not in {404, 405, 406}:
        cause, what, todo = _BY_STATUS[status]
        why = "" if status in {502, 503, 504} else "A proxy before the cluster may have said so."
        return Problem(cause=cause, what=what.format(place=place), why=why, todo=todo, evidence=evidence)
    return not_elasticsearch(endpoint, headers, evidence)


def _told_by(body: object) -> str:
    if isinstance(body, bytes | bytearray):
        return body[:_LONGEST_BODY].decode(errors="replace")
    return body if isinstance(body, str) else _as_it_came(body)


def without_master(place: str, evidence: str) -> Problem:
    """A node that says who it is, and that its cluster has no master: up to 6.8 by its status, then by its UUID."""
    told = explain_answer(503, {"type": "master_not_discovered_exception"}, place)
    return msgspec.structs.replace(told, evidence=evidence)


def not_elasticsearch(endpoint: Endpoint, headers: Mapping[str, str], evidence: str, product: str = "") -> Problem:
    """Something answered that is not Elasticsearch; `product` is what it calls itself, "" where it did not say."""
    server = product or clean(headers.get("server", ""), 80)
    what = f"{endpoint.authority} answers, but it is not Elasticsearch"
    return Problem(
        cause=Cause.NOT_ELASTICSEARCH,
        what=f"{what}: it is {server}." if server else f"{what}.",
        why="OpenSearch parted from Elasticsearch at version 7.10; this program does not speak with it."
        if product == "OpenSearch"
        else "",
        todo="Look at host, port and path. Elasticsearch listens on 9200 unless told otherwise, Kibana on 5601.",
        evidence=clean(evidence, _EVIDENCE),
    )


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An exception with everything it came from; the client's own text says less than its causes."""
    pending: list[BaseException | None] = [error]
    seen: set[int] = set()
    while pending:
        one = pending.pop(0)
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        below = getattr(one, "errors", ())
        pending += [inner for inner in below if isinstance(inner, BaseException)] if isinstance(below, tuple) else []
        for name in ("certificate_error", "os_error"):
            inner = getattr(one, name, None)
            pending += [inner] if isinstance(inner, BaseException) else []
        pending += [one.__cause__, one.__context__]


_READING: Final = frozenset({"GET", "HEAD"})
_CERTIFICATE_CODES: Final[dict[int, tuple[str, str]]] = {
    9: ("is not valid yet", "Look at the clocks of both machines."),
    10: ("has expired", "Have it renewed; only accept it unverified when you know why."),
    18: ("is self-signed, so nobody vouches for it", "Give its own file as authority, or pin its fingerprint."),
    19: (
        "was signed by an authority that this machine does not know",
        "Give that authority's file (http_ca.crt in the cluster's config/certs), or pin the fingerprint.",
    ),
    20: (
        "was signed by an authority that this machine does not know",
        "Give that authority's file (http_ca.crt in the cluster's config/certs), or pin the fingerprint.",
    ),
    21: ("could not be verified", "Give its authority's file, or pin the fingerprint."),
    62: ("is for another host name", "Use a name that stands in the certificate, or pin its fingerprint."),
    64: ("is for another address", "Use a name or address that stands in the certificate, or pin its fingerprint."),
}


def explain_silence(error: BaseException, endpoint: Endpoint, method: str) -> Problem:
    """Why there was no answer to a request of that HTTP method."""
    causes = tuple(_chain(error))
    evidence = clean(next((str(cause) for cause in reversed(causes) if str(cause)), type(error).__name__), _EVIDENCE)
    for cause in causes:
        if isinstance(cause, TooLargeAnswerError):
            return _never_ending(cause.most, endpoint, method)
    problem = (
        _about_tls(causes, endpoint) or _about_the_way(causes, endpoint) or _about_the_line(causes, endpoint, method)
    )
    return msgspec.structs.replace(problem, evidence=problem.evidence or evidence)


def was_given_up(error: BaseException) -> bool:
    """Whether an answer came that was too large to be read, which is silence to whoever asked."""
    return any(isinstance(cause, TooLargeAnswerError) for cause in _chain(error))


def _never_ending(most: int, endpoint: Endpoint, method: str) -> Problem:
    """The trouble with an answer that was given up: what it was the answer to may have been done."""
    what = f"An answer of {endpoint.authority} has more than {size(most)}, and was not read to its end"
    is_change = method not in _READING
    return Problem(
        cause=Cause.UNKNOWN_OUTCOME if is_change else Cause.TOO_LARGE,
        what=f"{what}: it is not known whether this was done." if is_change else f"{what}.",
        why="Nothing that is asked for is that large, and what has no end would fill this machine's memory.",
        todo="Is it the cluster that answers, or something before it?",
    )


def _about_tls(causes: tuple[BaseException, ...], endpoint: Endpoint) -> Problem | None:
    place = endpoint.authority
    # aiohttp's own errors count as those of `ssl`, too, and say nothing of what happened: their causes do.
    told = tuple(cause for cause in causes if not isinstance(cause, aiohttp.ClientError))
    for cause in causes:
        if isinstance(cause, aiohttp.ServerFingerprintMismatch):
            return Problem(
                cause=Cause.CERTIFICATE,
                what=f"{place} shows another certificate than the pinned one.",
                why="It was renewed, this is another server, or somebody is in between.",
                todo="Compare the SHA-256 fingerprint with the cluster's administrator before you pin the new one.",
                evidence=f"pinned {cause.expected.hex()}, shown {cause.got.hex()}",
            )
    for cause in told:
        if isinstance(cause, ssl.SSLCertVerificationError):
            trouble, todo = _CERTIFICATE_CODES.get(cause.verify_code, _CERTIFICATE_CODES[21])
            return Problem(
                cause=Cause.CERTIFICATE,
                what=f"The certificate of {place} {trouble}.",
                why="Without a certificate that can be verified, anybody in between could read the password.",
                todo=todo,
                evidence=clean(str(cause.verify_message or cause), _EVIDENCE),
            )
    for cause in told:
        if isinstance(cause, ssl.SSLError):
            return _about_handshake(cause, endpoint)
    return None


def _about_handshake(error: ssl.SSLError, endpoint: Endpoint) -> Problem:
    place = endpoint.authority
    reason = str(error.reason or error).upper()
    if any(
        sign in reason for sign in ("WRONG_VERSION", "RECORD_LAYER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "TOO_LONG")
    ):
        what, why = f"{place} answers without TLS, and the address begins with https://.", ""
        todo = "Write http:// instead, if the way to it is safe."
    elif "CERTIFICATE_REQUIRED" in reason or "BAD_CERTIFICATE" in reason:
        what, why = (
            f"{place} wants a certificate of the client.",
            "This program signs in by password, API key or token.",
        )
        todo = "Set xpack.security.http.ssl.client_authentication to optional there, or use another address."
    elif "PROTOCOL" in reason:
        what, why = f"{place} only speaks a TLS older than 1.2.", "Those versions are no longer safe."
        todo = "Enable TLS 1.2 there (xpack.security.http.ssl.supported_protocols)."
    else:
        what, why = f"{place} and this machine could not agree on TLS.", ""
        todo = "Look at the certificate and the protocols of the cluster."
    return Problem(cause=Cause.CERTIFICATE, what=what, why=why, todo=todo, evidence=clean(str(error), _EVIDENCE))


def _about_the_way(causes: tuple[BaseException, ...], endpoint: Endpoint) -> Problem | None:
    """Trouble before anything was sent."""
    place = endpoint.authority
    for cause in causes:
        if isinstance(cause, RedirectedError):
            where = clean(cause.location, 200)
            return Problem(
                cause=Cause.NOT_ELASTICSEARCH,
                what=f"{place} sends requests on to {where or 'another address'}.",
                why="A request that changes something must not wander.",
                todo="Give that address, if it is the cluster's.",
            )
        if isinstance(cause, socket.gaierror | aiohttp.ClientConnectorDNSError):
            return Problem(
                cause=Cause.CONNECTION,
                what=f"The name of {place} is not known here.",
                why="The name server does not know it, or there is no network.",
                todo="Look at the spelling; inside a VPN or a container network, is this machine in it?",
            )
    for cause in causes:
        if isinstance(cause, aiohttp.InvalidURL):
            return Problem(cause=Cause.USAGE, what=f"{place} is no address.", todo="Give scheme://host:port.")
        number = getattr(cause, "errno", None)
        if number == errno.ECONNREFUSED or "Connection refused" in str(cause):
            return Problem(
                cause=Cause.CONNECTION,
                what=f"Nobody listens at {place}.",
                why="The machine is there; no program has that port open.",
                todo="Is Elasticsearch running, and is it this port? It is 9200 unless told otherwise.",
            )
        if number in {errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EADDRNOTAVAIL}:
            return Problem(
                cause=Cause.CONNECTION,
                what=f"There is no way from here to {place}.",
                why="The network says that it cannot be reached.",
                todo="Look at VPN, firewall and routes.",
            )
    return None


def _about_the_line(causes: tuple[BaseException, ...], endpoint: Endpoint, method: str) -> Problem:
    """Trouble after the line stood, so that the request may have arrived."""
    place = endpoint.authority
    # of an answer that ends too early the parser complains, too: what began as HTTP was cut off
    is_cut = any(isinstance(cause, aiohttp.ClientPayloadError) for cause in causes)
    if not is_cut and any(isinstance(cause, aiohttp.http_exceptions.HttpProcessingError) for cause in causes):
        return not_elasticsearch(endpoint, {}, str(causes[-1]))
    is_slow = any(isinstance(cause, ConnectionTimeout | TimeoutError) for cause in causes)
    what = f"{place} did not answer in time" if is_slow else f"{place} broke off the line"
    if method not in _READING:
        return Problem(
            cause=Cause.UNKNOWN_OUTCOME,
            what=f"{what}, so it is not known whether this was done.",
            why="The request was sent, and no answer came back.",
            todo="Look at the cluster before it is sent again.",
        )
    if is_slow:
        todo = "Is it overloaded? A firewall that drops what is sent looks the same: is the port open from here?"
    elif endpoint.is_encrypted:
        todo = "Is it starting or stopping? Look at its log."
    else:
        todo = "Is it starting or stopping? If it speaks TLS, write https:// instead of http://."
    return Problem(cause=Cause.CONNECTION, what=f"{what}.", todo=todo)
