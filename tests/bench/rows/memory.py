"""Memory of the process, Berth's configured caches off: at rest, under large transfers, and for connections that rest."""

import contextlib

import content
from content import GIB, MIB
from fill import BerthFiller
from lab import running
from rows.pushes import seeds, server_of
from runner import Goal, Metric, Part, Row

CONNECTIONS = 10_000
PULLERS, PUSHERS = 8, 4
PEAK = Metric("peak_mib", "peak memory, MiB")


def uncached(lab, name):
    return lab.berth(settings=lab.features.answer_cache(0)) if name == "Berth" else server_of(lab, name)


def at_rest(lab, name):
    server = uncached(lab, name)
    with running(server):
        return {"mib": server.memory_kib() / 1024}


def while_pushed_to(lab, name):
    server = uncached(lab, name)
    with running(server):
        return {**lab.loads.push_blobs(server, next(seeds), PUSHERS, 256 * MIB), "peak_mib": server.peak_memory_mib()}


@contextlib.contextmanager
def large_blob(lab):
    """Berth's directory with a blob of 1 GiB, and the targets of its pulls."""
    with lab.place("tree") as place:
        tree = content.FileTree(place)
        blob = tree.add_blob(GIB)
        filler = BerthFiller(lab.new_directory("pulled"), lab.program)
        filler.add_blobs(tree, [blob])
        targets = place / "targets"
        targets.write_text(f"{content.blob_line(blob)}\n" * PULLERS)
        yield filler.server.directory, targets


def while_pulled_from(lab, opened):
    directory, targets = opened
    server = lab.berth(directory, settings=lab.features.answer_cache(0)).start()
    try:
        return {**lab.loads.requests(server, "plain", targets, PULLERS, 600, once=True), "peak_mib": server.peak_memory_mib()}
    finally:
        server.stop()


def with_idle_connections(lab, name):
    """What each of many connections takes that was used once; what the first hundred bring along is not counted."""
    server = uncached(lab, name)
    with running(server):
        with lab.loads.idle(server, 100):
            pass
        before = server.memory_kib()
        with lab.loads.idle(server, CONNECTIONS):
            after = server.memory_kib()
        return {"kib": (after - before) / CONNECTIONS}


def parts(lab):
    yield Part([
        Row("memory at rest", lambda _, name, __: at_rest(lab, name), ["Berth"], [Metric("mib", "memory, MiB")],
            [Goal("mib", at_most=20.0)], others=lab.other_names()),
        Row(f"memory while {PUSHERS} push 256 MiB", lambda _, name, __: while_pushed_to(lab, name), ["Berth"], [PEAK],
            [Goal("peak_mib", at_most=64.0)], others=lab.other_names()),
        Row(f"{CONNECTIONS:,} idle connections, plain", lambda _, name, __: with_idle_connections(lab, name), ["Berth"],
            [Metric("kib", "memory each, KiB")], [Goal("kib", at_most=4.0)], others=lab.other_names()),
    ])
    yield Part([Row(f"memory while {PULLERS} pull 1 GiB", lambda opened, _, __: while_pulled_from(lab, opened), ["Berth"], [PEAK],
                    [Goal("peak_mib", at_most=40.0)])], lambda: large_blob(lab))
