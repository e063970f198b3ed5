"""Somebody without a mouse, on the way through a page."""

from playwright.sync_api import Page

# Numbers whatever a keyboard must reach, in the order of the page; of some radio buttons one is reached.
NUMBER = """() => {
  const radios = new Set();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
  const reachable = all.filter(one => {
    if (one.disabled || one.type === "hidden" || one.tabIndex < 0) return false;
    if (!one.checkVisibility({visibilityProperty: true})) return false;
    if (one.type !== "radio") return true;
    if (radios.has(one.name)) return false;
    return one.checked && radios.add(one.name);
  });
  reachable.forEach((one, number) => { one.dataset.number = number; });
  return reachable.length;
}"""
FOCUSED = """() => {
  const one = document.activeElement;
  const style = getComputedStyle(one);
  const seen = style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0;
  return [one.dataset.number ?? one.tagName, seen, one.outerHTML.slice(0, 90)];
}"""


def walk(page: Page) -> list[str]:
    """What is wrong on the way through all that can be reached: skipped, out of order, or with a focus not seen."""
    count = page.evaluate(NUMBER)
    wrong: list[str] = []
    order: list[str] = []
    for _ in range(3 * count):  # a box for a day has four stops
        if len(order) == count:
            break
        page.keyboard.press("Tab")
        number, seen, html = page.evaluate(FOCUSED)
        if number == "BODY" and "BODY" not in order:  # once round, where the admin began in the first field
            count += 1
        elif not seen:
            wrong.append(f"focus is not seen: {html}")
        if number not in order[-1:]:
            order.append(number)
    reached = [int(number) for number in order if number.isdecimal()]
    if sorted(reached) != list(range(len(reached))) or reached != [
        *range(reached[0], len(reached)),
        *range(reached[0]),
    ]:
        wrong.append(f"{count} to reach, reached: {order}")
    return wrong
