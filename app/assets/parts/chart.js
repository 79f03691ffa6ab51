// The month's sales as bars, a rate's history as steps. uPlot comes as a script of its own; without it the page shows
// its table.
const RUPEES = 100;
const short = new Intl.NumberFormat("en-IN", { notation: "compact", maximumFractionDigits: 1 });
const plain = new Intl.NumberFormat("en-IN");
const full = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR" });

const UNITS = {
  rupees: { of: RUPEES, full: (one) => full.format(one), tick: (one) => `₹${plain.format(one)}` },
  g: { of: 1000, full: (one) => `${one.toFixed(3)} g`, tick: (one) => `${plain.format(one)} g` },
};

export function drawCharts(root = document) {
  if (!window.uPlot) return;
  for (const element of root.querySelectorAll("[data-chart]")) watch(element);
}

function watch(element) {
  const draw = element.dataset.chartKind === "steps" ? drawSteps : drawBars;
  let chart = draw(element);
  const again = () => { chart.destroy(); chart = draw(element); };
  let width = element.clientWidth;
  new ResizeObserver(() => {
    if (element.clientWidth !== width) { width = element.clientWidth; chart.setSize({ width, height: 240 }); }
  }).observe(element);
  new MutationObserver(again).observe(document.documentElement, { attributeFilter: ["data-bs-theme"] });
}

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const axisLook = () => ({ stroke: colour("--tblr-secondary"), grid: { stroke: colour("--boola-line"), width: 1 }, ticks: { show: false } });
const ist = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: "Asia/Kolkata", ...options });
const day = ist({ day: "2-digit", month: "2-digit" });
const hour = ist({ hour: "2-digit", minute: "2-digit" });
const moment = ist({ day: "2-digit", month: "2-digit", year: "numeric", hour: "2-digit", minute: "2-digit" });

// A rate holds until the next one is set.
function drawSteps(element) {
  const [moments, paise] = JSON.parse(element.dataset.chart);
  const unit = UNITS[element.dataset.chartUnit ?? "rupees"];
  const axis = axisLook();
  const short = moments.at(-1) - moments[0] < 2 * 86400 ? hour : day;
  return new window.uPlot({
    width: element.clientWidth, height: 240,
    scales: { y: { range: (_chart, low, high) => [low - Math.max((high - low) * 0.2, high * 0.005), high + Math.max((high - low) * 0.2, high * 0.005)] } },
    legend: { live: true },
    cursor: { y: false, points: { show: false } },
    series: [
      { label: element.dataset.chartDay, value: (_chart, at) => (at == null ? "–" : moment.format(at * 1000)) },
      {
        label: element.dataset.chartName, value: (_chart, rupees) => (rupees == null ? "–" : unit.full(rupees)),
        stroke: colour("--tblr-primary"), width: 2, paths: window.uPlot.paths.stepped({ align: 1 }), points: { show: false },
      },
    ],
    axes: [{ ...axis, grid: { show: false }, values: (_chart, ticks) => ticks.map((at) => short.format(at * 1000)) }, { ...axis, size: 64, values: (_chart, ticks) => ticks.map((tick) => unit.tick(tick)) }],
  }, [moments, paise.map((one) => one / unit.of)], element);
}

function drawBars(element) {
  const [days, paise] = JSON.parse(element.dataset.chart);
  const axis = axisLook();
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
