// Light or dark: as the system says, until the person chooses; the choice stays in this browser.
const KEY = "boolagold.theme";
const media = window.matchMedia("(prefers-color-scheme: dark)");

function chosen() {
  try { return localStorage.getItem(KEY); } catch { return null; }
}

export function applyTheme() {
  document.documentElement.dataset.bsTheme = chosen() ?? (media.matches ? "dark" : "light");
}

export function toggleTheme() {
  const next = document.documentElement.dataset.bsTheme === "dark" ? "light" : "dark";
  try { localStorage.setItem(KEY, next); } catch { /* a private window forgets; the page still turns */ }
  applyTheme();
}

media.addEventListener("change", applyTheme);
