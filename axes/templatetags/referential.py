"""How pages name a node and where it stands."""

from django import template
from django.urls import reverse

from axes.choices import KIND_SLUGS, FrameworkState, NodeKind
from axes.models import Framework, Node

register = template.Library()


@register.filter
def node_url(node: Node, framework: Framework | None = None) -> str:
    """The page of a node; give the edition where it is not loaded with the node."""
    edition = framework or node.framework
    return reverse("axes:node", args=[edition.code, KIND_SLUGS[NodeKind(node.kind)], node.code])


@register.filter
def edition_tone(framework: Framework) -> str:
    """The tone of the tag with an edition's state."""
    return "good" if framework.state == FrameworkState.IN_FORCE else "soft"


@register.filter
def node_slug(node: Node) -> str:
    """How an address names the node's kind."""
    return KIND_SLUGS[NodeKind(node.kind)]


@register.filter
def parents(path: list[Node] | tuple[Node, ...]) -> str:
    """The ancestors in one line, from the top: "EP1 Saúde e Bem-Estar › 1.1 SÉNIORES"."""
    return " › ".join(f"{node.code} {node.wording}" for node in path)


@register.filter
def parents_of(node: Node) -> str:
    """The parent in one line, for lists that load it with the node; "" at the top."""
    return f"{node.parent.code} {node.parent.wording}" if node.parent_id and node.parent else ""
