// Opens each report in each theme and width; fails if anything is wrong with it.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";

const folder = process.argv[2];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const RUN_CHARTS = ["time", "accuracy", "path", "icicle", "timeline", "links"];
const SWEEP_CHARTS = ["fastest-0", "fastest-1", "fastest-2", "ratio-0", "ratio-1", "ratio-2", "latency", "bandwidth", "accuracy"];
const PAGES = [
  { name: "run", file: "run/report.html", charts: RUN_CHARTS, look: lookAtRun },
  { name: "jitter", file: "jitter/report.html", charts: [...RUN_CHARTS, "jitter"], look: lookAtRun },
  { name: "sweep", file: "sweep.html", charts: SWEEP_CHARTS, look: lookAtSweep },
  { name: "sweep_large", file: "sweep_large.html", charts: SWEEP_CHARTS, look: lookAtSweep },
  { name: "sweep_seeds", file: "sweep_seeds.html", charts: ["latency", "accuracy", "curves"], look: lookAtSeeds },
  { name: "sweep_bare", file: "sweep_bare.html", charts: ["latency"], look: lookAtNoAccuracy },
];

/** A page of CSV without quotes, as objects. */
function csv(file) {
  const [head, ...rows] = readFileSync(`${folder}/${file}`, "utf8").trim().split("\n").map((line) => line.split(","));
  return rows.map((cells) => Object.fromEntries(head.map((name, i) => [name, cells[i]])));
}

/** What a chart holds: the option that ECharts drew, and the shapes in the SVG. */
const drawn = (page, id) => page.evaluate((wanted) => {
  const { chart, box } = charts.find((entry) => entry.id === wanted);
  const option = chart.getOption();
  return {
    data: option.series.map((one) => one.data.map((item) => (item && item.value !== undefined ? item.value : item))),
    titles: [...option.xAxis, ...option.yAxis].map((axis) => axis.name || ""),
    paths: box.querySelectorAll("svg path").length,
    label: box.getAttribute("aria-label"),
  };
}, id);

async function lookAtRun(page, { name }) {
  const close = (a, b) => assert.ok(Math.abs(a - b) <= 1e-9 * Math.abs(b) + 1e-12, `${a} is not ${b}`);
  const accuracy = await drawn(page, "accuracy");
  csv(`${name}/epochs.csv`).forEach((row, i) => close(accuracy.data[0][i][1], 100 * row.test_accuracy));
  const time = await drawn(page, "time");
  csv(`${name}/evaluations.csv`).forEach((row, i) => close(time.data[0][i][1], 100 * row.test_accuracy));
  const links = await drawn(page, "links");
  const bytes = csv(`${name}/links.csv`).filter((row) => row.phase === "iteration").map((row) => Number(row.payload_bytes));
  bytes.forEach((one, i) => close(links.data[0][i] / links.data[0][0], one / bytes[0]));
  const summary = JSON.parse(readFileSync(`${folder}/${name}/summary.json`, "utf8"));
  const path = await drawn(page, "path");
  ["compute", "latency", "serialisation", "queueing", "window"].forEach((part, i) =>
    close(path.data[i][1], (100 * summary.iteration.critical_path[part]) / summary.iteration.modelled_seconds));
  const icicle = await drawn(page, "icicle");
  const spans = csv(`${name}/spans.csv`).filter((row) => row.span.startsWith("iteration") && Number(row.modelled_seconds) > 0);
  assert.equal(icicle.data[0].length, spans.length);
  assert.ok(icicle.paths >= spans.length, "a block for each span");
  const timeline = await drawn(page, "timeline");
  assert.equal(timeline.data[2].length, summary.iteration.messages);
  assert.ok(timeline.paths > summary.iteration.messages);

  // The tree sorts and opens with the keyboard; the metric can be chosen.
  await page.locator("#spans th button", { hasText: "rounds" }).press("Enter");
  assert.equal(await page.locator("#spans th[aria-sort=descending]").count(), 1);
  const before = await page.locator("#spans tbody tr").count();
  await page.locator('#spans tbody button[aria-expanded="false"]').first().press("Enter");
  assert.ok((await page.locator("#spans tbody tr").count()) > before);
  await page.getByRole("button", { name: "payload", exact: true }).first().click();
  assert.match((await drawn(page, "icicle")).titles.join(), /payload, all parties \(.?B\)/);
}

async function lookAtSweep(page) {
  const rows = await page.evaluate(() => ROWS.length);
  const cells = await drawn(page, "fastest-0");
  assert.equal(cells.data[0].length * 9, rows, "three variants and three models share the points");
  assert.ok(cells.paths >= cells.data[0].length);
  // Of each model those variants that no other beats in accuracy and time, under the chosen network.
  const told = await page.locator("#unbeaten li").allTextContents();
  const models = await page.evaluate(() => FACET.values.map((model) => {
    const own = chosen([FACET], ["accuracy", view.metric]).filter((point) => point[FACET.name] === model);
    return own.map((point) => ({ name: point.softmax, accuracy: point.mean.accuracy, cost: point.mean[view.metric] }));
  }));
  assert.equal(told.length, models.length);
  models.forEach((own, i) => own.forEach((one) => {
    const beaten = own.some((other) => other.accuracy >= one.accuracy && other.cost <= one.cost && (other.accuracy > one.accuracy || other.cost < one.cost));
    assert.equal(told[i].includes(`${one.name} (`), !beaten, `${one.name} in ${told[i]}`);
  }));
  const line = await drawn(page, "latency");
  const wanted = await page.evaluate(() => chosen([LATENCY], ["modelled_seconds"]).filter((point) => point.softmax === "exact").map((point) => point.mean.modelled_seconds));
  const shown = line.data[0].map((point) => point[1]);
  wanted.sort((a, b) => a - b).forEach((seconds, i) => assert.ok(Math.abs(seconds / shown[i] - 1) < 1e-9));
  // A choice changes the charts, a head sorts the table.
  await page.getByLabel("model", { exact: true }).selectOption({ index: 2 });
  assert.notDeepEqual((await drawn(page, "latency")).data, line.data);
  await page.locator("#table th button", { hasText: "modelled" }).press("Enter");
  assert.equal(await page.locator("#table th[aria-sort=descending]").count(), 1);
}

/** Three seeds at each of three latencies: means with their range, and no chart over the seeds. */
async function lookAtSeeds(page) {
  const line = await drawn(page, "latency");
  // The highest target that is reached comes first.
  assert.equal(await page.evaluate(() => view.metric), "to_0.95_modelled_seconds");
  const curves = await drawn(page, "curves");
  assert.deepEqual(curves.data[0].map((point) => point[1]), [90, 95]);
  const rows = await page.evaluate(() => ROWS.map((row) => [Number(row["network.latency_ms"]), Number(row[view.metric])]));
  for (const latency of [1, 10, 100]) {
    const own = rows.filter((row) => row[0] === latency).map((row) => row[1]);
    const mean = own.reduce((a, b) => a + b) / own.length;
    assert.ok(line.data[0].some(([x, y]) => x === latency && Math.abs(y / mean - 1) < 1e-9), `the mean at ${latency}`);
  }
  assert.doesNotMatch(line.titles.join(), /repetition|seed/);
  assert.match(await page.locator("#latency figcaption").textContent(), /Means over 3 seeds/);
  assert.equal(await page.getByLabel("repetition").count(), 0, "nothing to choose");
}

/** Without training there is no accuracy, and nothing stands in its place. */
async function lookAtNoAccuracy(page) {
  assert.equal(await page.locator("#accuracy").count(), 0);
  assert.equal(await page.locator("#unbeaten").count(), 0);
  assert.doesNotMatch(await page.locator(".tiles").textContent(), /accuracy|NaN|Infinity/i);
  assert.doesNotMatch(await page.locator("#table").textContent(), /accuracy/i);
  const offered = await page.locator('select[aria-label="measure"] option').allTextContents();
  assert.ok(offered.includes("time of one iteration"), offered.join());
}

async function open(browser, report, width, colorScheme) {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const trouble = [];
  page.on("console", (message) => trouble.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => trouble.push(`error: ${error.stack}`));
  const url = `file://${folder}/${report.file}`;
  page.on("request", (request) => { if (request.url() !== url) trouble.push(`request: ${request.url()}`); });
  await page.goto(url);
  for (const id of report.charts) {
    const chart = await drawn(page, id);
    assert.ok(chart.data.flat().length > 0 && chart.paths > 2, `${id} is empty`);
    assert.ok(chart.label && chart.label.length > 20, `${id} has no text`);
    assert.ok(chart.titles.some((title) => title !== ""), `${id} has no title at an axis`);
  }
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth), width, "wider than the window");
  const light = await page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).every((part) => part > 128));
  assert.equal(light, colorScheme === "light");
  await page.screenshot({ path: `${folder}/${report.name}-${width}-${colorScheme}.png`, fullPage: true });
  if (width > 1000) await report.look(page, report);
  // The charts follow a change of theme and of width.
  await page.emulateMedia({ colorScheme: colorScheme === "light" ? "dark" : "light" });
  await page.setViewportSize({ width: width === 400 ? 700 : 500, height: 900 });
  await page.waitForFunction(() => charts.every((entry) => entry.box.clientWidth === entry.width));
  assert.deepEqual(trouble, []);
  await page.close();
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: FLAGS });
try {
  for (const report of PAGES) {
    for (const width of [1400, 400]) {
      for (const scheme of ["light", "dark"]) {
        await open(browser, report, width, scheme);
        console.log(`${report.name}, ${width} px, ${scheme}: as it should be`);
      }
    }
  }
} finally {
  await browser.close();
}
