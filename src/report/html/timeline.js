// The timeline of one iteration, of the report of a run.

function timelineSection() {
  const A = DATA.activity, end = A.end_ps * 1e-12, unit = timeUnit(end), scale = 1e-12 / unit.size;
  const at = (ps) => fmtTime(ps * 1e-12);
  const stretches = A.parties.flatMap((line, party) => line.map(([start, stop, waits, span]) => ({ party, start, stop, waits, span })));
  const compute = stretches.filter((s) => !s.waits), waiting = stretches.filter((s) => s.waits);
  const busy = A.parties.map((line) => line.reduce((sum, [start, stop, waits]) => sum + (waits ? 0 : stop - start), 0));
  const names = DATA.names;
  let messages = true;

  const bars = (list, height, paint) => ({
    type: "custom", encode: { x: [1, 2], y: 0 }, clip: true,
    data: list.map((s) => [s.party, s.start * scale, s.stop * scale]),
    renderItem: (params, api) => {
      const area = params.coordSys;
      const [x, y] = api.coord([api.value(1), api.value(0)]);
      const [right] = api.coord([api.value(2), api.value(0)]);
      const left = Math.max(x, area.x), width = Math.min(right, area.x + area.width) - left;
      if (width < 0) return null;
      const thick = height * api.size([0, 1])[1];
      return { type: "rect", shape: { x: left, y: y - thick / 2, width: Math.max(width, 0.4), height: thick }, style: { fill: paint(list[params.dataIndex]) } };
    },
  });
  const flights = () => ({
    type: "custom", encode: { x: [2, 3], y: 0 }, clip: true, z: 1, silent: true,
    data: A.messages.map(([from, to, sent, arrival]) => [from, to, sent * scale, arrival * scale]),
    renderItem: (params, api) => {
      const area = params.coordSys, lane = api.size([0, 1])[1];
      const [x1, y1] = api.coord([api.value(2), api.value(0)]);
      const [x2, y2] = api.coord([api.value(3), api.value(1)]);
      if (x2 < area.x || x1 > area.x + area.width) return null;
      const down = y2 > y1 ? 1 : -1;
      return { type: "line", shape: { x1, y1: y1 + down * 0.21 * lane, x2, y2: y2 - down * 0.21 * lane },
        style: { stroke: layerColour(A.spans[A.messages[params.dataIndex][5]]), lineWidth: 1, opacity: 0.55 } };
    },
  });
  const option = () => ({
    grid: { left: nameWidth(names), right: 18, top: 8, bottom: 88 },
    tooltip: tooltip({ formatter: (p) => {
      const s = (p.seriesIndex === 0 ? waiting : compute)[p.dataIndex];
      return lines(A.spans[s.span] || "outside any operation", [[names[s.party], s.waits ? "waits" : "computes"], ["from", at(s.start)], ["to", at(s.stop)], ["duration", at(s.stop - s.start)]]);
    } }),
    xAxis: axis({ type: "value", name: `time since the start of the iteration (${unit.name})`, nameGap: 26, min: 0, max: end / unit.size, axisLabel: { showMaxLabel: false, formatter: (x) => String(Number(x.toPrecision(6))) } }),
    yAxis: axis({ type: "category", data: names, inverse: true, axisTick: { show: false }, splitLine: { show: false }, axisLabel: { color: colour("fg"), interval: 0 } }),
    dataZoom: [
      { type: "slider", xAxisIndex: 0, filterMode: "none", height: 20, bottom: 10, borderColor: colour("line"), fillerColor: DARK.matches ? "rgba(125,162,255,.18)" : "rgba(47,95,208,.12)", handleStyle: { color: colour("card"), borderColor: colour("accent") }, moveHandleStyle: { color: colour("line") }, textStyle: { color: colour("muted") }, labelFormatter: (x) => `${Number(x.toPrecision(4))} ${unit.name}`, showDetail: true, brushSelect: false },
      { type: "inside", xAxisIndex: 0, filterMode: "none", zoomOnMouseWheel: "ctrl", moveOnMouseMove: true },
    ],
    series: [bars(waiting, 0.14, () => colour("wait")), bars(compute, 0.42, (s) => layerColour(A.spans[s.span])), ...(messages ? [flights()] : [])],
  });
  const text = `Timeline of one iteration of ${fmtTime(end)}: ` + busy.map((ps, party) => `${names[party]} computes ${at(ps)}`).join(", ") + `; ${fmtCount(A.all_messages)} messages.`;
  const notes = [];
  if (A.resolution_ps > 0) notes.push(`Stretches shorter than ${at(A.resolution_ps)} are drawn with the one before them.`);
  if (A.messages.length < A.all_messages) notes.push(`The ${fmtCount(A.messages.length)} largest of ${fmtCount(A.all_messages)} messages are drawn.`);
  const chart = figure("timeline", 64 * A.parties.length + 104, option, text,
    ["Thick: the party computes, in the colour of the layer. Thin and grey: it waits for a message. Lines between parties: messages, from when they were sent to when they had arrived. Drag the handles below, or turn the wheel with Ctrl held, to look closer. ", ...notes].join(" "));
  const zoom = (from, to) => () => { const own = charts.find((entry) => entry.id === "timeline"); own.chart.dispatchAction({ type: "dataZoom", start: from, end: to }); };
  return el("section", {}, el("h2", {}, "Timeline of one iteration"),
    el("div", { class: "controls" },
      segmented("Messages", [[true, "with messages"], [false, "without"]], true, (chosen) => { messages = chosen; chart.redraw(); }),
      el("button", { type: "button", class: "plain", onclick: zoom(0, 10) }, "First tenth"),
      el("button", { type: "button", class: "plain", onclick: zoom(0, 100) }, "All")),
    el("ul", { class: "key", id: "layer-key" }, LAYERS.map((layer, i) => el("li", {}, el("i", { "data-series": String(i) }), layer))),
    chart,
    el("details", {}, el("summary", {}, "Table: what each party's time is spent on"), table("Computing and waiting by party", [
      { name: "party", text: true, value: ([party]) => shortName(party) },
      { name: "computes", value: ([, ps]) => ps, cell: ([, ps]) => at(ps) },
      { name: "waits", value: ([party]) => waitOf(party), cell: ([party]) => at(waitOf(party)) },
      { name: "computes, share of the iteration", value: ([, ps]) => ps, cell: ([, ps]) => fmtPercent(A.end_ps ? ps / A.end_ps : 0) },
    ], busy.map((ps, party) => [party, ps]))));
  function waitOf(party) {
    return A.parties[party].reduce((sum, [start, stop, waits]) => sum + (waits ? stop - start : 0), 0);
  }
}

/** The colours of the key follow the theme. */
function paintKey() {
  for (const swatch of document.querySelectorAll("[data-series]")) swatch.style.background = series(Number(swatch.dataset.series));
}
