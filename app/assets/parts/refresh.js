// A part of a page that comes again by itself: the same address is asked, and the part of the same id takes its place.
// `data-refresh-from` names an address that answers with the part's content alone.
// Nothing moves under a reader's hands: not while something in it has the focus, nor while nobody looks.
export function refreshParts(root = document) {
  for (const element of root.querySelectorAll("[data-refresh][id]")) again(element.id, Number(element.dataset.refresh));
}

async function again(id, pause) {
  for (;;) {
    await new Promise((later) => setTimeout(later, pause));
    const element = document.getElementById(id);
    if (!element) return;
    if (document.hidden || element.contains(document.activeElement)) continue;
    const fresh = await part(id, element.dataset.refreshFrom);
    if (fresh) put(element, fresh); else say(element);
  }
}

async function part(id, from) {
  try {
    const reply = await fetch(from ?? window.location.href, { headers: { Accept: "text/html" } });
    if (!reply.ok || reply.redirected) return null;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    return from ? page.body : page.getElementById(id);
  } catch { return null; }
}

// What was opened stays open.
function put(element, fresh) {
  const opened = [...element.querySelectorAll("details")].map((one) => one.open);
  [...fresh.querySelectorAll("details")].forEach((one, at) => { one.open = opened[at] ?? one.open; });
  element.replaceChildren(...fresh.childNodes);
}

function say(element) {
  const said = element.querySelector("[data-refresh-said]");
  if (said) { said.textContent = element.dataset.sayLost; said.classList.add("bad"); }
}
