// What every page has: theme, keyboard shortcuts, rows that open, forms that are sent once, jobs that are followed,
// parts that come again by themselves.
import { applyTheme, toggleTheme } from "./theme.js";
import { followJobs } from "./progress.js";
import { refreshParts } from "./refresh.js";
import { keepBadges } from "./badge.js";

applyTheme();

document.addEventListener("click", (event) => {
  const target = event.target.closest("[data-do]");
  if (target?.dataset.do === "theme") toggleTheme();
  if (target?.dataset.do === "print") window.print();
  const row = event.target.closest("tr[data-href]");
  if (row && !event.target.closest("a,button,input,select,label")) window.location.assign(row.dataset.href);
});

// One tick for all that the page shows.
document.addEventListener("change", (event) => {
  if (!event.target.matches("[data-tick-all]")) return;
  for (const box of event.target.form.querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
});

// A menu closes when one looks elsewhere.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const shortcut = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
  const typing = event.target.matches?.("input,select,textarea");
  if (!shortcut || (typing && !/^F\d+$/.test(event.key))) return;
  event.preventDefault();
  if (shortcut.closest("details:not([open]):not(.menu)") && !shortcut.matches("summary")) { openAround(shortcut); focusIn(shortcut.form); return; }
  if (shortcut.matches("input,select,textarea")) { shortcut.focus(); shortcut.select?.(); } else shortcut.click();
});

// A form is sent once; a page shown again by the back button may be sent again.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.sent === "yes") { event.preventDefault(); return; }
  if (form.matches("[data-once]")) {
    form.dataset.sent = "yes";
    for (const button of form.querySelectorAll("button[type=submit]")) button.setAttribute("aria-busy", "true");
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// What is wrong stands in a panel that may be shut: nobody would see which field it is.
function openAround(element) {
  for (let panel = element.closest("details"); panel; panel = panel.parentElement.closest("details")) panel.open = true;
}

// A key sends no form that nobody sees: pressed once it shows it.
function focusIn(form) {
  form?.querySelector("input:not([type=hidden]),select,textarea")?.focus();
}

// A table that is wider than the screen can be scrolled by keyboard too.
function reachWideTables() {
  for (const box of document.querySelectorAll(".table-responsive")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0; else box.removeAttribute("tabindex");
  }
}
window.addEventListener("resize", reachWideTables);

document.addEventListener("DOMContentLoaded", () => {
  reachWideTables();
  followJobs();
  refreshParts();
  keepBadges();
  for (const field of document.querySelectorAll("main details:not([open]) .is-invalid")) openAround(field);
  const wrong = [...document.querySelectorAll("main .is-invalid")].find((field) => field.checkVisibility());
  (wrong ?? document.querySelector("[data-focus]"))?.focus();
});
