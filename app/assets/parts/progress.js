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
  let settled = false;
  const show = (job) => {
    if (settled) return;
    const bar = element.querySelector("[data-job-bar]");
    const text = element.querySelector("[data-job-text]");
    if (bar) {
      const total = job.stepsTotal || 0;
      bar.value = total ? job.stepsDone : 0;
      if (total) bar.max = total; else bar.removeAttribute("value");
    }
    if (text) text.textContent = job.message || element.dataset[`say${job.state[0].toUpperCase()}${job.state.slice(1)}`] || job.state;
    if (ENDED.has(job.state)) {
      settled = true;
      element.dispatchEvent(new CustomEvent(`job:${job.state}`, { bubbles: true, detail: job }));
      if (job.state === "done" && element.dataset.jobThen === "reload") window.location.reload();
    }
  };
  const live = element.dataset.jobLive;
  if (live && "EventSource" in window) {
    const source = new EventSource(live);
    source.addEventListener("message", (event) => { show(JSON.parse(event.data)); if (settled) source.close(); });
    source.addEventListener("error", () => { source.close(); if (!settled) poll(element, show, () => settled); });
  } else {
    poll(element, show, () => settled);
  }
}

async function poll(element, show, settled) {
  while (!settled() && element.isConnected) {
    try {
      const reply = await fetch(element.dataset.jobUrl, { headers: { Accept: "application/json" } });
      if (reply.ok) show(await reply.json());
    } catch { /* offline for a moment: ask again */ }
    await new Promise((again) => setTimeout(again, POLL_MS));
  }
}
