// The month's sales as bars. uPlot comes as a script of its own; without it the page shows its table.
const RUPEES = 100;
const short = new Intl.NumberFormat("en-IN", { notation: "compact", maximumFractionDigits: 1 });
const full = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR" });

export function drawCharts(root = document) {
  if (!window.uPlot) return;
  for (const element of root.querySelectorAll("[data-chart]")) watch(element);
}

function watch(element) {
  let chart = draw(element);
  const again = () => { chart.destroy(); chart = draw(element); };
  let width = element.clientWidth;
  new ResizeObserver(() => {
    if (element.clientWidth !== width) { width = element.clientWidth; chart.setSize({ width, height: 240 }); }
  }).observe(element);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

function draw(element) {
  const [days, paise] = JSON.parse(element.dataset.chart);
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const axis = { stroke: colour("--tblr-secondary"), grid: { stroke: colour("--boola-line"), width: 1 }, ticks: { show: false } };
  const last = Math.max(days.at(-1) ?? 1, 10);
  return new window.uPlot({
    width: element.clientWidth, height: 240,
    scales: { x: { time: false, range: [0.4, last + 0.6] }, y: { range: (_chart, _low, high) => [0, Math.max(high * 1.1, 1)] } },
    legend: { live: true },
    cursor: { y: false, points: { show: false } },
    series: [
      { label: element.dataset.chartDay, value: (_chart, day) => (day == null ? "–" : `${String(day).padStart(2, "0")}-${element.dataset.chartMonth}`) },
      {
        label: element.dataset.chartName, value: (_chart, rupees) => (rupees == null ? "–" : full.format(rupees)),
        fill: colour("--tblr-primary"), stroke: colour("--tblr-primary"), width: 0,
        paths: window.uPlot.paths.bars({ size: [0.72, 34], radius: 0.15 }), points: { show: false },
      },
    ],
    axes: [{ ...axis, grid: { show: false }, incrs: [1, 2, 5] }, { ...axis, size: 56, values: (_chart, ticks) => ticks.map((tick) => (tick ? `₹${short.format(tick)}` : "0")) }],
  }, [days, paise.map((one) => one / RUPEES)], element);
}
