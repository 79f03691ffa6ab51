// A file on its way: how much of it is sent, and the page's own refusal where it is not taken. Without this the form
// is sent as any other.
export function watchUploads(root = document) {
  for (const form of root.querySelectorAll("form[data-upload]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent === "yes") return;
      event.preventDefault();
      form.dataset.sent = "yes";
      send(form);
    });
  }
}

function send(form) {
  const request = new XMLHttpRequest();
  const bar = form.querySelector("progress");
  const text = form.querySelector("[data-upload-text]");
  const tell = (part) => {
    bar.hidden = false;
    bar.value = part;
    text.textContent = form.dataset.upload.replace("0", Math.round(part * 100));
  };
  request.upload.addEventListener("progress", (event) => { if (event.lengthComputable) tell(event.loaded / event.total); });
  request.addEventListener("load", () => answered(form, request));
  request.addEventListener("error", () => { again(form); text.textContent = form.dataset.broken; });
  request.open("POST", form.action);
  request.responseType = "document";
  tell(0);
  request.send(new FormData(form));
}

function answered(form, request) {
  const refusal = request.response?.getElementById("refusal");
  if (!refusal) { window.location.assign(request.responseURL || form.action); return; }
  document.getElementById("refusal")?.remove();
  form.before(document.adoptNode(refusal));
  again(form);
  form.querySelector("[data-upload-text]").textContent = "";
}

function again(form) {
  delete form.dataset.sent;
  form.querySelector("progress").hidden = true;
}
