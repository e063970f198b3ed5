"""Parts of a page that are the same on many pages."""

from collections import OrderedDict
from typing import Any

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.template.context import Context
from django.utils.safestring import SafeString

register = template.Library()

# So many different ones of a part are remembered.
MOST = 500


class Once(template.Node):
    """A part that each process makes once for the same values; it sees no other, so it can hold nothing else."""

    child_nodelists = ("nodelist",)

    def __init__(self, values: dict[str, FilterExpression], nodelist: NodeList) -> None:
        self.values = values
        self.nodelist = nodelist
        self.made: OrderedDict[tuple[Any, ...], SafeString] = OrderedDict()

    def render(self, context: Context) -> SafeString:
        """The part as it was made before."""
        values = {name: value.resolve(context) for name, value in self.values.items()}
        # With its type: a word that is escaped is equal to the same word that is not.
        key = tuple((type(value), value) for value in values.values())
        found = self.made.get(key)
        if found is None:
            found = self.made[key] = self.nodelist.render(context.new(values))
            while len(self.made) > MOST:
                self.made.popitem(last=False)
        return found


@register.tag
def once(parser: Parser, token: Token) -> Once:
    """`{% once name=value ... %}` up to `{% endonce %}`."""
    _, *bits = token.split_contents()
    values = template.base.token_kwargs(bits, parser)
    if bits:
        raise template.TemplateSyntaxError(f"“once” takes names with their values, not {bits[0]}.")
    nodelist = parser.parse(("endonce",))
    parser.delete_first_token()
    return Once(values, nodelist)
