"""A trace as a tree: what happened below what, when, and for how long."""

from collections.abc import Sequence

from rich.tree import Tree

from infra.observe.collector import Seen


def trace_tree(spans: Sequence[Seen]) -> Tree:
    """Return the trace; a span whose parent is not ours, such as a browser's, is at the top."""
    first = min(span.began for span in spans)
    last = max(span.began + span.seconds for span in spans)
    top = Tree(f"[bold]trace {spans[0].trace_id}[/], {(last - first) * 1000:,.1f} ms in all")
    known = {span.span_id for span in spans}
    branches: dict[str, Tree] = {}
    for span in sorted(spans, key=lambda span: span.began):
        below = branches.get(span.parent_id, top)
        text = (
            f"{(span.began - first) * 1000:8,.1f} ms  [bold]{span.name}[/]"
            f"  [dim]{span.service}, {span.seconds * 1000:,.1f} ms[/]"
        )
        if span.parent_id and span.parent_id not in known:
            text += "  [dim](below the caller's)[/]"
        branches[span.span_id] = below.add(text)
    return top
