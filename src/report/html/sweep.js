// The report of a sweep.
const DATA = JSON.parse(document.getElementById("data").textContent);
const TABLE = parseCsv(DATA.results);
const ROWS = TABLE.rows;
const report = document.getElementById("report");

/** What a result is: { name, title, unit }; those that no row has a value of are left out. */
const RESULTS = DATA.columns.filter(({ name }) => ROWS.some((row) => row[name]));
const RESULT = Object.fromEntries(RESULTS.map((one) => [one.name, one]));
/** The values of a result, of the rows that have one. */
const valuesOf = (name, rows) => rows.filter((row) => row[name]).map((row) => Number(row[name]));

/** What a column is called, and its unit. */
function titleOf(column) {
  const units = { ms: "ms", mbps: "Mbit/s", us: "us", seconds: "s", bytes: "bytes" };
  const name = column.split(".").pop();
  const unit = Object.keys(units).find((end) => name.endsWith("_" + end));
  const words = (unit ? name.slice(0, -unit.length - 1) : name).replaceAll("_", " ");
  return unit ? `${words} (${units[unit]})` : words;
}
const shortTitle = (column) => titleOf(column).replace(/ \(.*/, "");

/** The axes: { name, numeric, values }. */
const AXES = DATA.axes.map((name) => {
  const values = [...new Set(ROWS.map((row) => row[name]))];
  const numeric = values.every((value) => value !== "" && Number.isFinite(Number(value)));
  if (numeric) values.sort((a, b) => a - b);
  return { name, numeric, values };
});
/** Seeds repeat a measurement: charts show the mean over them and the spread, never the seeds themselves. */
const SEEDS = AXES.filter((one) => DATA.seeds.includes(one.name) && one.values.length > 1);
const VARIED = AXES.filter((one) => one.values.length > 1 && !SEEDS.includes(one));
const pick = (pattern, numeric, taken) => VARIED.find((one) => pattern.test(one.name) && one.numeric === numeric && !taken.includes(one));
const VARIANT = pick(/softmax/, false, []) || pick(/./, false, []) || null;
const LATENCY = pick(/latency/, true, []) || pick(/./, true, []) || null;
const BANDWIDTH = pick(/bandwidth|mbps/, true, [LATENCY]) || pick(/./, true, [LATENCY]) || null;
const FACET = pick(/model|hidden|layer/, false, [VARIANT]) || pick(/./, false, [VARIANT]) || null;
const VARIANTS = VARIANT ? VARIANT.values : ["all"];
const variantOf = (row) => (VARIANT ? row[VARIANT.name] : "all");

/**
 * The points without their seeds: the values on all varied axes, and of each result the mean, the least and the greatest
 * over the seeds. A result that no seed has a value of is missing.
 */
const POINTS = (() => {
  const groups = new Map();
  for (const row of ROWS) {
    const place = JSON.stringify(VARIED.map((one) => row[one.name]));
    if (!groups.has(place)) groups.set(place, []);
    groups.get(place).push(row);
  }
  return [...groups.values()].map((rows) => {
    const point = { seeds: rows.length, mean: {}, least: {}, most: {} };
    for (const one of VARIED) point[one.name] = rows[0][one.name];
    for (const { name } of RESULTS) {
      const values = valuesOf(name, rows);
      if (values.length === 0) continue;
      point.mean[name] = values.reduce((sum, value) => sum + value, 0) / values.length;
      point.least[name] = Math.min(...values);
      point.most[name] = Math.max(...values);
    }
    return point;
  });
})();
const SEEDED = SEEDS.length > 0 ? `Means over ${fmtCount(Math.max(...POINTS.map((point) => point.seeds)))} seeds, with the range from least to greatest.` : "";

const METRICS = RESULTS.filter(({ unit }) => unit !== "share").map(({ name }) => name);
const fmtResult = (name, x) => ({ seconds: fmtTime, bytes: fmtBytes, share: fmtPercent, count: (n) => (Number.isInteger(n) ? fmtCount(n) : fmtTick(n)) })[RESULT[name].unit](x);
/** A mean with its range, if there is one. */
const fmtSpread = (name, point) => fmtResult(name, point.mean[name]) + (point.least[name] === point.most[name] ? "" : ` (${fmtResult(name, point.least[name])} to ${fmtResult(name, point.most[name])})`);
const metricAxis = (name, most) => {
  const about = RESULT[name];
  const unit = about.unit === "seconds" ? timeUnit(most) : about.unit === "bytes" ? byteUnit(most) : { name: "", size: 1 };
  return { size: unit.size, title: about.title + (unit.name ? ` (${unit.name})` : "") };
};

/** Modelled times to targets that any point reaches, the highest last. */
const TO_TIMES = RESULTS.filter(({ name }) => /^to_.*_modelled_seconds$/.test(name)).map(({ name }) => ({ name, target: Number(name.split("_")[1]) }));
/** Whether a measure is what it takes to a target, which not all reach. */
const toTarget = (name) => name.startsWith("to_");

/** What the charts are drawn for: a metric, and a value of each axis that a chart does not show. */
const view = { metric: TO_TIMES.length > 0 ? TO_TIMES[TO_TIMES.length - 1].name : METRICS.includes("modelled_seconds") ? "modelled_seconds" : METRICS[0], fixed: {}, reference: VARIANTS.includes("exact") ? "exact" : VARIANTS[0], other: "" };
for (const one of VARIED) {
  if (one !== VARIANT) view.fixed[one.name] = one.values[one.numeric ? Math.floor(one.values.length / 2) : 0];
}

/** Points with the chosen values on all axes but these, and with a value of these results. */
function chosen(free, results) {
  const names = Object.keys(view.fixed).filter((name) => !free.some((one) => one && one.name === name));
  return POINTS.filter((point) => names.every((name) => point[name] === view.fixed[name]) && results.every((name) => name in point.mean));
}
/** The chosen values, in words. */
function conditions(free) {
  const pairs = Object.entries(view.fixed).filter(([name]) => !free.some((one) => one && one.name === name));
  const at = pairs.length === 0 ? "" : "At " + pairs.map(([name, value]) => `${titleOf(name)} ${value}`).join(", ") + ".";
  return [at, SEEDED].filter((text) => text).join(" ");
}
const wide = (values) => Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 15;

function headline() {
  const facts = AXES.map((one) => {
    const span = one.values.length === 1 ? one.values[0] : one.numeric ? `${one.values.length} values, ${one.values[0]} to ${one.values[one.values.length - 1]}` :
      one.values.length <= 4 ? one.values.join(", ") : `${one.values.length} values`;
    return el("li", {}, el("span", {}, titleOf(one.name) + " "), span);
  });
  // A figure that no point has is not shown; seeds are shown by their mean.
  const span = (name, title, worst) => {
    const values = RESULT[name] ? valuesOf(name, ROWS) : [];
    if (values.length === 0) return null;
    const least = values.reduce((a, b) => Math.min(a, b)), most = values.reduce((a, b) => Math.max(a, b));
    const mean = values.reduce((a, b) => a + b) / values.length;
    if (VARIED.length === 0 && SEEDS.length > 0) return tile(title, fmtResult(name, mean), least === most ? "with every seed" : `mean; ${fmtResult(name, least)} to ${fmtResult(name, most)}`);
    if (worst) return tile(title, fmtResult(name, most), least === most ? "everywhere" : `at best; at worst ${fmtResult(name, least)}`);
    return tile(title, fmtResult(name, least), least === most ? "everywhere" : `to ${fmtResult(name, most)}`);
  };
  const seeds = SEEDS.length > 0 ? `, and ${SEEDS.length === 1 ? "a seed" : "seeds"}` : "";
  report.append(el("ul", { class: "facts" }, facts), el("dl", { class: "tiles" },
    tile("Points", fmtCount(DATA.rows_in_all), VARIED.length + (VARIED.length === 1 ? " axis varies" : " axes vary") + seeds),
    span("modelled_seconds", "Training time, modelled"), span("accuracy", "Test accuracy", true), span("rounds", "Rounds")));
  DATA.notes.forEach((note) => report.append(el("p", { class: "note" }, `Note: ${note}`)));
  if (DATA.rows_kept < DATA.rows_in_all) {
    const how = DATA.stride > 1 ? `every ${fmtCount(DATA.stride)}th row` : "an even choice of the values of the longest axes";
    report.append(el("p", { class: "note", id: "thinned" }, `This page holds ${fmtCount(DATA.rows_kept)} of ${fmtCount(DATA.rows_in_all)} points: ${how}. All are in results.csv.`));
  }
}

const redraws = [];
function redraw() { redraws.forEach((one) => one()); }

function controls() {
  const fixed = Object.keys(view.fixed).map((name) => {
    const { values } = AXES.find((one) => one.name === name);
    return chooser(titleOf(name), values.map((value) => [value, value]), view.fixed[name], (value) => { view.fixed[name] = value; redraw(); });
  });
  return el("section", {}, el("h2", {}, "Conditions shown"),
    el("p", { class: "muted" }, "What the charts below are drawn for. A chart that has one of these on an axis shows all its values."),
    el("div", { class: "controls" },
      METRICS.length > 1 ? chooser("measure", METRICS.map((name) => [name, RESULT[name].title]), view.metric, (name) => { view.metric = name; redraw(); }) : null, fixed));
}

/** Shapes, for those who cannot tell the colours apart. */
const SYMBOLS = ["circle", "rect", "triangle", "diamond", "roundRect", "pin", "arrow"];

/** Bars from the least to the greatest over the seeds, at [x, least, greatest]. */
function spread(n, data) {
  return {
    type: "custom", silent: true, color: series(n), z: 1, data: data.filter(([, least, most]) => least < most), encode: { x: 0, y: [1, 2] },
    renderItem: (_, api) => {
      const [x, top] = api.coord([api.value(0), api.value(2)]), bottom = api.coord([api.value(0), api.value(1)])[1];
      const line = (x1, y1, x2, y2) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { stroke: series(n), lineWidth: 1.5 } });
      return { type: "group", children: [line(x, top, x, bottom), line(x - 4, top, x + 4, top), line(x - 4, bottom, x + 4, bottom)] };
    },
  };
}

/** The measure against a numeric axis, a line for each variant. */
function against(id, along) {
  if (!along) return null;
  const series_ = () => {
    const points = chosen([along], [view.metric]);
    const most = points.reduce((sum, point) => Math.max(sum, point.most[view.metric]), 0);
    const unit = metricAxis(view.metric, most);
    return { unit, points, list: VARIANTS.map((variant, i) => {
      const own = points.filter((point) => variantOf(point) === variant).sort((a, b) => a[along.name] - b[along.name]);
      return {
        name: variant, type: "line", color: series(i), symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 7, showSymbol: along.values.length <= 20, lineStyle: { width: 2 },
        data: own.map((point) => ({ value: [Number(point[along.name]), point.mean[view.metric] / unit.size], point })),
      };
    }) };
  };
  const option = () => {
    const { unit, points, list } = series_();
    const log = points.length > 0 && wide(points.map((point) => point.least[view.metric]));
    const x = along.values.map(Number);
    return {
      grid: { left: 64, right: 20, top: 34, bottom: 46 }, legend: legend({ icon: undefined, itemWidth: 22 }),
      tooltip: tooltip({ trigger: "axis", formatter: (at) => lines(`${titleOf(along.name)} ${at[0].value[0]}`, at.filter((p) => p.data.point).map((p) => [p.seriesName, fmtSpread(view.metric, p.data.point)])) }),
      xAxis: axis({ type: wide(x) ? "log" : "value", name: titleOf(along.name) + (wide(x) ? ", logarithmic" : ""), nameGap: 28, min: x[0], max: x[x.length - 1], splitLine: { show: false }, axisLabel: { formatter: fmtTick } }),
      yAxis: axis({ type: log ? "log" : "value", name: unit.title + (log ? ", log." : ""), nameGap: 48, axisLabel: { formatter: fmtTick } }),
      series: [...list, ...list.map((one, i) => spread(i, one.data.map(({ value, point }) => [value[0], point.least[view.metric] / unit.size, point.most[view.metric] / unit.size])))],
    };
  };
  const text = () => `${RESULT[view.metric].title} against ${titleOf(along.name)}: ` + series_().list.filter((one) => one.data.length > 0).map((one) =>
    `${one.name} from ${fmtSpread(view.metric, one.data[0].point)} to ${fmtSpread(view.metric, one.data[one.data.length - 1].point)}`).join("; ") + `. ${conditions([along])}`;
  const chart = figure(id, 320, option, text, " ");
  const caption = chart.querySelector("figcaption");
  const title = el("h2", {});
  const update = () => { title.textContent = `${RESULT[view.metric].title} against ${shortTitle(along.name)}`.replace(/^./, (c) => c.toUpperCase()); caption.textContent = conditions([along]); chart.redraw(); };
  redraws.push(update);
  return el("section", {}, title, chart);
}

/** Accuracy against modelled time under the chosen conditions, a curve for each variant: where it reaches each target for good. */
function curveSection() {
  if (TO_TIMES.length === 0) return null;
  const curves = () => {
    const points = chosen([], []);
    return VARIANTS.map((variant) => {
      const point = points.find((one) => variantOf(one) === variant);
      const reached = point ? TO_TIMES.filter(({ name }) => name in point.mean) : [];
      return { variant, point, reached: reached.map(({ name, target }) => ({ seconds: point.mean[name], target })) };
    });
  };
  const option = () => {
    const found = curves(), times = found.flatMap(({ reached }) => reached.map(({ seconds }) => seconds));
    const unit = timeUnit(Math.max(...times, 0)), log = times.length > 0 && wide(times);
    return {
      grid: { left: 58, right: 20, top: 34, bottom: 46 }, legend: legend({ icon: undefined, itemWidth: 22 }),
      tooltip: tooltip({ formatter: (p) => lines(p.seriesName, [["test accuracy", fmtTick(p.value[1]) + " %"], ["modelled time", fmtTime(p.value[0] * unit.size)]]) }),
      xAxis: axis({ type: log ? "log" : "value", scale: true, name: `modelled time, set-up included (${unit.name})` + (log ? ", logarithmic" : ""), nameGap: 28, axisLabel: { formatter: fmtTick } }),
      yAxis: axis({ type: "value", scale: true, max: 100, name: "test accuracy (%)", nameGap: 42, axisLabel: { formatter: fmtTick } }),
      series: found.map(({ variant, reached }, i) => ({
        name: variant, type: "line", color: series(i), symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 7, lineStyle: { width: 2 },
        data: reached.map(({ seconds, target }) => [seconds / unit.size, 100 * target]),
      })),
    };
  };
  const told = ({ variant, point, reached }) => {
    if (!point) return `${variant} not present`;
    const last = reached[reached.length - 1];
    return last ? `${variant} ${fmtTick(100 * last.target)} % after ${fmtTime(last.seconds)}` : `${variant} reaches none`;
  };
  const text = () => `Accuracy against modelled time. ${curves().map(told).join("; ")}. ${conditions([])}`;
  const chart = figure("curves", 320, option, text, " ");
  const caption = chart.querySelector("figcaption");
  redraws.push(() => {
    caption.textContent = `Each point: the test accuracy is reached and kept. The highest of each: ${curves().map(told).join("; ")}. ${conditions([])}`;
    chart.redraw();
  });
  return el("section", {}, el("h2", {}, "Accuracy against modelled time"), chart);
}

/** Accuracy against the measure, a point for each training. */
function accuracySection() {
  if (!RESULT.accuracy) return null;
  const shown = () => chosen(VARIED.filter((one) => one !== LATENCY && one !== BANDWIDTH), ["accuracy", view.metric]);
  const option = () => {
    const all = shown(), points = all.length > 3000 ? all.filter((_, i) => i % Math.ceil(all.length / 3000) === 0) : all;
    const sizes = points.map((point) => point.mean[view.metric]), unit = metricAxis(view.metric, Math.max(...sizes, 0)), log = sizes.length > 0 && wide(sizes);
    const of = (variant) => points.filter((point) => variantOf(point) === variant);
    return {
      grid: { left: 58, right: 20, top: 34, bottom: 46 }, legend: legend({ icon: undefined, itemWidth: 22 }),
      tooltip: tooltip({ formatter: (p) => { const { point } = p.data; return lines(p.seriesName, [["test accuracy", fmtSpread("accuracy", point)], [RESULT[view.metric].title, fmtSpread(view.metric, point)], ...VARIED.filter((one) => one !== VARIANT).map((one) => [titleOf(one.name), point[one.name]])]); } }),
      xAxis: axis({ type: log ? "log" : "value", scale: true, name: unit.title + (log ? ", logarithmic" : ""), nameGap: 28, axisLabel: { formatter: fmtTick } }),
      yAxis: axis({ type: "value", scale: true, name: "test accuracy (%)", nameGap: 42, axisLabel: { formatter: fmtTick } }),
      series: [
        ...VARIANTS.map((variant, i) => ({ name: variant, type: "scatter", color: series(i), symbol: SYMBOLS[i % SYMBOLS.length], symbolSize: 10, itemStyle: { opacity: 0.85 },
          data: of(variant).map((point) => ({ value: [point.mean[view.metric] / unit.size, 100 * point.mean.accuracy], point })) })),
        ...VARIANTS.map((variant, i) => spread(i, of(variant).map((point) => [point.mean[view.metric] / unit.size, 100 * point.least.accuracy, 100 * point.most.accuracy]))),
      ],
    };
  };
  const text = () => "Accuracy against " + RESULT[view.metric].title + ": " + VARIANTS.map((variant) => {
    const found = shown().filter((point) => variantOf(point) === variant);
    return found.length ? `${variant} between ${fmtPercent(Math.min(...found.map((point) => point.least.accuracy)))} and ${fmtPercent(Math.max(...found.map((point) => point.most.accuracy)))}` : `${variant} not present`;
  }).join("; ") + `. ${SEEDED}`;
  const chart = figure("accuracy", 320, option, text, `Further up is more accurate, further left is cheaper. Each point is a training${LATENCY || BANDWIDTH ? " under the chosen network" : ""}. ${SEEDED}`);
  redraws.push(() => chart.redraw());
  return el("section", {}, el("h2", {}, "Accuracy against cost"), chart);
}

/** Whether a point is as accurate and as cheap as another, and better in one of them. */
function beats(one, other) {
  const more = one.mean.accuracy - other.mean.accuracy, less = other.mean[view.metric] - one.mean[view.metric];
  return more >= 0 && less >= 0 && (more > 0 || less > 0);
}
/** What a softmax variant opens of each row, if it opens anything. */
const revealedBy = (point) => (/softmax/.test(VARIANT.name) ? DATA.reveals[variantOf(point).replace(/\(.*/, "")] : undefined);
/** The variants that no other beats in both, for each value of another axis; where one of them opens something, also those of the others. */
function unbeatenSection() {
  if (!RESULT.accuracy || !VARIANT || VARIANTS.length < 2) return null;
  const list = el("ul", { id: "unbeaten" }), note = el("p", { class: "note" });
  const among = (points) => points.filter((one) => !points.some((other) => beats(other, one))).sort((a, b) => a.mean[view.metric] - b.mean[view.metric]);
  const told = (point) => `${variantOf(point)} (${fmtResult(view.metric, point.mean[view.metric])}, ${fmtPercent(point.mean.accuracy)})${revealedBy(point) ? `, which opens ${revealedBy(point)} to all parties` : ""}`;
  const update = () => {
    const points = chosen([FACET], ["accuracy", view.metric]);
    list.replaceChildren(...(FACET ? FACET.values : [""]).map((value) => {
      const own = points.filter((point) => !FACET || point[FACET.name] === value);
      const best = among(own), silent = among(own.filter((point) => !revealedBy(point)));
      const texts = best.map(told).join("; ") || "no training";
      const others = best.some(revealedBy) && silent.length > 0 ? `. Of those that open nothing: ${silent.map(told).join("; ")}` : "";
      return el("li", {}, FACET ? el("strong", {}, `${shortTitle(FACET.name)} ${value}: `) : null, texts + others);
    }));
    note.textContent = `Cheapest first, with ${RESULT[view.metric].title} and test accuracy: every other variant is less accurate or dearer than one of these${toTarget(view.metric) ? ", or does not get to the target" : ""}. ${conditions([FACET])}`;
  };
  redraws.push(update);
  return el("section", {}, el("h2", {}, "Which variants no other beats"), note, list);
}

/** Cells of a heat map: for each place the measure of each variant. */
function cells(facet) {
  const found = new Map();
  for (const point of chosen([LATENCY, BANDWIDTH, FACET], [view.metric])) {
    if (FACET && point[FACET.name] !== facet) continue;
    const place = LATENCY.values.indexOf(point[LATENCY.name]) + "," + BANDWIDTH.values.indexOf(point[BANDWIDTH.name]);
    if (!found.has(place)) found.set(place, {});
    found.get(place)[variantOf(point)] = point.mean[view.metric];
  }
  return [...found].map(([place, sizes]) => ({ x: Number(place.split(",")[0]), y: Number(place.split(",")[1]), sizes }));
}
function ranked(sizes) {
  return VARIANTS.filter((variant) => sizes[variant] !== undefined).sort((a, b) => sizes[a] - sizes[b] || VARIANTS.indexOf(a) - VARIANTS.indexOf(b));
}
/** Reference ÷ other of a cell. */
function ratio(sizes) {
  const other = view.other || ranked(sizes).find((variant) => variant !== view.reference);
  const value = sizes[view.reference] / sizes[other];
  return Number.isFinite(value) && value > 0 ? value : null;
}
const cellTip = (cell) => lines(`${titleOf(LATENCY.name)} ${LATENCY.values[cell.x]}, ${titleOf(BANDWIDTH.name)} ${BANDWIDTH.values[cell.y]}`,
  [...ranked(cell.sizes).map((variant) => [variant, fmtResult(view.metric, cell.sizes[variant])]),
    ...(toTarget(view.metric) ? VARIANTS.filter((variant) => cell.sizes[variant] === undefined).map((variant) => [variant, "never"]) : [])]);
/** Which variants reach the target nowhere in these cells, as a sentence; nothing if all do. */
function neverText(cells) {
  const never = VARIANTS.filter((variant) => cells.every(({ sizes }) => sizes[variant] === undefined));
  return toTarget(view.metric) && never.length > 0 ? `${never.join(", ")} ${never.length === 1 ? "does" : "do"} not get there.` : "";
}
const heatAxes = () => {
  const one = (along, gap) => {
    const texts = fmtTicks(along.values.map(Number));
    return axis({ type: "category", data: along.values, name: titleOf(along.name), nameGap: gap, splitArea: { show: false }, splitLine: { show: false }, axisTick: { show: false }, axisLabel: { formatter: (_, i) => texts[i], ...(gap > 30 ? { interval: Math.ceil(along.values.length / 12) - 1 } : {}) } });
  };
  return { xAxis: one(LATENCY, 28), yAxis: one(BANDWIDTH, 46) };
};
/** Whether ratios are written into the cells: two decimals need their room. */
const fits = (width) => BANDWIDTH.values.length <= 16 && (width - 84) / LATENCY.values.length > 26;
const roomy = (width) => (width - 84) / LATENCY.values.length > 36;

function heat(data, label, width, visual) {
  return {
    grid: { left: 64, right: 16, top: 8, bottom: 46 }, ...heatAxes(), visualMap: visual,
    tooltip: tooltip({ formatter: (p) => cellTip(p.data.cell) }),
    series: [{ type: "heatmap", data, itemStyle: { borderColor: colour("card"), borderWidth: LATENCY.values.length > 20 ? 0 : 1 }, emphasis: { itemStyle: { borderColor: colour("fg"), borderWidth: 1 } }, label: { show: fits(width), fontSize: roomy(width) ? 11 : 9.5, formatter: (p) => label(p.data.cell, roomy(width)) } }],
  };
}
const decimals = (x) => (x >= 100 ? x.toFixed(0) : x >= 10 ? x.toFixed(1) : x.toFixed(2));
const times = (x) => decimals(x) + "×";
/** The least and the greatest of some ratios. */
const reach = (ratios, from, to) => (ratios.length > 0 ? `${from} ${times(Math.min(...ratios))} ${to} ${times(Math.max(...ratios))}` : "no two to compare");
const brief = (x, room) => (room ? times(x) : decimals(x));

function fastestOption(facet) {
  return (width) => {
    const data = cells(facet).map((cell) => ({ value: [cell.x, cell.y, VARIANTS.indexOf(ranked(cell.sizes)[0])], cell, label: { color: DARK.matches ? "#10151c" : "#fff" } }));
    const label = ({ sizes }, room) => { const order = ranked(sizes); return order.length > 1 ? brief(sizes[order[1]] / sizes[order[0]], room) : ""; };
    return heat(data, label, width, { type: "piecewise", show: false, dimension: 2, pieces: VARIANTS.map((_, i) => ({ value: i, color: series(i) })) });
  };
}

/** Colours of ratios: below 1, at 1, above 1. */
const ratioColours = () => (DARK.matches ? ["#ff9a6b", "#2a323d", "#7aa5ff"] : ["#b85a00", "#eef0f3", "#2457b8"]);
let largestRatio = 2;
function ratioOption(facet) {
  return (width) => {
    const reach = Math.log2(largestRatio);
    const data = cells(facet).map((cell) => ({ cell, r: ratio(cell.sizes) })).filter(({ r }) => r !== null).map(({ cell, r }) => {
      const strong = Math.abs(Math.log2(r)) / reach > 0.62;
      return { value: [cell.x, cell.y, Math.log2(r)], cell, label: { color: strong ? (DARK.matches ? "#10151c" : "#fff") : colour("fg") } };
    });
    return heat(data, ({ sizes }, room) => brief(ratio(sizes), room), width, { type: "continuous", show: false, dimension: 2, min: -reach, max: reach, inRange: { color: ratioColours() } });
  };
}
function scaleKey() {
  const [below, one, above] = ratioColours();
  return el("div", { class: "scale" }, el("span", {}, times(1 / largestRatio)), el("i", { style: `background:linear-gradient(90deg,${below},${one},${above})` }), el("span", {}, times(largestRatio)));
}

function heatSections() {
  if (!VARIANT || !LATENCY || !BANDWIDTH) return [];
  const facets = (FACET ? FACET.values : [""]).slice(0, 9);
  const height = Math.max(230, Math.min(460, 24 * BANDWIDTH.values.length + 60));
  const grid = (prefix, option, text) => {
    const figures = facets.map((facet, i) => el("div", {}, FACET ? el("h3", {}, `${shortTitle(FACET.name)} ${facet}`) : null,
      figure(`${prefix}-${i}`, height, option(facet), () => text(facet))));
    return { figures, node: el("div", { class: "facets" }, figures), redraw: () => figures.forEach((one) => one.querySelector("figure").redraw()) };
  };
  const wins = (facet) => {
    const found = cells(facet), counts = VARIANTS.map((variant) => found.filter((cell) => ranked(cell.sizes)[0] === variant).length);
    return { found, counts };
  };
  const more = FACET && FACET.values.length > 9 ? `The first 9 of ${FACET.values.length} values of ${titleOf(FACET.name)}.` : "";
  const fastest = grid("fastest", fastestOption, (facet) => { const { found, counts } = wins(facet); return `Heat map, ${facet}: of ${found.length} networks, ` + VARIANTS.map((variant, i) => `${variant} is least in ${counts[i]}`).join(", ") + "."; });
  const ratios = grid("ratio", ratioOption, (facet) => { const found = cells(facet).map((cell) => ratio(cell.sizes)).filter((r) => r !== null); return `Heat map of ratios, ${facet}: ${reach(found, "from", "to")}.`; });
  const title = el("h2", {});
  const note = el("p", { class: "note" }), ratioNote = el("p", { class: "note" }), keyBox = el("div", {}), scaleBox = el("div", {});
  const update = () => {
    title.textContent = toTarget(view.metric) ? `Which variant needs least where: ${RESULT[view.metric].title}` : (RESULT[view.metric].unit === "seconds") ? "Which variant is fastest where" : `Which variant needs least where: ${RESULT[view.metric].title}`;
    const all = facets.map(wins), cellsInAll = all.reduce((sum, one) => sum + one.found.length, 0);
    note.textContent = `${VARIANTS.map((variant, i) => `${variant} is fastest in ${fmtCount(all.reduce((sum, one) => sum + one.counts[i], 0))}`).join(", ")} of ${fmtCount(cellsInAll)} conditions. ${BANDWIDTH.values.length <= 16 ? "The number in a cell is how many times longer the next variant takes." : ""} ${conditions([LATENCY, BANDWIDTH, FACET])} ${neverText(all.flatMap(({ found }) => found))} ${more}`
      .replaceAll("is fastest", (RESULT[view.metric].unit === "seconds") ? "is fastest" : "needs least").replace("times longer the next variant takes", (RESULT[view.metric].unit === "seconds") ? "times longer the next variant takes" : "times more the next variant needs");
    const found = facets.flatMap((facet) => cells(facet).map((cell) => ratio(cell.sizes))).filter((r) => r !== null);
    largestRatio = Math.max(1.1, ...found, ...found.map((r) => 1 / r));
    ratioNote.textContent = `${RESULT[view.metric].title} of ${view.reference} divided by that of ${view.other || "the best other variant"}: ${reach(found, "between", "and")}. Above 1 the replacement pays, below 1 ${view.reference} does. ${more}`.replace(/^./, (c) => c.toUpperCase());
    keyBox.replaceChildren(key(VARIANTS.map((variant, i) => [variant, series(i)])));
    scaleBox.replaceChildren(scaleKey());
    fastest.redraw();
    ratios.redraw();
  };
  redraws.push(update);
  return [
    el("section", {}, title, note, keyBox, fastest.node),
    el("section", {}, el("h2", {}, "How much the replacement saves"),
      el("div", { class: "controls" },
        chooser("variant", VARIANTS.map((one) => [one, one]), view.reference, (one) => { view.reference = one; update(); }),
        chooser("divided by", [["", "best other variant"], ...VARIANTS.map((one) => [one, one])], view.other, (one) => { view.other = one; update(); })),
      ratioNote, scaleBox, ratios.node),
  ];
}

function tableSection() {
  const columns = TABLE.columns.filter((name) => RESULT[name] || !DATA.columns.some((one) => one.name === name)).map((name) => {
    const own = AXES.find((one) => one.name === name), numeric = own ? own.numeric : true;
    const show = (row) => (row[name] === "" ? "" : RESULT[name] ? fmtResult(name, Number(row[name])) : row[name]);
    return { name: own ? titleOf(name) : RESULT[name] ? RESULT[name].title : name, text: !numeric, value: (row) => (numeric ? Number(row[name]) : row[name]), cell: show };
  });
  return el("section", { id: "table" }, el("h2", {}, "All points"), table("All points of the sweep", columns, ROWS, 500));
}

headline();
if (ROWS.length > 0) {
  const charts = METRICS.length === 0 ? [] : [controls(), ...heatSections(), curveSection(),
    el("div", { class: "columns" }, ...[against("latency", LATENCY), against("bandwidth", BANDWIDTH)].filter((one) => one)), unbeatenSection(), accuracySection()];
  report.append(...charts.filter((one) => one), tableSection(), words(WORDS));
  drawAll();
  redraw();
  DARK.addEventListener("change", redraw);
} else {
  report.append(el("p", {}, "The sweep has no points."));
}
