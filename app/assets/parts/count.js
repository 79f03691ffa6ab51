// A count of notes and coins: what each heap and all of them come to, while it is typed. Without this the server sums up.
const rupees = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR" });

export function sumCounts(root = document) {
  for (const table of root.querySelectorAll("[data-count]")) {
    table.tFoot.hidden = false;
    table.addEventListener("input", () => sum(table));
    table.addEventListener("keydown", (event) => goOn(table, event));
    sum(table);
  }
}

function sum(table) {
  let all = 0;
  for (const input of table.querySelectorAll("[data-piece]")) {
    const paise = Number(input.dataset.piece) * (Number(input.value) || 0);
    input.closest("tr").querySelector("[data-piece-sum]").textContent = paise ? rupees.format(paise / 100) : "";
    all += paise;
  }
  table.querySelector("[data-count-sum]").textContent = rupees.format(all / 100);
}

// Enter goes to the next heap, so that a drawer is counted on the number pad alone.
function goOn(table, event) {
  if (event.key !== "Enter" || !event.target.matches("[data-piece]")) return;
  const all = [...table.querySelectorAll("[data-piece]")];
  const next = all[all.indexOf(event.target) + 1];
  if (!next) return;
  event.preventDefault();
  next.focus();
  next.select();
}
