"""The words that servers are known to use for what went wrong, and what they mean to a user."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from esmigrate_tui.model.problem import Cause


class KnownError(NamedTuple):
    """Words that a server is known to use, and what they mean; {place} and the pattern's named groups are filled in."""

    pattern: re.Pattern[str]
    cause: Cause
    what: str
    why: str = ""
    todo: str = ""


def _known(pattern: str, cause: Cause, what: str, why: str = "", todo: str = "") -> KnownError:
    return KnownError(re.compile(pattern, re.DOTALL), cause, what, why, todo)


# Matched against "type: reason" of the error and of all its causes, one a line. The first that fits wins.
KNOWN: Final = (
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
        "Only the original document can be written again, and this index is set not to keep it.",
        "Restore it from a snapshot, or index it again from where its documents came from.",
    ),
    _known(
        r"op_type of create are allowed in data streams",
        Cause.REFUSED,
        "{place} rejected the documents: a data stream only takes them with op_type create.",
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
        "Start the nodes that are missing. Where they run, their logs name the nodes that they look for (discovery.*).",
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
        "A user or a lifecycle policy has set it.",
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
        "It was kept for a few minutes without a request, or its node was restarted.",
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
        todo="Was it deleted or renamed meanwhile? Look at the list again.",
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
        todo="Choose another name, or remove the one that exists.",
    ),
    _known(
        r"(?:index|component)[_ ]template \[(?P<name>[^\]]{1,300})\] already exists",
        Cause.EXISTS,
        "{place} already has a template {name}.",
        todo="Compare the two, and merge them by hand where both are needed.",
    ),
    _known(
        r"Invalid snapshot name \[[^\]]{1,300}\], snapshot with the same name already exists",
        Cause.EXISTS,
        "{place} has a snapshot of that name in this repository already.",
        todo="Give the new one another name.",
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
        todo="Wait until that has ended.",
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
        "{place} does not restore {index}: parts of an index never go into one that exists, even a closed one.",
        todo="Restore under another name, or delete that index first.",
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
        todo="Have it switched on in elasticsearch.yml, or do without it.",
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
        "{place} rejected the alias: it would have more than one write index.",
        "An alias has at most one index that is written to.",
        "Leave the aliases out, or take is_write_index off one of them.",
    ),
    _known(
        r"Limit of total fields \[(?P<most>\d{1,19})\]",
        Cause.REFUSED,
        "{place} rejected a document or mapping: the index would have more than {most} fields.",
        "index.mapping.total_fields.limit keeps mappings from growing without end.",
        "Raise that setting on the destination index, or map what needs no search as flattened or disabled.",
    ),
    _known(
        r"would have more than 1 type",
        Cause.REFUSED,
        "{place} rejected documents of a second type: from version 6 an index has only one.",
        todo="Split the index by its types, one destination index each.",
    ),
    _known(
        r"invalid_index_name_exception: Invalid index name \[(?P<name>[^\]]{0,300})\],? ?(?P<rule>[^\n]{0,300})",
        Cause.USAGE,
        "{place} does not allow the name {name}: {rule}.",
        todo="Choose another name.",
    ),
    # who is asking
    _known(
        r"(?:api key|token) (?:is |has |was )?(?:been )?expired|token expired",
        Cause.AUTHENTICATION,
        "{place} rejected the API key or token: it has expired.",
        todo="Make a new one.",
    ),
    _known(
        r"api key (?:has been|is) invalidated|unable to find apikey|invalid ApiKey|invalid credentials for API key"
        r"|apikey authentication for id",
        Cause.AUTHENTICATION,
        "{place} rejected the API key: it is unknown there, revoked or wrong.",
        "A key is valid on the cluster that made it only.",
        "Make a new one there, and copy its encoded form.",
    ),
    _known(
        r"(?:failed|unable) to authenticate user \[(?P<user>[^\]]{0,300})\]",
        Cause.AUTHENTICATION,
        "{place} rejected user {user}: the name or the password is wrong.",
        todo="Type them again; a reset is bin/elasticsearch-reset-password (8.0 and newer) or the file realm.",
    ),
    _known(
        r"(?:action|unauthorized).{0,40}\[(?P<action>[^\]]{1,300})\] is unauthorized for (?P<who>[^\n]{1,2000}?)"
        r"(?:,? this action is granted by the (?P<needed>[^\n]{1,300}))?(?:\n|$)",
        Cause.PRIVILEGES,
        "{place} does not allow {action} to {who}.",
        todo="Give that user or key a role with {needed}, or sign in as another.",
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
        todo="Is there a proxy between that rewrites headers?",
    ),
)

# What a server says that was told to read from another one and could not get there.
UNREACHED: Final = (
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
        todo="Use a name that stands in the certificate, or set reindex.ssl.verification_mode to certificate.",
    ),
    _known(
        r"plaintext connection|Unsupported or unrecognized SSL message",
        Cause.CERTIFICATE,
        "{place} is set to use TLS with {remote}, which responds without.",
        todo="Write http:// instead of https:// in the address of the source.",
    ),
    _known(
        r"s_s_l_\w{1,60}exception|SSLException|SSLHandshakeException",
        Cause.CERTIFICATE,
        "{place} could not agree on TLS with {remote}.",
        todo="Look at reindex.ssl.* of the destination and at the protocols of the source.",
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

BY_STATUS: Final[dict[int, tuple[Cause, str, str]]] = {
    401: (Cause.AUTHENTICATION, "{place} rejected the sign-in.", "Look at user, password or API key."),
    403: (Cause.PRIVILEGES, "{place} does not allow this to the user that signed in.", "Sign in as a user that may."),
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
