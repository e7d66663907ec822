"use strict";
// Numbers as the program prints them, and CSV.

/** Three or four digits. */
function digits(x) {
  const size = Math.abs(x);
  if (size >= 1000) return fmtCount(Math.round(x));
  return x.toFixed(size >= 100 ? 1 : size >= 10 ? 2 : 3);
}

/** A count with its thousands apart. */
function fmtCount(n) {
  return String(n).replace(/\B(?=(\d{3})+(?!\d))/g, ",");
}

/** A time in seconds. */
function fmtTime(s) {
  if (s === 0) return "0 s";
  if (s < 1e-6) return digits(s * 1e9) + " ns";
  if (s < 1e-3) return digits(s * 1e6) + " us";
  if (s < 1) return digits(s * 1e3) + " ms";
  if (s < 6000) return digits(s) + " s";
  if (s < 172800) return digits(s / 3600) + " h";
  return digits(s / 86400) + " d";
}

/** Bytes; decimal units. */
function fmtBytes(b) {
  for (const [unit, size] of [["TB", 1e12], ["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (b >= size) return digits(b / size) + " " + unit;
  }
  return b + " B";
}

/** A share of one. */
function fmtPercent(x) {
  return (100 * x).toFixed(2) + " %";
}

/** A unit for an axis up to a number of seconds. */
function timeUnit(s) {
  if (s >= 1) return { name: "s", size: 1 };
  if (s >= 1e-3) return { name: "ms", size: 1e-3 };
  if (s >= 1e-6) return { name: "us", size: 1e-6 };
  return { name: "ns", size: 1e-9 };
}

/** A unit for an axis up to a number of bytes. */
function byteUnit(b) {
  for (const [name, size] of [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]]) {
    if (b >= size) return { name, size };
  }
  return { name: "B", size: 1 };
}

/** A tick of an axis: short, and without an exponent where one can be read without. */
function fmtTick(x) {
  if (x === 0) return "0";
  const size = Math.abs(x);
  if (size >= 1e7 || size < 1e-4) return x.toExponential(0).replace("e+", "e");
  return size >= 1000 ? fmtCount(Math.round(x)) : String(Number(x.toPrecision(4)));
}

/** Numbers as ticks, rounded as far as they can still be told apart, to three digits at the least. */
function fmtTicks(values) {
  for (let digits = 3; digits < 15; digits++) {
    const texts = values.map((x) => String(Number(x.toPrecision(digits))));
    if (new Set(texts).size === new Set(values).size) return texts;
  }
  return values.map(String);
}

/** Rows of a CSV text as objects of strings, and the names of its columns. */
function parseCsv(text) {
  const rows = [];
  let row = [], cell = "", quoted = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quoted) {
      if (c !== '"') cell += c;
      else if (text[i + 1] === '"') { cell += '"'; i++; }
      else quoted = false;
    } else if (c === '"') quoted = true;
    else if (c === ",") { row.push(cell); cell = ""; }
    else if (c === "\n") { row.push(cell); rows.push(row); row = []; cell = ""; }
    else if (c !== "\r") cell += c;
  }
  if (cell !== "" || row.length > 0) { row.push(cell); rows.push(row); }
  const columns = rows.shift() || [];
  return { columns, rows: rows.map((cells) => Object.fromEntries(columns.map((name, i) => [name, cells[i]]))) };
}
