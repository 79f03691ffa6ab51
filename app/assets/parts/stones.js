// The rows of stones and of other metals in a piece's form: one more where they run out. Without this there are always empty ones.
export function growRows(root = document) {
  for (const button of root.querySelectorAll("[data-more]")) {
    const box = document.getElementById(button.dataset.more);
    button.hidden = false;
    button.addEventListener("click", () => {
      const row = grown(box.lastElementChild);
      box.append(row);
      row.querySelector("input, select").focus();
      if (box.children.length >= Number(box.dataset.most)) button.hidden = true;
    });
  }
}

function grown(last) {
  const row = last.cloneNode(true);
  const number = Number(last.dataset.row) + 1;
  row.dataset.row = number;
  const renamed = (text) => text.replace(/(stone|metal)-\d+-/, `$1-${number}-`);
  for (const element of row.querySelectorAll("[name],[id],[for]")) {
    for (const name of ["name", "id", "for"]) if (element.hasAttribute(name)) element.setAttribute(name, renamed(element.getAttribute(name)));
    if (element.matches("select")) element.selectedIndex = 0;
    if (element.matches("input")) element.value = "";
    if (element.matches("input, select")) { element.classList.remove("is-invalid"); element.removeAttribute("aria-invalid"); element.removeAttribute("aria-describedby"); }
  }
  for (const said of row.querySelectorAll(".wrong")) said.remove();
  row.querySelector("legend").textContent = last.querySelector("legend").textContent.replace(/\d+/, (text) => Number(text) + 1);
  return row;
}
