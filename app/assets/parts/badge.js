// A number in the menu that stays true: how many questions wait. Nobody is asked while nobody looks.
export function keepBadges(root = document) {
  for (const element of root.querySelectorAll("[data-badge]")) keep(element, Number(element.dataset.badgeEvery));
}

async function keep(element, pause) {
  for (;;) {
    await new Promise((later) => setTimeout(later, pause));
    if (document.hidden) continue;
    const found = await ask(element.dataset.badge);
    if (found === null) continue;
    element.textContent = found;
    element.hidden = found === 0;
  }
}

async function ask(address) {
  try {
    const reply = await fetch(address, { headers: { Accept: "application/json" } });
    return reply.ok && !reply.redirected ? (await reply.json()).waiting : null;
  } catch { return null; }
}
