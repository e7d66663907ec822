//! `report.html`: one file that works offline, with its figures, its charts and the library that draws them.
//!
//! The figures are the very texts of the JSON and CSV files that lie beside it, embedded as JSON; the page's script reads
//! them and draws. So they cannot differ from the files, and the bytes depend on nothing else.

mod run;
mod sweep;
mod thin;

use serde::Serialize;

pub use run::run_html;
pub use sweep::{ResultColumn, sweep_report};

const ECHARTS: &str = include_str!("vendor/echarts.min.js");
const LICENSES: &str = include_str!("vendor/LICENSES.txt");
pub(super) const STYLE: &str = include_str!("page.css");
const COMMON: &str = concat!(include_str!("format.js"), include_str!("common.js"));

/// Nothing may be asked for, neither by the page nor by anything that found its way into its data.
const POLICY: &str =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:";

/// Text inside an element or a quoted attribute.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// JSON that cannot end the script element that it is in.
fn embedded(data: &impl Serialize) -> String {
    let json = serde_json::to_string(data).expect("data of a report is JSON");
    // Outside strings JSON has no "<", and inside them this means the same.
    json.replace('<', "\\u003c")
}

/// A page that shows `data` by means of `script`.
fn page(title: &str, data: &impl Serialize, script: &str) -> Vec<u8> {
    let title = escaped(title);
    let version = env!("CARGO_PKG_VERSION");
    let licenses = escaped(LICENSES);
    let json = embedded(data);
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{POLICY}\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <link rel=\"icon\" href=\"data:,\">\n<title>{title} · mpcsim</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n\
         <main id=\"report\">\n<h1>{title}</h1>\n\
         <noscript><p>The charts and tables of this page need JavaScript. All figures are also in the JSON and CSV files \
         beside it.</p></noscript>\n</main>\n\
         <footer><p>Written by mpcsim {version}. Times are modelled, not measured.</p>\n\
         <details><summary>Licences of the charting library in this file</summary>\n<pre>{licenses}</pre></details></footer>\n\
         <script type=\"application/json\" id=\"data\">{json}</script>\n\
         <script>{ECHARTS}</script>\n<script>\n{COMMON}{script}</script>\n</body>\n</html>\n"
    )
    .into_bytes()
}
