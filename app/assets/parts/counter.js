// The counter's sheet: every step is a request that carries the whole draft; steps run one after the other, each with
// the sheet as it then is; a scanner may be faster than the server; what is typed meanwhile is kept.
const codes = [];

export function openCounter(form) {
  if (!form) return;
  form.addEventListener("keydown", (event) => { if (event.key === "Enter") onEnter(form, event); });
  form.addEventListener("submit", (event) => { if (event.submitter?.id === "issue") lockIssue(form, event); });
  form.addEventListener("focusout", (event) => tellChange(event.target));
  window.addEventListener("pageshow", () => { delete form.dataset.issuing; });
  document.addEventListener("htmx:before:request", (event) => fresh(form, event.detail.ctx));
  document.addEventListener("htmx:before:swap", () => keepTyped());
  document.addEventListener("htmx:after:swap", () => settle(form));
  document.addEventListener("htmx:finally:request", () => form.classList.remove("busy"));
}

function onEnter(form, event) {
  const field = event.target;
  if (field.matches("button,summary,a")) return;
  event.preventDefault();
  if (field.id === "code") scan(form, field);
  else if (field.dataset.enter === "pay" || field.closest(".discounts")) field.blur();
  else if (field.dataset.enter) document.getElementById(field.dataset.enter)?.click();
}

function scan(form, field) {
  const code = field.value.trim();
  field.value = "";
  if (!code) return;
  codes.push(code);
  form.querySelector("#add").click();
}

// When a step's turn has come, the steps before it have changed the sheet: body and target are those of this moment.
function fresh(form, ctx) {
  const source = ctx.sourceElement;
  if (source.matches(".asked")) return;
  form.classList.add("busy");
  const body = new URLSearchParams(new FormData(form));
  body.delete("step");
  body.delete("code");
  if (source.name === "step") body.set("step", source.value);
  if (source.value === "add") body.set("code", codes.shift() ?? "");
  ctx.request.body = body;
  ctx.target = document.getElementById("sheet");
  sent = values();
}

let sent = new Map();
let typed = new Map();
let opened = [];

function values() {
  const found = new Map();
  for (const field of document.querySelectorAll("#sheet input[id]:not([type=checkbox])")) found.set(field.id, field.value);
  return found;
}

function keepTyped() {
  opened = [...document.querySelectorAll("#sheet details[open][id]")].map((one) => one.id);
  typed = new Map([...values()].filter(([id, value]) => sent.has(id) && sent.get(id) !== value));
}

function settle(form) {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  const changed = [];
  for (const [id, value] of typed) {
    const field = document.getElementById(id);
    if (field && field.value !== value) { field.value = value; changed.push(field); }
  }
  typed = new Map();
  const later = changed.filter((field) => field !== document.activeElement);
  for (const field of changed) if (!later.includes(field)) field.dataset.restored = "yes";
  if (later.length) later.at(-1).dispatchEvent(new Event("change", { bubbles: true }));
  const weighed = form.querySelector("#sheet [data-ask]"), code = document.activeElement;
  if (weighed && !codes.length && code?.id === "code" && !code.value) { weighed.focus(); return; }
  const offered = form.querySelector("#f-new_name");
  const asking = document.activeElement?.id === "phone" && offered && !offered.value;
  if (!asking && document.activeElement && document.activeElement !== document.body) return;
  const next = offered ?? form.querySelector("#sheet .is-invalid") ?? weighed ?? form.querySelector("#code");
  next?.focus();
}

// A field that was put back tells no change by itself when one leaves it.
function tellChange(field) {
  if (!field.dataset.restored) return;
  delete field.dataset.restored;
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

// A bill is issued once, and never on a sheet that a running step is about to replace.
function lockIssue(form, event) {
  if (form.dataset.issuing) { event.preventDefault(); return; }
  if (codes.length || form.classList.contains("busy")) {
    event.preventDefault();
    document.addEventListener("htmx:finally:request", () => document.getElementById("issue")?.click(), { once: true });
    return;
  }
  form.dataset.issuing = "yes";
}
