"""The page in plain words for each step: what it is, what can go wrong, what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from esmigrate_tui.model.method import MethodName

if TYPE_CHECKING:
    from collections.abc import Callable

    from esmigrate_tui.flow.session import Session

_PAGES: Final[dict[str, tuple[str, str]]] = {
    "start": (
        "Where to begin",
        """
A migration that was started goes on by itself, in a process of its own: closing this screen, or losing the
line, does not stop it. Here you come back to it.

One that stopped half-way (the machine was switched off, say) is taken up where the clusters acknowledged last:
nothing is moved twice, nothing is left out.
""",
    ),
    "method": (
        "Which way",
        """
There are four ways to bring data into a new cluster. Which one fits depends on what you still have: the
original data, a running old cluster, or only a snapshot of it.

Index from the source: you still have what the old cluster was filled from. The most freedom.

Reindex from a remote cluster: both clusters run, and the new one can reach the old one. The new cluster must be
told that it may (the checks show the line). Mappings do not travel by themselves: they are created first.

Restore from a snapshot: fastest, and exact; versions must fit.

Copy through this machine: both run, but cannot see each other; this machine sees both.

For all of them the new cluster should be as large as the old one, or larger.

Once both clusters are tested, come back here (Esc): each method says whether it is open between the two, what has to
be arranged first, and how long it may take; the one to prefer is marked.
""",
    ),
    "connections": (
        "Connections",
        """
Type each cluster's address as you would in a browser, with its port; or paste the Cloud ID of a hosted one.
Then how you sign in. Ctrl+T tests both: it only reads.

A secret is never written into a plan, a log or a report. It is kept in memory while this runs, or in your
keyring if you say so; before you type it you can see which keyring that is.

Trust: with https the certificate tells you that it is really your cluster. If it is signed by an authority of
your own, name the file. If it is self-signed, pin its fingerprint: it is shown to you once, you compare it with
what the cluster's owner sees, and from then on only that one is good.

Refused (401): user or password is wrong, or a key has expired. Not reached: wrong port, a firewall, or the
cluster is down. Not trusted: see Trust above.
""",
    ),
    "files": (
        "Files of this machine",
        """
Name the files: paths, and patterns with * and ?, separated by blanks, relative to the folder in which esmigrate
was started. Enter looks at them: which there are, what they hold, how the first rows would be sent. Nothing in them
is changed, and the files have to stay as they are until the run has ended.

     files of this machine ── read row by row ──→ an index of the new cluster

How they are read is recognised by their first bytes; where that is wrong, say it: the format, what separates the
cells of a table, the encoding. All files of one plan are read in one way.

The _id decides what a second run does. A field that differs in every row, or a hash of the row, gives the same row
the same _id each time, and nothing is doubled. A new one for each row doubles them.

A row that cannot be read is set aside with its file, its line and the reason; all others go on. It is never guessed
at. None of the rows can be read: it is another format. The files are not found: a pattern is matched here, on this
machine, not on the cluster. A look that does not end: the folder is on a network drive that is away.

The index is made if it is not there; one that is there is used as it is, and nothing in it is overwritten.

Another program may send the documents instead: Logstash, Filebeat, rsyslog, a client of your own. Then esmigrate makes
the index with its mapping first, shows what the program has to be told (secrets by the name of its own keystore), and
watches what arrives: until it is as many as you expect, or until you say that this is all (d). What a mapping refuses
is told to the sender alone: it stands in its log.

     Logstash, Filebeat, a client ── send ──→ new cluster ←── esmigrate counts
""",
    ),
    "mapping": (
        "The mapping",
        """
A mapping says what each field is: a number, a date, words to be searched. It is the one thing that cannot be changed
later without indexing everything again, and here you choose it freely.

What you see was guessed from the first rows of the files. The last column is what the new cluster would take the
field for by itself, by the first value that comes: text for every code, and a whole number for good where the first
price happens to have no cents.

Enter chooses another type for a field, f says how its dates are written, x leaves a column of a table out, u takes the
guess again. j shows all of it as JSON, with the index's settings: edit what you like.

A document with a value that does not fit the type is refused by the new cluster and set aside, with its line.
Leave a field to the cluster where you do not care; keep it only (neither parsed nor searched) where nobody looks for
it.
""",
    ),
    "preflight": (
        "Preflight",
        """
Everything that is known to go wrong is looked at before anything moves. Nothing is changed by looking.

What blocks must be put right first: the fix says how, c copies its text, r looks again. A warning may be
accepted with Space; the report will say that you did.

Where a finding says so, x puts it right for you: a setting raised, a closed index opened. It asks first and shows the
request; no document is lost by it, and `esmigrate cleanup` puts it back.

Some checks depend on which indices you choose: after the selection it looks once more.
""",
    ),
    "repository": (
        "The repository",
        """
A snapshot is a copy of indices, kept as files outside of any cluster: in a shared folder, or in a bucket. That
place is called a repository. A cluster can read it once it has been told where it is: it is registered there.

     old cluster ── writes ──→ repository ←── reads ── new cluster
                               (the files)

The old cluster is not needed for that, and may be gone. Here are the repositories that the new cluster knows,
and those that only the old one has: Enter registers one of those on the new cluster too, after a question that
shows the very request. Only one cluster may write into a repository, so the others register it readonly.

Passwords and keys for a bucket are never typed here. They belong into the keystore of every node of the new
cluster; the form (a) says under which name.

v lets every node look. Not reached: the folder is not mounted on that node, or not named in path.repo, or the
bucket's keys are missing there. An unknown type: a plugin has to be installed first.
""",
    ),
    "snapshot": (
        "The snapshot",
        """
The newest one is the first. Success: everything is in it. Partial: some shards are not; what is whole in it can be
restored. Failed: nothing of it can be used.

The version is that of the cluster that made it. A cluster reads snapshots of its own major version and of the one
before, never of a newer one. What made each index counts as well: a snapshot does not tell, the old cluster does,
where it is connected.

     old cluster ── t: a new one ──→ repository ←── reads ── new cluster

t lets the old cluster take a new snapshot now, of the indices that you name. It writes only into the repository;
the indices stay in use. What is written to them later is not in it: stop your writers first if it must be all.

A feature state is what Elasticsearch or Kibana keep for themselves (users, dashboards); the global state is what
belongs to the whole cluster (templates, settings). Both are restored only if you ask for them in the next step.
""",
    ),
    "selection": (
        "What to move",
        """
Each line is an index of the old cluster. Space chooses it; / filters as you type, a chooses all that the filter
shows. Two slashes make a regular expression: /^logs-2026/.

Hidden and system indices (their name begins with a dot) are left out until you press h. Most of them belong to
Elasticsearch or Kibana, and the new cluster makes its own.

A closed index cannot be read: open it on the old cluster first. e gives an index another name over there.

v begins a range and ends it. On a wide terminal the index you are at is described beside the list.

m shows what will be made of an index: what the new version wants otherwise, the old definition beside the new one,
and e to change it, u to take that back. Your change goes into the plan as it is; with the next checks the new cluster
is asked whether it takes it, where it can be asked that without making anything. M gives settings to all of them.

o has what else the run can be told: by what it is proved that nothing was lost, and for a copy what becomes of
pipelines, version numbers and mapping types. Each stands at its safe answer. There too you can ask for what stands
beside the indices: templates, ingest pipelines, lifecycle policies. They are made at the end, once every index is
there; what has the name on the new cluster stays as it is, and the review shows each.
""",
    ),
    "review": (
        "Review",
        """
No data has been changed so far. Here is what will be, in order, with the very requests; passwords are shown as
dots. What is changed only for the time of the run is put back at its end, also when it is stopped.

w writes the plan to a file: the same migration without a screen, for a colleague to read or a machine to run.
""",
    ),
    "run": (
        "While it runs",
        """
The run has its own process. You may leave (Esc), close the terminal, lose the line: it goes on. `esmigrate
attach` shows it again.

What needs you stands first, then what moves, then what waits. What is done is one line at the end: f shows it.

If a cluster is away or full for a while, the run waits and tries again; the line at the bottom says what for. A
document that the new cluster refuses is set aside with the reason (e), and the rest goes on.

Too much load on the clusters? - limits the documents a second, + lifts that, p pauses.
""",
    ),
    "finish": (
        "The end",
        """
Verified means: after a refresh, both clusters were asked how many documents each index holds, and the answers
were the same. What is not the same is listed first.

What was changed for the run has been put back; what could not be is listed, and c copies the requests for it.
""",
    ),
}


_INDEXED: Final[dict[str, tuple[str, str]]] = {
    "run": (
        "While it reads and writes",
        """
The run has its own process on this machine, which reads the files. You may leave (Esc), close the terminal, lose the
line: it goes on. `esmigrate attach` shows it again. The files have to stay where they are.

Rows that cannot be read, and documents that the new cluster refuses, are set aside with file, line and reason (e);
the rest goes on. If the cluster is away or full for a while, the run waits and tries again.

Too much load on the cluster? - limits the documents a second, + lifts that, p pauses.
""",
    ),
    "finish": (
        "The end",
        """
Verified means: after a refresh, the new cluster was asked how many documents the index holds, and that is the number
of the rows that were read. Rows that were set aside are listed (e) by their reason, each with its file and line: put
them right in a file of their own, and index that one.

What was changed for the run has been put back; what could not be is listed, and c copies the requests for it.
""",
    ),
}


_WATCHED: Final[dict[str, tuple[str, str]]] = {
    "run": (
        "While others send",
        """
The index is made, with your mapping. Now let the program send; this run writes nothing, it counts what arrives. You
may leave (Esc), close the terminal, lose the line: it goes on. `esmigrate attach` shows it again.

It ends by itself with the number that you expect. Without one nobody but you can know the end: d says that this is
all. What arrived is then counted once more, and told as your word, not as verified.

Nothing arrives? See that the program runs, that it may write there, and what its log says: the reason why a document
was refused is told to the sender alone.
""",
    ),
    "finish": (
        "The end",
        """
Verified means: after a refresh, the index holds as many documents more as you had expected. Accepted means that you
said it was all: compare the number with what the program says it has sent, and read its log.
""",
    ),
}


_RESTORED: Final[dict[str, tuple[str, str]]] = {
    "selection": (
        "What to restore",
        """
Each line is an index, or a data stream, of the snapshot. Space chooses it; / filters as you type, a chooses all that
the filter shows. Sizes are what will be copied. Who made it (the version) is known only where the old cluster still
holds it.

     repository ── every node reads the files itself ──→ new cluster

A name that is taken on the new cluster stands out: w decides. Another name keeps both. Restore over it closes the
index there and replaces what it holds; delete it first removes it. Both want the name typed, and happen only when
the run comes to it.

e gives one index another name, p all chosen ones by a pattern, with every new name shown before you take them.

o has the options: aliases, feature states, the cluster's global state, settings that the restored indices are to
have otherwise (no replicas on a single node, say), and settings to leave out, such as those that bind an index to
nodes which the new cluster lacks.
""",
    ),
    "run": (
        "While it restores",
        """
The run has its own process, and the nodes copy by themselves. You may leave (Esc), close the terminal, lose the
line: it goes on. `esmigrate attach` shows it again.

     repository ── the nodes copy shard by shard ──→ new cluster
                   (this screen only looks)

A restore cannot be held, and its pace is the clusters' own: indices.recovery.max_bytes_per_sec. p lets those that
have not begun wait. Where a shard does not start, the line at the bottom says in plain words why.

Stopping, or leaving one out, deletes what is half restored of it on the new cluster: so Elasticsearch ends a
restore. What is whole stays, and so does the snapshot.
""",
    ),
    "finish": (
        "The end",
        """
Verified means: every shard of the snapshot has arrived and is started. Where the old cluster is connected, the
documents were counted on both sides too, and some compared byte for byte. Without it their number cannot be
checked: a snapshot does not count documents.

What was changed for the run has been put back; what could not be is listed, and c copies the requests for it.
""",
    ),
}


_BREAK: Final = "\n"
_SPEAKING: Final = """
Who speaks to whom. Each arrow begins where the connection is opened, and a firewall must let it through; the port is
that of the address: 9200 on servers of your own, mostly, and 9243 or 443 in Elastic Cloud.
""".strip("\n")
_PORTS: Final = "9200 or 9243"


class Way(NamedTuple):
    """Who opens a connection to whom, for what, and over which ports; over none, they need not see each other."""

    who: str
    whom: str
    what: str
    over: str = _PORTS


_WAYS: Final[dict[MethodName, tuple[Way, ...]]] = {
    MethodName.INDEX_FROM_SOURCE: (
        Way("esmigrate", "new cluster", "makes the index, writes rows"),
        Way("a sender", "new cluster", "where another program sends"),
    ),
    MethodName.REINDEX_FROM_REMOTE: (
        Way("esmigrate", "old cluster", "reads what there is"),
        Way("esmigrate", "new cluster", "makes indices, gives orders"),
        Way("new cluster", "old cluster", "fetches the documents"),
    ),
    MethodName.RESTORE_FROM_SNAPSHOT: (
        Way("esmigrate", "new cluster", "gives orders, looks"),
        Way("new cluster", "repository", "a shared folder, a bucket", over="each node"),
        Way("esmigrate", "old cluster", "to compare; may be gone"),
    ),
    MethodName.COPY_THROUGH_HERE: (
        Way("esmigrate", "old cluster", "reads the documents"),
        Way("esmigrate", "new cluster", "writes the same bytes"),
        Way("old cluster", "new cluster", "need not see each other", over=""),
    ),
}
"""Which cluster speaks to which, and over which port, by method."""
_FLOWS: Final[dict[MethodName, str]] = {
    MethodName.REINDEX_FROM_REMOTE: """
     old cluster ── the new one fetches, batch by batch ──→ new cluster
                    (this screen only looks)
""",
    MethodName.COPY_THROUGH_HERE: """
     old cluster ── read ──→ this machine ── written ──→ new cluster
""",
}
"""Which way the documents go while a run is going on; the others have it in a page of their own."""


def way(method: MethodName) -> str:
    """The drawing of which cluster speaks to which in a method."""
    ways = _WAYS[method]
    left = max(len(each.who) for each in ways) + 3
    right = max(len(each.whom) for each in ways) + 3
    lines = []
    for who, whom, what, over in ways:
        middle = f" {over} {'─' * (len(_PORTS) - len(over))}──→ " if over else " ·" * 8 + "  "
        lines.append(f"     {f'{who} '.ljust(left, '─' if over else ' ')}{middle}{whom.ljust(right)}{what}")
    return _BREAK.join(lines)


def way_in_words(method: MethodName) -> str:
    """The same in sentences, a line each: what is drawn cannot be read aloud."""
    said = (
        f"{who} connects to {whom} ({over}): {what}." if over else f"{who} and {whom} {what}."
        for who, whom, what, over in _WAYS[method]
    )
    return _BREAK.join(f"{each[0].upper()}{each[1:]}" for each in said)


def words_of(step: str, session: Session, way_of: Callable[[MethodName], str] = way) -> tuple[str, str]:
    """A step's title and its page in plain words, with its drawing, as the session's method has them."""
    title, words = _written(step, session)
    method = session.method_name
    drawing = ""
    if step in {"connections", "preflight"} and method is not None:
        drawing = f"{_SPEAKING}\n\n{way_of(method)}"
    elif step == "run" and method in _FLOWS:
        drawing = _FLOWS[method].strip(_BREAK)
    if not drawing:
        return title, words
    first, _, rest = words.strip(_BREAK).partition("\n\n")
    return title, f"{first}\n\n{drawing}\n\n{rest}"


def _written(step: str, session: Session) -> tuple[str, str]:
    if step in _INDEXED and session.is_of_files:
        return _INDEXED[step]
    if step in _WATCHED and session.is_watching:
        return _WATCHED[step]
    if step in _RESTORED and session.is_restore:
        return _RESTORED[step]
    return _PAGES[step]
