// A job's progress: by SSE from the side service, by polling where SSE is cut; the page can be left at any time.
const POLL_MS = 1500;
const ENDED = new Set(["done", "failed"]);

export function followJobs(root = document) {
  for (const element of root.querySelectorAll("[data-job-url]:not([data-following])")) {
    element.dataset.following = "yes";
    follow(element);
  }
}

function follow(element) {
  const state = { settled: false };
  const live = element.dataset.jobLive;
  if (!live || !("EventSource" in window)) { poll(element, state); return; }
  const source = new EventSource(live);
  const leave = () => { source.close(); if (!state.settled) poll(element, state); };
  source.addEventListener("job", (event) => { show(element, state, JSON.parse(event.data)); if (state.settled) source.close(); });
  source.addEventListener("end", leave);
  source.addEventListener("error", leave);
  window.addEventListener("pagehide", () => source.close());
}

function show(element, state, job) {
  if (state.settled) return;
  const bar = element.querySelector("[data-job-bar]");
  if (bar && job.stepsTotal) { bar.max = job.stepsTotal; bar.value = job.stepsDone; }
  const text = element.querySelector("[data-job-text]");
  const said = element.dataset[`say${job.state[0].toUpperCase()}${job.state.slice(1)}`] ?? job.state;
  if (text) text.textContent = job.stepsDone && !ENDED.has(job.state) ? `${said} ${job.stepsDone}${job.stepsTotal ? ` / ${job.stepsTotal}` : ""}` : said;
  if (!ENDED.has(job.state)) return;
  state.settled = true;
  if (bar) { bar.max = 1; bar.value = job.state === "done" ? 1 : 0; }
  if (job.state === "done" && element.dataset.jobThen === "reload") window.location.reload();
}

async function poll(element, state) {
  while (!state.settled && element.isConnected) {
    try {
      const reply = await fetch(element.dataset.jobUrl, { headers: { Accept: "application/json" } });
      if (reply.ok) show(element, state, await reply.json());
    } catch { /* offline for a moment: ask again */ }
    await new Promise((again) => setTimeout(again, POLL_MS));
  }
}
