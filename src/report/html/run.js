// The report of a run.
const DATA = JSON.parse(document.getElementById("data").textContent);
const SUMMARY = DATA.summary;
const EPOCHS = parseCsv(DATA.epochs).rows;
const EVALUATIONS = parseCsv(DATA.evaluations).rows;
const SPANS = parseCsv(DATA.spans).rows.filter((row) => row.span.split("/")[0] === "iteration");
const LINKS = parseCsv(DATA.links).rows;
const report = document.getElementById("report");

/** What a table of spans or links can show as a size. */
const METRICS = {
  modelled_seconds: { name: "time on the critical path", short: "time", fmt: fmtTime, unit: timeUnit },
  critical_path_rounds: { name: "rounds along the critical path", short: "rounds", fmt: fmtCount, unit: () => ({ name: "", size: 1 }) },
  longest_chain_rounds: { name: "messages of one longest chain", short: "longest chain", fmt: fmtCount, unit: () => ({ name: "", size: 1 }) },
  payload_bytes: { name: "payload, all parties", short: "payload", fmt: fmtBytes, unit: byteUnit },
};

function headline() {
  const facts = [
    ["layers", SUMMARY.layers.join("-")], ["softmax", SUMMARY.softmax], ["protocol", `${SUMMARY.protocol}, ${DATA.parties} ${DATA.parties === 1 ? "party" : "parties"}`],
    ["rounding", SUMMARY.rounding], ["network", SUMMARY.network], ["compute", SUMMARY.compute], ["seed", SUMMARY.seed],
    ["fingerprint", SUMMARY.fingerprint],
  ];
  if (SUMMARY.numbers) facts.push(["accuracy of a training in", SUMMARY.numbers]);
  const owners = SUMMARY.owners;
  if (owners) facts.push([`${owners.rows ? "rows" : "columns"} of parties 0, 1, …`, (owners.rows || owners.columns).map(fmtCount).join(", ")]);
  if (owners && owners.labels !== undefined) facts.push(["labels", `party ${owners.labels}`]);
  const { training, iteration, setup } = SUMMARY;
  report.append(
    ...(SUMMARY.notes.length ? [el("ul", { class: "notes" }, SUMMARY.notes.map((note) => el("li", {}, note)))] : []),
    el("ul", { class: "facts" }, facts.map(([name, value]) => el("li", {}, el("span", {}, name + " "), String(value)))),
    el("dl", { class: "tiles" },
      tile("Test accuracy", fmtPercent(SUMMARY.final_test_accuracy), `after ${EPOCHS.length} ${EPOCHS.length === 1 ? "epoch" : "epochs"}`),
      tile("Training time, modelled", fmtTime(training.modelled_seconds), `${fmtCount(SUMMARY.iterations)} iterations`),
      tile("One iteration", fmtTime(iteration.modelled_seconds), `set-up: ${fmtTime(setup.modelled_seconds)}`),
      tile("Rounds", fmtCount(training.rounds), `${fmtCount(iteration.rounds)} an iteration`),
      tile("Payload, all parties", fmtBytes(training.payload_bytes), `${fmtBytes(iteration.payload_bytes)} an iteration`),
      tile("Messages", fmtCount(training.messages), `${fmtCount(iteration.messages)} an iteration`)),
    ...(SUMMARY.notes || []).map((note) => el("p", { class: "note" }, `Note: ${note}`)));
}

function accuracySection() {
  const losses = EPOCHS.some((row) => row.loss !== "");
  const points = (value) => EPOCHS.map((row) => [Number(row.epoch), value(row)]);
  const lowest = Math.min(...EPOCHS.map((row) => 100 * row.test_accuracy));
  const floor = lowest >= 92 ? 90 : lowest > 82 ? 80 : lowest > 62 ? 60 : 0;
  const option = () => ({
    grid: { left: 58, right: losses ? 58 : 16, top: losses ? 30 : 14, bottom: 46 },
    legend: legend({ show: losses }),
    tooltip: tooltip({ trigger: "axis", formatter: (at) => lines(`epoch ${at[0].value[0]}`,
      at.map((p) => [p.seriesName, p.seriesIndex === 0 ? p.value[1].toFixed(2) + " %" : p.value[1].toFixed(4)])) }),
    xAxis: axis({ type: "value", name: "epoch", nameGap: 28, minInterval: 1, min: Math.min(1, EPOCHS.length - 1), max: EPOCHS.length, splitLine: { show: false } }),
    yAxis: [
      axis({ type: "value", name: "test accuracy (%)", nameGap: 40, min: floor, max: 100, interval: floor >= 90 ? 2 : floor > 0 ? 5 : 20 }),
      ...(losses ? [axis({ type: "value", name: "mean training loss", nameGap: 40, splitLine: { show: false }, scale: true })] : []),
    ],
    series: [
      { name: "test accuracy", type: "line", symbolSize: 7, color: series(0), lineStyle: { width: 2 }, data: points((row) => 100 * row.test_accuracy),
        markLine: { symbol: "none", silent: true, lineStyle: { type: "dotted" }, label: { formatter: "restart" }, data: EPOCHS.filter((row) => row.restarted === "true").map((row) => ({ xAxis: Number(row.epoch) })) } },
      ...(losses ? [{ name: "loss", type: "line", yAxisIndex: 1, symbolSize: 6, color: series(1), lineStyle: { width: 2, type: "dashed" }, data: points((row) => Number(row.loss)) }] : []),
    ],
  });
  const best = EPOCHS.reduce((a, b) => (Number(b.test_accuracy) > Number(a.test_accuracy) ? b : a));
  const text = EPOCHS.length === 1 ? `Test accuracy after the only epoch: ${fmtPercent(SUMMARY.final_test_accuracy)}.` : `Test accuracy by epoch: from ${fmtPercent(EPOCHS[0].test_accuracy)} after epoch 1 to ${fmtPercent(SUMMARY.final_test_accuracy)} after epoch ${EPOCHS.length}; best ${fmtPercent(best.test_accuracy)} after epoch ${best.epoch}.`;
  return el("section", {}, el("h2", {}, "Accuracy by epoch"), figure("accuracy", 270, option, text, text),
    el("details", {}, el("summary", {}, "Table"), table("Accuracy by epoch", [
      { name: "epoch", value: (row) => Number(row.epoch) },
      { name: "iterations", value: (row) => Number(row.iterations), cell: (row) => fmtCount(row.iterations) },
      { name: "test images right", value: (row) => Number(row.test_correct), cell: (row) => fmtCount(row.test_correct) },
      { name: "test accuracy", value: (row) => Number(row.test_accuracy), cell: (row) => fmtPercent(row.test_accuracy) },
      ...(losses ? [{ name: "mean loss", value: (row) => Number(row.loss), cell: (row) => row.loss }] : []),
      { name: "values out of range", value: (row) => Number(row.out_of_range), cell: (row) => (row.out_of_range === "" ? (SUMMARY.numbers ? "has no range" : "not looked at") : fmtCount(row.out_of_range)) },
      { name: "restarted", text: true, value: (row) => row.restarted, cell: (row) => (row.restarted === "true" ? "yes" : "no") },
    ], EPOCHS)));
}

/** How a training stands to a target, in words. */
function targetText({ target, outcome, modelled_seconds, iterations, rounds, payload_bytes }) {
  const name = `${fmtTick(100 * target)} % test accuracy`;
  if (outcome === "never") return `${name} is not reached.`;
  if (outcome === "lost") return `${name} is reached, but not kept.`;
  return `${name} after ${fmtTime(modelled_seconds)}: ${fmtCount(iterations)} iterations, ${fmtCount(rounds)} rounds, ${fmtBytes(payload_bytes)}.`;
}

/** Test accuracy against modelled time, the set-up included. */
function timeSection() {
  const unit = timeUnit(Number(EVALUATIONS[EVALUATIONS.length - 1].modelled_seconds));
  const targets = SUMMARY.time_to_accuracy;
  const option = () => ({
    grid: { left: 58, right: 44, top: 14, bottom: 46 },
    tooltip: tooltip({ formatter: (p) => { const row = p.data.row; return row ? lines(fmtTime(Number(row.modelled_seconds)), [["test accuracy", fmtPercent(row.test_accuracy)], ["iterations", fmtCount(row.iterations)], ["rounds", fmtCount(row.rounds)], ["payload", fmtBytes(Number(row.payload_bytes))]]) : ""; } }),
    xAxis: axis({ type: "value", name: `modelled time, set-up included (${unit.name})`, nameGap: 28, min: 0, axisLabel: { formatter: fmtTick } }),
    yAxis: axis({ type: "value", scale: true, name: "test accuracy (%)", nameGap: 42, axisLabel: { formatter: fmtTick } }),
    series: [{
      name: "test accuracy", type: "line", symbolSize: 7, color: series(0), lineStyle: { width: 2 },
      data: EVALUATIONS.map((row) => ({ value: [Number(row.modelled_seconds) / unit.size, 100 * row.test_accuracy], row })),
      markLine: { symbol: "none", silent: true, lineStyle: { type: "dotted" }, label: { formatter: (p) => fmtTick(p.value) + " %" }, data: targets.map(({ target }) => ({ yAxis: 100 * target })) },
    }],
  });
  const text = ["Test accuracy against modelled time.", ...targets.map(targetText)].join(" ");
  const note = targets.length ? el("ul", { id: "targets" }, targets.map((target) => el("li", {}, targetText(target)))) : el("p", { class: "note" }, "No round accuracy was reached.");
  return el("section", {}, el("h2", {}, "Accuracy against modelled time"), figure("time", 270, option, text, "Each point is a look at the test accuracy, with the time that set-up, iterations and restarts had taken by then. A target counts from where it is kept to the end."), note);
}

const APART = SUMMARY.iteration_offline ? [["iteration_offline", "offline"], ["iteration_online", "online"]] : [];
const PHASES = [["setup", "set-up"], ...APART, ["iteration", "one iteration"], ["training", "training"]];

function pathSection() {
  const total = (phase) => SUMMARY[phase].modelled_seconds;
  const share = (phase, part) => (total(phase) ? (100 * SUMMARY[phase].critical_path[part]) / total(phase) : 0);
  const names = PHASES.map(([phase, name]) => [phase, name, fmtTime(total(phase))]);
  const option = () => ({
    grid: { left: 104, right: 22, top: 30, bottom: 46 },
    legend: legend({}),
    tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow" }, formatter: (at) => {
      const phase = PHASES[at[0].dataIndex][0];
      return lines(PHASES[at[0].dataIndex][1], [...PARTS.map((part) => [part, `${fmtTime(SUMMARY[phase].critical_path[part])} (${share(phase, part).toFixed(1)} %)`]), ["in all", fmtTime(total(phase))]]);
    } }),
    xAxis: axis({ type: "value", name: "share of the critical path (%)", nameGap: 28, max: 100 }),
    yAxis: axis({ type: "category", inverse: true, data: names.map(([, name, time]) => `${name}\n${time}`), axisTick: { show: false }, axisLabel: { color: colour("fg"), lineHeight: 16 } }),
    series: PARTS.map((part) => ({
      name: part, type: "bar", stack: "path", color: colour(part), itemStyle: { decal: pattern(part) }, barWidth: "58%",
      data: PHASES.map(([phase]) => share(phase, part)),
      label: { show: true, fontSize: 11, ...(pattern(part) ? { backgroundColor: colour(part), padding: [2, 4], borderRadius: 3 } : {}), color: DARK.matches || part === "latency" ? "#10151c" : "#fff", formatter: (p) => (p.value >= 9 ? `${p.value.toFixed(0)} %` : "") },
    })),
  });
  const text = "What the modelled time is spent on. " + PHASES.map(([phase, name]) =>
    `${name}: ${fmtTime(total(phase))}, of which ${PARTS.map((part) => `${part} ${fmtTime(SUMMARY[phase].critical_path[part])}`).join(", ")}`).join(". ") + ".";
  return el("section", {}, el("h2", {}, "What the time is spent on"),
    figure("path", 120 + 50 * PHASES.length, option, text, "The critical path: computing and waiting that the end of the phase could not do without. Its parts add up to the modelled time."),
    el("details", {}, el("summary", {}, "Table"), table("Parts of the critical path", [
      { name: "phase", text: true, value: ([, name]) => name },
      ...PARTS.map((part) => ({ name: part, value: ([phase]) => SUMMARY[phase].critical_path[part], cell: ([phase]) => fmtTime(SUMMARY[phase].critical_path[part]) })),
      { name: "in all", value: ([phase]) => total(phase), cell: ([phase]) => fmtTime(total(phase)) },
    ], PHASES)));
}

/** Spans of one iteration as a tree: { row, name, path, level, children }. */
function spanTree() {
  const nodes = new Map();
  let root = null;
  for (const row of SPANS) {
    const names = row.span.split("/");
    const node = { row, name: names[names.length - 1], path: row.span, level: names.length - 1, children: [], parent: null };
    node.parent = nodes.get(names.slice(0, -1).join("/")) || null;
    if (node.parent) node.parent.children.push(node);
    else root = node;
    nodes.set(row.span, node);
  }
  return { root, nodes };
}
const TREE = spanTree();

/** Colours belong to layers. */
const LAYERS = TREE.root.children.map((node) => node.name).sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
function layerColour(path) {
  const layer = LAYERS.indexOf(path.split("/")[1]);
  return layer < 0 ? colour("muted") : series(layer);
}

/** How far spans are from the left, sized by a metric. */
function places(metric) {
  const out = [];
  const place = (node, start) => {
    const size = Number(node.row[metric]);
    if (size > 0) out.push({ node, start, size });
    let at = start;
    for (const child of node.children) { place(child, at); at += Number(child.row[metric]); }
  };
  place(TREE.root, 0);
  return out;
}

function icicle(metricOf) {
  return () => {
    const metric = metricOf(), about = METRICS[metric];
    const whole = Number(TREE.root.row[metric]), unit = about.unit(whole), deepest = Math.max(...SPANS.map((row) => row.level - 1));
    const found = places(metric);
    return {
      grid: { left: 6, right: 12, top: 6, bottom: 44 },
      tooltip: tooltip({ formatter: (p) => {
        const { node, size } = found[p.dataIndex];
        return lines(node.path, [[about.name, `${about.fmt(size)} (${((100 * size) / whole).toFixed(1)} %)`],
          ...Object.keys(METRICS).filter((m) => m !== metric).map((m) => [METRICS[m].name, METRICS[m].fmt(Number(node.row[m]))])]);
      } }),
      xAxis: axis({ type: "value", min: 0, max: whole / unit.size, name: about.name + (unit.name ? ` (${unit.name})` : ""), nameGap: 28, splitLine: { show: false }, axisLabel: { showMaxLabel: false } }),
      yAxis: { type: "value", min: 0, max: deepest + 1, inverse: true, show: false },
      series: [{
        type: "custom", data: found.map(({ node, start, size }) => [start / unit.size, (start + size) / unit.size, node.level]),
        encode: { x: [0, 1], y: 2 }, clip: true,
        renderItem: (_, api) => {
          const { node } = found[_.dataIndex];
          const [x, y] = api.coord([api.value(0), api.value(2)]);
          const [right, bottom] = api.coord([api.value(1), api.value(2) + 1]);
          const width = Math.max(right - x - 1, 0.5);
          const fill = node.level === 0 ? colour("muted") : layerColour(node.path);
          return {
            type: "rect", shape: { x, y, width, height: bottom - y - 1, r: 2 },
            style: { fill, opacity: Math.max(1 - 0.03 * Math.max(node.level - 1, 0), 0.86) }, emphasis: { style: { opacity: 0.75 } },
            textConfig: { position: "insideLeft", distance: 5 },
            textContent: { style: { text: width > 34 ? node.name : "", fill: DARK.matches ? "#10151c" : "#ffffff", fontSize: 11, width: width - 10, overflow: "truncate", ellipsis: "…" } },
          };
        },
      }],
    };
  };
}

/** A number, and a bar of its share. */
function barCell(text, share, parts) {
  const segments = parts.map(([paint, part]) => el("i", { style: `width:${(100 * part * share).toFixed(3)}%;background:${paint}` }));
  return el("span", { class: "cell" }, el("span", { class: "bar", "aria-hidden": "true" }, segments), el("span", {}, text));
}

function treeTable() {
  const open = new Set([TREE.root.path, ...TREE.root.children.map((node) => node.path)]);
  const body = el("tbody", { class: "tree" });
  const cellOf = (node, metric) => {
    const value = Number(node.row[metric]), whole = Number(TREE.root.row[metric]);
    const parts = metric !== "modelled_seconds" ? [["var(--accent)", 1]] :
      PARTS.map((part) => [`var(--fill-${part})`, value ? node.row[part + "_seconds"] / value : 0]);
    return el("td", {}, barCell(METRICS[metric].fmt(value), whole ? value / whole : 0, parts));
  };
  let order = null;
  function rowsOf(node, out) {
    out.push(node);
    if (!open.has(node.path)) return out;
    const children = [...node.children];
    if (order) children.sort((a, b) => (order.descending ? -1 : 1) * order.compare(a, b));
    children.forEach((child) => rowsOf(child, out));
    return out;
  }
  function fill() {
    body.replaceChildren(...rowsOf(TREE.root, []).map((node) => {
      const opened = open.has(node.path);
      const toggle = node.children.length === 0 ? el("span", { class: "leaf" }) : el("button", {
        type: "button", "aria-expanded": String(opened), "aria-label": `${opened ? "close" : "open"} ${node.path}`, "data-path": node.path,
        onclick: () => {
          if (opened) open.delete(node.path); else open.add(node.path);
          fill();
          body.querySelector(`[data-path="${CSS.escape(node.path)}"]`).focus();
        },
      }, opened ? "▾" : "▸");
      const swatch = node.level === 1 ? el("i", { class: "swatch", "data-series": String(LAYERS.indexOf(node.name)) }) : null;
      return el("tr", {}, el("th", { scope: "row", style: `padding-left:${6 + 16 * node.level}px` }, toggle, swatch, node.name),
        cellOf(node, "modelled_seconds"), cellOf(node, "critical_path_rounds"), cellOf(node, "longest_chain_rounds"), cellOf(node, "payload_bytes"),
        el("td", {}, fmtCount(node.row.messages)));
    }));
    paintKey();
  }
  const columns = [["operation", (a, b) => a.name.localeCompare(b.name, "en", { numeric: true })],
    ...[["time", "modelled_seconds"], ["rounds", "critical_path_rounds"], ["longest chain", "longest_chain_rounds"], ["payload", "payload_bytes"], ["messages", "messages"]]
      .map(([name, metric]) => [name, (a, b) => a.row[metric] - b.row[metric]])];
  const heads = columns.map(([name, compare], i) => el("th", { scope: "col", class: i === 0 ? "text" : undefined, "aria-sort": "none" },
    el("button", { type: "button", onclick: () => {
      order = { name, compare, descending: order && order.name === name ? !order.descending : i > 0 };
      heads.forEach((head, j) => head.setAttribute("aria-sort", i === j ? (order.descending ? "descending" : "ascending") : "none"));
      fill();
    } }, name)));
  const all = (which) => () => { TREE.nodes.forEach((node) => (which || node.level === 0 ? open.add(node.path) : open.delete(node.path))); fill(); };
  fill();
  return el("div", {},
    el("div", { class: "controls" }, el("button", { type: "button", class: "plain", onclick: all(true) }, "Open all"),
      el("button", { type: "button", class: "plain", onclick: all(false) }, "Close all"), partsKey()),
    el("div", { class: "scroll", id: "spans", tabindex: "0", role: "region", "aria-label": "Cost by layer and operation" },
      el("table", {}, el("caption", { class: "hidden" }, "Cost of one iteration by layer and operation; each row contains the rows below it that are further in"),
        el("thead", {}, el("tr", {}, heads)), body)));
}

function spanSection() {
  let metric = "modelled_seconds";
  const text = () => `${METRICS[metric].name} of one iteration by layer: ` + TREE.root.children.map((node) => `${node.name} ${METRICS[metric].fmt(Number(node.row[metric]))}`).join(", ") + ". The table below has all figures.";
  const deepest = Math.max(...SPANS.map((row) => row.level));
  const chart = figure("icicle", 26 * deepest + 50, icicle(() => metric), text,
    "Each block contains the blocks below it; its width is its share. Blocks are ordered by layer, not by time: the timeline below shows what happens when. Time is the part of the critical path that an operation caused, and its rounds are the messages that the path passed in it, so what is beside the critical path has none. The longest chain of messages is another path: it does not depend on the network.");
  return el("section", {}, el("h2", {}, `Cost by layer and operation, ${APART.length ? "the online phase of " : ""}one iteration`),
    el("div", { class: "controls" }, segmented("Size of the blocks", Object.entries(METRICS).map(([name, about]) => [name, about.short]), metric,
      (chosen) => { metric = chosen; chart.redraw(); })),
    chart, treeTable());
}

/** A party's number, or the name of its site. */
function shortName(party) {
  return DATA.names[party] === `party ${party}` ? String(party) : DATA.names[party];
}

/** Room for the longest of some names on an axis, in pixels. */
function nameWidth(names) {
  return Math.max(62, 16 + 7 * Math.max(...names.map((name) => name.length)));
}

function linkSection() {
  let phase = "iteration";
  const rows = () => LINKS.filter((row) => row.phase === phase);
  const name = (row) => `${shortName(row.from)} → ${shortName(row.to)}`;
  const option = () => {
    const links = rows(), unit = byteUnit(Math.max(...links.map((row) => Number(row.wire_bytes))));
    const framing = links.some((row) => row.wire_bytes !== row.payload_bytes);
    const bar = (title, paint, value) => ({ name: title, type: "bar", stack: "bytes", color: paint, barMaxWidth: 22, data: links.map((row) => value(row) / unit.size) });
    return {
      grid: { left: nameWidth(links.map(name)), right: 22, top: framing ? 30 : 8, bottom: 46 },
      legend: legend({ show: framing }),
      tooltip: tooltip({ trigger: "axis", axisPointer: { type: "shadow" }, formatter: (at) => {
        const row = links[at[0].dataIndex];
        return lines(`${DATA.names[row.from]} to ${DATA.names[row.to]}`, [["payload", fmtBytes(Number(row.payload_bytes))], ["on the wire", fmtBytes(Number(row.wire_bytes))], ["messages", fmtCount(row.messages)], ["rounds along the critical path", fmtCount(row.critical_path_rounds)]]);
      } }),
      xAxis: axis({ type: "value", name: `bytes sent (${unit.name})`, nameGap: 28 }),
      yAxis: axis({ type: "category", inverse: true, name: "from → to", nameGap: nameWidth(links.map(name)) - 20, data: links.map(name), axisTick: { show: false }, axisLabel: { color: colour("fg"), interval: 0 } }),
      series: [bar("payload", series(0), (row) => Number(row.payload_bytes)), ...(framing ? [bar("framing", series(1), (row) => row.wire_bytes - row.payload_bytes)] : [])],
    };
  };
  const text = () => "Bytes by directed link: " + rows().map((row) => `${DATA.names[row.from]} to ${shortName(row.to)} ${fmtBytes(Number(row.payload_bytes))} in ${fmtCount(row.messages)} messages`).join("; ") + ".";
  const chart = figure("links", 26 * rows().length + 74, option, text);
  const seconds = (part) => ({ name: part, value: (row) => Number(row[part + "_seconds"]), cell: (row) => fmtTime(Number(row[part + "_seconds"])) });
  const count = (title, column, fmt) => ({ name: title, value: (row) => Number(row[column]), cell: (row) => fmt(Number(row[column])) });
  const list = table("Traffic by directed link; times are those on the critical path", [
    { name: "link", text: true, value: name }, count("messages", "messages", fmtCount), count("payload", "payload_bytes", fmtBytes),
    count("on the wire", "wire_bytes", fmtBytes), count("rounds", "critical_path_rounds", fmtCount), ...PARTS.slice(1).map(seconds),
  ], rows());
  return el("section", {}, el("h2", {}, "Traffic by link"),
    el("div", { class: "controls" }, segmented("Phase", [["iteration", "one iteration"], ...APART, ["setup", "set-up"]], phase, (chosen) => { phase = chosen; list.setRows(rows()); chart.redraw(); })),
    chart, el("details", {}, el("summary", {}, "Table, with what each link adds to the critical path"), list));
}

function jitterSection() {
  if (!DATA.bars) return null;
  const { start_ps, width_ps, counts } = DATA.bars, p = SUMMARY.iteration_seconds;
  const end = (start_ps + width_ps * counts.length) * 1e-12, unit = timeUnit(end);
  const option = () => ({
    grid: { left: 58, right: 20, top: 14, bottom: 46 },
    tooltip: tooltip({ formatter: (at) => lines(`${fmtTime((start_ps + width_ps * at.dataIndex) * 1e-12)} to ${fmtTime((start_ps + width_ps * (at.dataIndex + 1)) * 1e-12)}`, [["iterations", fmtCount(counts[at.dataIndex])]]) }),
    xAxis: axis({ type: "value", name: `duration of an iteration (${unit.name})`, nameGap: 28, min: start_ps * 1e-12 / unit.size, max: end / unit.size, splitLine: { show: false }, axisLabel: { showMinLabel: false, showMaxLabel: false, formatter: (x) => String(Number(x.toPrecision(5))) } }),
    yAxis: axis({ type: "value", name: "iterations", nameGap: 42, minInterval: 1 }),
    series: [{ type: "custom", encode: { x: [0, 1], y: 2 }, data: counts.map((n, i) => [(start_ps + width_ps * i) * 1e-12 / unit.size, (start_ps + width_ps * (i + 1)) * 1e-12 / unit.size, n]),
      renderItem: (_, api) => {
        const [x, y] = api.coord([api.value(0), api.value(2)]);
        const [right, bottom] = api.coord([api.value(1), 0]);
        return { type: "rect", shape: { x, y, width: Math.max(right - x - 1, 1), height: bottom - y }, style: { fill: series(0) } };
      } }],
  });
  const text = `Durations of ${fmtCount(SUMMARY.iterations)} iterations: shortest ${fmtTime(p.min)}, half within ${fmtTime(p.p50)}, 90 % within ${fmtTime(p.p90)}, 99 % within ${fmtTime(p.p99)}, longest ${fmtTime(p.max)}.`;
  return el("section", {}, el("h2", {}, "Durations of iterations"), figure("jitter", 260, option, text, text));
}

/** What each owner of data inputs in the set-up; nothing if there is one. */
function ownerSection() {
  const shared = parseCsv(DATA.spans).rows.map((row) => [row.span.match(/^setup\/(images|labels)\/party(\d+)$/), row]).filter(([found]) => found);
  if (!shared.length) return "";
  const rows = shared.map(([found, row]) => ({ part: found[1], party: Number(found[2]), row }));
  return el("section", {}, el("h2", {}, "Set-up by owner of data"), table("What each owner inputs", [
    { name: "party", value: (entry) => entry.party },
    { name: "part", text: true, value: (entry) => entry.part },
    { name: "messages", value: (entry) => Number(entry.row.messages), cell: (entry) => fmtCount(entry.row.messages) },
    { name: "payload", value: (entry) => Number(entry.row.payload_bytes), cell: (entry) => fmtBytes(entry.row.payload_bytes) },
    { name: "time on the critical path", value: (entry) => Number(entry.row.modelled_seconds), cell: (entry) => fmtTime(entry.row.modelled_seconds) },
  ], rows));
}

function scenarioSection() {
  const v = SUMMARY.verified;
  const same = `${fmtCount(v.parameters_same_on_shares_and_clear_with_nearest_rounding)} weights and biases`;
  const nearest = v.outcome === "agree" ? `all ${same} were those of plain numbers, bit for bit` : `only ${same} were those of plain numbers, because values left their range`;
  const accuracy = SUMMARY.values === "shares" ? "the training on secret shares" : "plain numbers with the same fixed-point arithmetic";
  return el("section", {}, el("h2", {}, "Scenario"),
    el("p", { class: "muted" }, `The accuracy is that of ${accuracy}. Checked: ${v.iterations} iterations really ran on secret shares, and sent the ${fmtCount(v.messages_same_on_shares_and_shapes)} messages that the costs are counted from. With nearest rounding ${nearest}; with the scenario's rounding they differed by at most ${v.largest_difference_ulp} units of the last binary place.`),
    el("details", {}, el("summary", {}, "scenario.ron, every default written out"), el("pre", { tabindex: "0" }, DATA.scenario)));
}

headline();
report.append(el("div", { class: "columns" }, timeSection(), pathSection()), accuracySection(), spanSection(), timelineSection(),
  el("div", { class: DATA.bars ? "columns" : "" }, linkSection(), jitterSection()), ownerSection(), scenarioSection(), words(WORDS));
paintKey();
DARK.addEventListener("change", paintKey);
drawAll();
