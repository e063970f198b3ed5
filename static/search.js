// Suggestions while typing, in the form of a combobox with a list. Without this the form is a plain one.
const form = document.currentScript.closest("form");
const input = form.querySelector("[name=q]");
const button = form.querySelector("button");
const PAUSE = 150;  // milliseconds without a key before the site is asked

const list = document.createElement("ul");
list.className = "suggestions";
list.id = `${input.id}-list`;
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", "Suggestions");
list.hidden = true;

const status = document.createElement("p");
status.className = "visually-hidden";
status.setAttribute("role", "status");

let timer = 0;
let asking = null;  // what aborts the question that is under way
let typed = "";

function addPieces(parent, pieces) {
  for (const [words, matches] of pieces) {
    if (!matches) {
      parent.append(words);
      continue;
    }
    const mark = document.createElement("mark");
    mark.textContent = words;
    parent.append(mark);
  }
}

function option({ url, text, detail }, number) {
  const item = document.createElement("li");
  item.id = `${input.id}-${number}`;
  item.setAttribute("role", "option");
  item.setAttribute("aria-selected", "false");
  item.dataset.url = url;
  addPieces(item, text);
  if (detail.length) {
    const fine = document.createElement("span");
    fine.className = "fine";
    addPieces(fine, detail);
    item.append(" ", fine);
  }
  return item;
}

function selected() {
  return list.querySelector("[aria-selected=true]");
}

function select(item) {
  selected()?.setAttribute("aria-selected", "false");
  if (item) {
    item.setAttribute("aria-selected", "true");
    item.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", item.id);
  } else {
    input.removeAttribute("aria-activedescendant");
  }
}

function close() {
  clearTimeout(timer);
  asking?.abort();
  select(null);
  list.hidden = true;
  input.setAttribute("aria-expanded", "false");
  status.textContent = "";
}

function show(suggestions) {
  const all = new URL(form.action);
  all.searchParams.set("q", typed);
  const last = { url: all.href, text: [["Search all pages for “", false], [typed, true], ["”", false]], detail: [] };
  select(null);
  list.replaceChildren(...[...suggestions, last].map(option));
  list.hidden = false;
  input.setAttribute("aria-expanded", "true");
  const count = list.children.length;
  status.textContent = count === 1 ? "1 suggestion" : `${count} suggestions`;
}

async function ask() {
  asking?.abort();
  asking = new AbortController();
  const { signal } = asking;
  const address = new URL(form.dataset.suggestions, document.baseURI);
  address.searchParams.set("q", typed);
  try {
    const answer = await fetch(address, { signal, credentials: "omit" });
    if (!answer.ok) return close();
    const { suggestions } = await answer.json();
    if (!signal.aborted) show(suggestions);
  } catch (error) {
    if (error.name !== "AbortError") close();  // the site cannot be reached: the form still works
  }
}

input.addEventListener("input", () => {
  clearTimeout(timer);
  asking?.abort();
  typed = input.value.trim();
  if (!typed) return close();
  timer = setTimeout(ask, PAUSE);
});

function move(event) {
  const options = [...list.children];
  const at = options.indexOf(selected());
  const to = {
    ArrowDown: at + 1 < options.length ? at + 1 : -1,
    ArrowUp: at < 0 ? options.length - 1 : at - 1,
    Home: at < 0 ? undefined : 0,  // in the text as everywhere, until an option is chosen
    End: at < 0 ? undefined : options.length - 1,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  select(options[to] ?? null);
}

input.addEventListener("keydown", (event) => {
  if (event.isComposing) return;
  if (list.hidden) {
    if (event.key === "ArrowDown" && list.children.length && input.value.trim() === typed && typed) {
      event.preventDefault();
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    }
    return;
  }
  if (event.key === "Escape") {
    event.preventDefault();
    close();
  } else if (event.key === "Enter" && selected()) {
    event.preventDefault();
    location.assign(selected().dataset.url);
  } else if (event.key === "Tab") {
    close();
  } else {
    move(event);
  }
});

// The field keeps the focus while an option is pressed.
list.addEventListener("pointerdown", (event) => event.preventDefault());
list.addEventListener("click", (event) => {
  const item = event.target.closest("[role=option]");
  if (item) location.assign(item.dataset.url);
});
input.addEventListener("blur", close);
window.addEventListener("pageshow", close);

input.setAttribute("role", "combobox");
input.setAttribute("aria-expanded", "false");
input.setAttribute("aria-controls", list.id);
input.setAttribute("aria-autocomplete", "list");
if (button.parentElement === form) form.append(list);  // the small form: over the page
else button.parentElement.after(list);
form.append(status);
