// Scanning many pieces: a code is taken at once and the field is free for the next; what was taken is sent in one go,
// kept where there is no network, and sent again until it is answered. Sent twice it counts once.
const AT_ONCE = 100, SHOWN = 8, AGAIN_MS = 2000;

export function takeScans(root = document) {
  for (const form of root.querySelectorAll("form[data-scan]")) take(form);
}

function take(form) {
  const state = { waiting: kept(form), sending: false };
  const code = form.elements.code, weight = form.elements.grams, weigh = form.querySelector("[data-scan-weigh]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const read = code.value.trim();
    if (!read) { code.focus(); return; }
    if (weigh.checked && !weight.value.trim() && document.activeElement === code) { weight.focus(); return; }
    state.waiting.push(`${read.replaceAll(" ", "")} ${weight.value.trim().replaceAll(" ", "")}`.trim());
    code.value = weight.value = "";
    code.focus();
    keep(form, state);
    send(form, state);
  });
  if (state.waiting.length) send(form, state);
}

async function send(form, state) {
  if (state.sending) return;
  state.sending = true;
  while (state.waiting.length) {
    const lines = state.waiting.slice(0, AT_ONCE);
    const answer = await ask(form, lines);
    if (answer === null) { say(form, state, true); await new Promise((later) => setTimeout(later, AGAIN_MS)); continue; }
    state.waiting.splice(0, lines.length);
    keep(form, state);
    show(form, answer);
    say(form, state, false);
  }
  state.sending = false;
}

// null: not answered by the shop, so it is sent again.
async function ask(form, lines) {
  const body = new FormData();
  body.set("csrf_token", form.elements.csrf_token.value);
  body.set("lines", lines.join("\n"));
  try {
    const reply = await fetch(form.action, { method: "POST", body, headers: { Accept: "text/html" } });
    if (reply.redirected) { window.location.reload(); return null; }
    return reply.ok || reply.status === 409 || reply.status === 422 ? await reply.text() : null;
  } catch { return null; }
}

function show(form, html) {
  const list = form.querySelector("[data-scan-said]");
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll("li");
  list.prepend(...[...fresh].map((one) => document.adoptNode(one)));
  while (list.children.length > SHOWN) list.lastElementChild.remove();
  if (list.querySelector("[data-said=refused]")) window.location.reload();
}

function say(form, state, lost) {
  const text = form.querySelector("[data-scan-text]");
  text.textContent = lost ? `${form.dataset.sayLost} ${form.dataset.sayWaiting.replace("#", state.waiting.length)}` : "";
  text.classList.toggle("bad", lost);
}

const place = (form) => `scans ${new URL(form.action).pathname}`;

function kept(form) {
  try { return JSON.parse(localStorage.getItem(place(form)) ?? "[]"); } catch { return []; }
}

function keep(form, state) {
  try {
    if (state.waiting.length) localStorage.setItem(place(form), JSON.stringify(state.waiting));
    else localStorage.removeItem(place(form));
  } catch { /* a browser that keeps nothing still sends */ }
}
