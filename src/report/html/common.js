// Elements, tables and charts that both pages use.

/** An element with attributes (on… are listeners) and children. */
function el(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** A colour of the page's style, as it is in the present theme. */
function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
}

const DARK = matchMedia("(prefers-color-scheme: dark)");
const SERIES = {
  light: ["#2a62c4", "#b85a00", "#197a50", "#a445b2", "#c7384c", "#4a90a4", "#8a6d1f", "#6b7280", "#e05fa0", "#5c9a1b"],
  dark: ["#7aa5ff", "#ffa657", "#56cf97", "#d08be0", "#ff8291", "#6cc4dc", "#d9bf5f", "#a9b3c1", "#ff9dcb", "#a5d65a"],
};
/** The colour of the n-th series. */
function series(n) {
  const colours = DARK.matches ? SERIES.dark : SERIES.light;
  return colours[n % colours.length];
}

const charts = [];

/**
 * A figure with a chart. `option(width)` gives its ECharts option in the present theme; it is asked again when theme or
 * width change. `text` says in words what the chart shows.
 */
function figure(id, height, option, text, caption) {
  const box = el("div", { class: "chart", style: `height:${height}px` });
  const node = el("figure", { id, role: "group" }, box, caption ? el("figcaption", {}, caption) : null);
  const entry = { id, box, option, text, chart: null, width: 0 };
  charts.push(entry);
  entry.draw = () => {
    const width = box.clientWidth;
    if (width === 0) return;
    entry.chart = entry.chart || echarts.init(box, null, { renderer: "svg" });
    entry.chart.resize();
    entry.width = width;
    entry.chart.setOption({ ...base(), ...option(width) }, true);
    box.setAttribute("role", "img");
    box.setAttribute("aria-label", typeof text === "function" ? text() : text);
  };
  node.redraw = entry.draw;
  return node;
}

/** Sets how high a figure's chart is. */
function setHeight(node, height) {
  node.querySelector(".chart").style.height = height + "px";
}

/** Draws all charts now, and again when the theme or their width changes. */
function drawAll() {
  const draw = () => charts.forEach((entry) => entry.draw());
  draw();
  DARK.addEventListener("change", draw);
  const observer = new ResizeObserver(() => {
    for (const entry of charts) if (entry.box.clientWidth !== entry.width) entry.draw();
  });
  charts.forEach((entry) => observer.observe(entry.box));
  addEventListener("beforeprint", draw);
}

/** What all options share. */
function base() {
  return {
    animation: false,
    textStyle: { color: colour("fg"), fontFamily: getComputedStyle(document.body).fontFamily, fontSize: 12 },
    tooltip: tooltip({}),
  };
}

/** A tooltip in the page's colours. */
function tooltip(more) {
  return {
    trigger: "item", confine: true, backgroundColor: colour("card"), borderColor: colour("line"),
    textStyle: { color: colour("fg"), fontSize: 12 }, extraCssText: "max-width:min(420px,90vw);white-space:normal;", ...more,
  };
}

/** An axis in the page's colours. */
function axis(more) {
  const label = { color: colour("muted"), hideOverlap: true, ...(more.axisLabel || {}) };
  return {
    nameLocation: "middle", nameTextStyle: { color: colour("muted"), fontSize: 12 },
    axisLine: { lineStyle: { color: colour("line") } }, axisTick: { lineStyle: { color: colour("line") } },
    splitLine: { lineStyle: { color: colour("grid") } }, minorTick: { show: false },
    ...more, axisLabel: label,
  };
}

/** A legend in the page's colours. */
function legend(more) {
  return {
    type: "scroll", top: 0, left: 0, icon: "roundRect", itemWidth: 12, itemHeight: 8,
    textStyle: { color: colour("fg") }, pageTextStyle: { color: colour("muted") },
    pageIconColor: colour("accent"), pageIconInactiveColor: colour("line"), ...more,
  };
}

/** Text for a tooltip: HTML that cannot come from the data. */
function html(text) {
  return String(text).replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);
}

/** Lines of a tooltip: a heading and pairs. */
function lines(heading, pairs) {
  const rows = pairs.map(([name, value]) => `${html(name)}: <b>${html(value)}</b>`);
  return [`<b>${html(heading)}</b>`, ...rows].join("<br>");
}

/**
 * A table that its head sorts. Columns: { name, text (true for words), value(row) to sort by, cell(row) to show }.
 * `limit` rows are shown at most, and a note says so.
 */
function table(caption, columns, rows, limit) {
  const most = limit || 1000;
  const body = el("tbody", {});
  const note = el("p", { class: "note" });
  const heads = columns.map((column) => {
    const button = el("button", { type: "button", onclick: () => sort(column) }, column.name);
    return el("th", { scope: "col", class: column.text ? "text" : undefined, "aria-sort": "none" }, button);
  });
  let sorted = { column: null, descending: false };
  function sort(column) {
    sorted = { column, descending: sorted.column === column ? !sorted.descending : !column.text };
    heads.forEach((head, i) => {
      const own = columns[i] === column;
      head.setAttribute("aria-sort", own ? (sorted.descending ? "descending" : "ascending") : "none");
    });
    fill();
  }
  function fill() {
    let shown = rows;
    if (sorted.column) {
      const { column, descending } = sorted;
      const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0) * (descending ? -1 : 1);
      shown = rows.map((row, i) => [column.value(row), i, row]);
      shown.sort((a, b) => order(a[0], b[0]) || a[1] - b[1]);
      shown = shown.map((entry) => entry[2]);
    }
    body.replaceChildren(...shown.slice(0, most).map((row) => el("tr", {}, columns.map((column, i) => {
      const content = column.cell ? column.cell(row) : String(column.value(row));
      if (i === 0) return el("th", { scope: "row", class: column.text ? undefined : "number" }, content);
      return el("td", { class: column.text ? "text" : undefined }, content);
    }))));
    note.textContent = rows.length > most ? `The first ${fmtCount(most)} of ${fmtCount(rows.length)} rows, in the order chosen.` : "";
  }
  fill();
  const node = el("div", {},
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
      el("table", {}, el("caption", { class: "hidden" }, caption), el("thead", {}, el("tr", {}, heads)), body)), note);
  node.setRows = (next) => { rows = next; fill(); };
  return node;
}

/** Buttons of which one is pressed. */
function segmented(label, choices, chosen, onchange) {
  const buttons = choices.map(([value, name]) => el("button", {
    type: "button", "aria-pressed": String(value === chosen),
    onclick: () => {
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(choices[i][0] === value)));
      onchange(value);
    },
  }, name));
  return el("span", { class: "segmented", role: "group", "aria-label": label }, buttons);
}

/** A labelled list to choose from. */
function chooser(label, choices, chosen, onchange) {
  const options = choices.map(([value, name]) => el("option", { value, selected: value === chosen }, name));
  return el("label", {}, label, el("select", { "aria-label": label, onchange: (event) => onchange(event.target.value) }, options));
}

/** A key of colours. */
function key(entries) {
  return el("ul", { class: "key" }, entries.map(([name, paint]) =>
    el("li", {}, el("i", { style: `background:${paint}` }), name)));
}

/** A headline number. */
function tile(name, value, more) {
  return el("div", { class: "tile" }, el("dt", {}, name), el("dd", {}, value), more ? el("dd", {}, more) : null);
}

/** The parts of a critical path. */
const PARTS = ["compute", "latency", "serialisation", "queueing", "window"];

/** The pattern of a part in a chart, for those who cannot tell the colours apart. */
function pattern(part) {
  const lines = { color: colour("card"), rotation: Math.PI / 4 };
  return {
    serialisation: { ...lines, symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5] },
    queueing: { ...lines, symbol: "circle", dashArrayX: [[4, 4], [0, 4, 4, 0]], dashArrayY: [4, 0], symbolSize: 0.7, rotation: 0 },
    window: { ...lines, symbol: "rect", dashArrayX: [1, 0], dashArrayY: [2, 5], rotation: 0 },
  }[part];
}

/** A key of the parts of a critical path. */
function partsKey() {
  return key(PARTS.map((part) => [part, `var(--fill-${part})`]));
}

/** Meanings of the words on the page. */
function words(entries) {
  return el("section", { id: "words" }, el("h2", {}, "What the words mean"),
    el("dl", { class: "words" }, entries.flatMap(([word, meaning]) => [el("dt", {}, word), el("dd", {}, meaning)])));
}

/** What every report says of its words. */
const WORDS = [
  ["round", "The rounds are the longest chain of messages each of which could only be sent after the one before had arrived. In tables by operation and link, rounds are the messages that the critical path passed there, and the longest chain has a column of its own."],
  ["exchange", "How often a party stopped to wait; the party that did so most often counts."],
  ["payload", "Bytes that the protocol puts into messages, framing not counted. 1 MB = 10⁶ bytes."],
  ["on the wire", "Payload and the modelled framing of messages and segments."],
  ["modelled time", "Simulated time from a common start until the last party is done. Its critical path is split into what it was spent on:"],
  ["compute", "parties computing"],
  ["latency", "messages under way, jitter included"],
  ["serialisation", "a party's bytes entering wires, one after the other"],
  ["queueing", "waiting for what other parties sent, at a wire or an interface that is shared"],
  ["window", "links that stand still because TCP's congestion window lets in no more; 0 without TCP"],
];
