//! Texts in place of RON that are something else.

/// What a text is if it is no RON, and what to do about it; none if it may be RON.
pub fn other_format(text: &str) -> Option<(&'static str, String)> {
    let rest = text.trim_start_matches('\u{feff}');
    let bare: Vec<&str> = rest.lines().map(str::trim).filter(|line| !is_comment(line)).collect();
    let example =
        "for example (name: \"first run\", protocol: rep3, …); the files in scenarios/ are whole ones";
    let Some(first) = bare.first() else {
        return Some(("this file is empty", format!("it should hold one record in parentheses, {example}")));
    };
    // `"name": …` behind a brace: names without quotes are read, and told to stand in parentheses.
    let is_json = |text: &str| {
        let name = text.strip_prefix('"').and_then(|rest| rest.split_once('"'));
        name.is_some_and(|(_, rest)| rest.trim_start().starts_with(':'))
    };
    if let Some(inside) = first.strip_prefix('{') {
        let inside = inside.trim_start();
        let inside = if inside.is_empty() { bare.get(1).copied().unwrap_or("") } else { inside };
        return is_json(inside).then(|| {
            let help = "write ( and ) in place of { and }, and names of fields without quotes: (name: \"first run\", …)";
            ("this looks like JSON; the file is written in RON", help.to_string())
        });
    }
    if *first == "---" || first.starts_with("%YAML") || is_field(first, ':') {
        let help = "put everything in one pair of parentheses, and a comma behind each field: (name: \"first run\", …)";
        return Some((
            "this looks like YAML, or parentheses are missing; the file is written in RON",
            help.to_string(),
        ));
    }
    let is_toml = is_field(first, '=')
        || (first.starts_with('[') && first.ends_with(']') && bare.iter().any(|line| is_field(line, '=')));
    is_toml.then(|| {
        let help = "write colons in place of equals signs, and commas behind fields, in parentheses: (name: \"first run\", …)";
        ("this looks like TOML; the file is written in RON", help.to_string())
    })
}

/// Lines that say nothing in RON, YAML or TOML.
fn is_comment(line: &str) -> bool {
    line.is_empty() || line.starts_with("//") || line.starts_with('#') && !line.starts_with("#!")
}

/// `name: …` or `name = …`.
fn is_field(line: &str, sign: char) -> bool {
    line.split_once(sign).is_some_and(|(name, _)| {
        let name = name.trim_end();
        !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_')
    })
}
