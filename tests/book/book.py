#!/usr/bin/env python3
"""What tests/book/run.sh and the book need besides mdbook.

    book.py pages FOLDER [--write]    check all pages of the book, each in a new folder of its own in FOLDER
    book.py repository                mdbook's preprocessor: pages and links outside docs/
    book.py links FOLDER              find dead links in the pages of a built book

What is checked of a page. The pages are the chapters of docs/SUMMARY.md. A page's blocks are done in their order, in a folder with links to
the repository's docs, scenarios and tests. A mark is a comment on a line of its own before a block, which readers of the book do not see.

* A block `sh` is a command, and must end with exit code 0. `cargo run --release --` in it stands for the program, which is built already; what
  else builds or installs anything needs one of the last two marks. A block `text` right after it is its output, a block `json` its output broken
  into lines; a command with neither prints nothing, unless it has the mark `<!-- output not shown -->`. `--write` writes what commands print.
* A block `python` is Python with the module of python/, its output is shown in the same way, and the next block goes on where it ended.
* `<!-- file: NAME -->`: the block is a file that the reader writes.
* A block `ron` is a file or has `<!-- in: SCENARIO -->`: the fields in it replace those of the scenario, and `mpcsim check` takes that. A
  field that comes again begins another example. Paths in it are relative to the folder.
* `<!-- set-up: COMMAND -->` is run before the block, for what the reader has already.
* `<!-- elsewhere: FILE … -->`: CI runs the command elsewhere, in FILE, which is .ci/run, or is run by it, or is a test in tests/. What
  follows says why.
* `<!-- by hand: REASON -->`: nothing in CI runs the command. The reason names the files that are needed for it, if there are any.
* Of `mpcsim …` in code within the text, in commands that are not run here and at the beginnings of lines of other `text` blocks, the subcommand,
  the options and the files of the repository must exist, and `mpcsim check` must take each `--set` in the scenario that is named, or in the first one.
  So must an option exist that is code by itself, for some subcommand.
* Code that is set in by spaces may be anything but commands and fields of scenarios. Blocks `rust` are not looked at.
"""

import contextlib
import difflib
import importlib
import io
import json
import os
import posixpath
import re
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]

MARK = re.compile(r"^ *<!-- (?P<key>file|in|set-up|elsewhere|by hand|output not shown)(?:: (?P<value>.*))? -->$", re.MULTILINE)
BLOCK = re.compile(
    r"(?P<marks>(?:^ *<!--[^\n]*-->\n)*)^(?P<indent> *)```(?P<language>[^\n]*)\n(?P<body>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
LANGUAGES = {"sh", "python", "text", "ron", "json", "jsonl", "rust"}
# Code in the text: it may go on in the next line, but not in the next paragraph or entry of a list.
CODE = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>(?:(?!\n *\n|\n *[*|#]).)+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
COMMAND = re.compile(
    r"(\$ |mpcsim |cargo |git |python3? |pip3? |rustup |apt(-get)? |sudo |cd |export |curl |wget |mdbook |sbatch |for \w+ in |[A-Z_]{2,}=|\.ci/|(\./)?tests/\S+\.sh)"
)
FIELD = re.compile(r"\(?[a-z_]+: *([\[(\"\d]|[a-z_0-9]+[(,]|[a-z_0-9]+$)")
BUILT = "cargo run --release -- "
BUILDS = re.compile(r"^ *(\w+=\S* )*(cargo|pip3?|\.ci/run|(\./)?tests/\S+\.sh)\b", re.MULTILINE)
PATIENCE_S = 120
# Where a command of a shell ends, as far as pages have it.
END = {"--", "|", "\\|", "||", "&", "&&", ";", ">", "#", "done"}


class Program:
    """Which subcommands, options and files there are."""

    def __init__(self):
        self.options = {}
        text = self.help()
        self.subcommands = re.findall(r"^  ([a-z]+) ", text[text.index("Commands:") : text.index("Options:")], re.MULTILINE)
        self.options["help"] = set()
        self.common = self.listed(text)
        if len(self.subcommands) < 10:
            sys.exit(f"`mpcsim --help` lists {self.subcommands}")

    def help(self, *subcommand):
        return subprocess.run(["mpcsim", "help", *subcommand], check=True, stdout=subprocess.PIPE, encoding="utf-8").stdout

    @staticmethod
    def listed(text):
        lines = re.findall(r"^ +(?:(-\w), )?(--[a-z][a-z-]*)", text, re.MULTILINE)
        return {option for line in lines for option in line if option}

    def options_of(self, subcommand):
        if subcommand not in self.options:
            self.options[subcommand] = self.listed(self.help(subcommand))
        return self.options[subcommand]

    def mistakes(self, words):
        """What does not exist in what stands after `mpcsim`."""
        try:
            words = shlex.split(words.replace("…", " "))
        except ValueError:
            words = words.replace("…", " ").split()
        words = [word if "=" in word else word.strip("[]") for word in words]
        words = words[: min((words.index(end) for end in END if end in words), default=len(words))]
        if not words or words[0] not in self.subcommands:
            if not words or words[0] not in self.common:
                yield f"there is no subcommand `{' '.join(words[:1])}`"
            return
        for word in words[1:]:
            option = word.split("=")[0]
            if option.startswith("-") and len(option) > 1 and option not in self.options_of(words[0]):
                yield f"`mpcsim {words[0]}` has no option `{option}`"
            if re.match(r"(docs|scenarios|tests|examples)/", word) and not (ROOT / word).exists():
                yield f"there is no {word}"
        sets = [f"--set={value}" for option, value in zip(words, words[1:]) if option == "--set" and "=" in value]
        if sets and words[0] in ("run", "check", "trace", "advise"):
            base = next((word for word in words if re.fullmatch(r"scenarios/.+\.ron", word)), "scenarios/01_first_run.ron")
            done = subprocess.run(["mpcsim", "check", ROOT / base, *sets], capture_output=True, encoding="utf-8")
            if done.returncode != 0:
                yield f"`--set` cannot be used so:\n{done.stderr}"

    def mistakes_in_lines(self, text):
        for line in re.sub(r"\\\n", " ", text).splitlines():
            for command in re.findall(r"(?:^|[\s;|&(])mpcsim (.*?)(?=\smpcsim |$)", line):
                yield from self.mistakes(command)

    def mistakes_in_code(self, code):
        code = " ".join(code.split())
        if code.startswith("mpcsim "):
            yield from self.mistakes(code[len("mpcsim ") :])
        elif re.match(r"--[a-z][a-z-]*( |=|$)", code):
            option = re.split("[ =]", code)[0]
            if not any(option in self.options_of(subcommand) for subcommand in self.subcommands):
                yield f"no subcommand has an option `{option}`"


def examples_of(text):
    """The fields in a text, by name; several such records, if a field comes again."""
    text = re.sub(r'("(?:\\.|[^"\\])*")|//[^\n]*', lambda found: found[1] or "", text)
    parts, depth = [""], 0
    for piece in re.findall(r'"(?:\\.|[^"\\])*"|.', text, re.DOTALL):
        depth += (piece in "([{") - (piece in ")]}")
        if piece == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += piece
    examples = [{}]
    for part in filter(None, map(str.strip, parts)):
        name, colon, value = part.partition(":")
        if not colon or not re.fullmatch(r"\w+", name):
            raise ValueError(f"`{part}` is no field")
        if name in examples[-1]:
            examples.append({})
        examples[-1][name] = value.strip()
    return examples


def ci_runs(path):
    """Whether CI runs a file of the repository."""
    return path == ".ci/run" or (path.startswith("tests/") and (path.endswith(".rs") or path in (ROOT / ".ci/run").read_text(encoding="utf-8")))


class Page:
    """A chapter of the book, from its file."""

    def __init__(self, path, folder, program):
        self.path, self.folder, self.program = path, folder, program
        self.name = path.relative_to(ROOT).as_posix()
        self.old = path.read_text(encoding="utf-8")
        self.new, self.written = "", 0
        self.problems = []
        self.counts = dict.fromkeys(["run", "elsewhere", "by hand", "files", "fragments", "in the text"], 0)
        self.globals = {}

    def problem(self, place, what):
        self.problems.append(f"{self.name}:{self.old.count(chr(10), 0, place) + 1}: {what}")

    def check(self):
        blocks = list(BLOCK.finditer(self.old))
        self.check_text(blocks)
        self.folder.mkdir()
        for name in ("docs", "scenarios", "tests"):
            (self.folder / name).symlink_to(ROOT / name)
        for block, after in zip(blocks, blocks[1:] + [None]):
            self.check_block(block, after)
        self.new += self.old[self.written :]

    def check_text(self, blocks):
        """What stands between the blocks."""
        text = self.old
        for block in blocks:
            text = text[: block.start()] + re.sub(r"[^\n]", " ", block[0]) + text[block.end() :]
        for mark in MARK.finditer(text):
            self.problem(mark.start(), f"the mark `{mark[0].strip()}` stands before no block")
        for fence in re.finditer(r"^ *(```|~~~)", text, re.MULTILINE):
            self.problem(fence.start(), "a fence without its other end, or not of the form ```language")
        for line in re.finditer(r"^(?: {4,}|\t+)(?P<code>\S.*)$", text, re.MULTILINE):
            if COMMAND.match(line["code"]):
                self.problem(line.start(), f"`{line['code']}` looks like a command: write a block ```sh")
            elif FIELD.match(line["code"]):
                self.problem(line.start(), f"`{line['code']}` looks like a field of a scenario: write a block ```ron")
        for code in CODE.finditer(text):
            self.counts["in the text"] += code["code"].startswith("mpcsim ")
            for mistake in self.program.mistakes_in_code(code["code"]):
                self.problem(code.start(), f"`{code['code']}`: {mistake}")

    def check_block(self, block, after):
        place = block.start("indent")
        marks = {mark["key"]: mark["value"] for mark in MARK.finditer(block["marks"])}
        language, body = block["language"], textwrap.dedent(block["body"])
        if language not in LANGUAGES:
            self.problem(place, f"a block's language is one of {', '.join(sorted(LANGUAGES))}")
        if "set-up" in marks:
            code, output = self.shell(marks["set-up"])
            if code != 0:
                self.problem(place, f"set-up `{marks['set-up']}` ended with exit code {code}\n{output}")
                return
        if "file" in marks:
            self.counts["files"] += 1
            (self.folder / marks["file"]).write_text(body, encoding="utf-8")
        elif language in ("sh", "python"):
            if "elsewhere" in marks or "by hand" in marks:
                self.check_mark(place, marks)
                for mistake in self.program.mistakes_in_lines(body):
                    self.problem(place, mistake)
            else:
                self.run(block, after, language, body, hidden="output not shown" in marks)
        elif language == "ron":
            self.check_fragment(place, marks.get("in"), body)
        elif language == "text" and self.written < block.end():
            for line in re.findall(r"^mpcsim .*$", body, re.MULTILINE):
                for mistake in self.program.mistakes_in_lines(line):
                    self.problem(place, f"`{line}`: {mistake}")
        elif language == "json" and self.written < block.end():
            self.problem(place, "a block ```json is the output of the command before it, or has a mark `<!-- file: NAME -->`")
        elif language == "jsonl":
            self.problem(place, "a block ```jsonl has a mark `<!-- file: NAME -->`")

    def check_mark(self, place, marks):
        if "elsewhere" in marks:
            self.counts["elsewhere"] += 1
            file = marks["elsewhere"].split()[0]
            if not (ROOT / file).is_file() or not ci_runs(file):
                self.problem(place, f"marked as run elsewhere, but there is no {file}, or CI does not run it")
        else:
            self.counts["by hand"] += 1
            for file in re.findall(r"[\w.-]*/[\w./-]*[\w-]", marks["by hand"]):
                if not (ROOT / file).exists():
                    self.problem(place, f"marked as run by hand with {file}, which does not exist")

    def check_fragment(self, place, base, body):
        if base is None:
            self.problem(place, "a block ```ron has a mark `<!-- file: NAME -->` or `<!-- in: SCENARIO -->`")
            return
        self.counts["fragments"] += 1
        if not (self.folder / base).is_file():
            self.problem(place, f"there is no {base}")
            return
        try:
            examples = examples_of(body)
        except ValueError as error:
            self.problem(place, str(error))
            return
        for example in examples:
            sets = [f"--set={name}={value}" for name, value in example.items()]
            done = subprocess.run(
                ["mpcsim", "check", "-", *sets],
                cwd=self.folder,
                input=(self.folder / base).read_text(encoding="utf-8"),
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                encoding="utf-8",
            )
            if done.returncode != 0:
                self.problem(place, f"`mpcsim check` does not take this in {base}:\n{done.stdout}")

    def shell(self, command):
        """The exit code of a command, and what it prints."""
        process = subprocess.Popen(
            ["bash", "-euo", "pipefail", "-c", command.replace(BUILT, "mpcsim ")],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            start_new_session=True,
        )
        try:
            output, _ = process.communicate(timeout=PATIENCE_S)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            return 1, process.communicate()[0] + f"was not done after {PATIENCE_S} s\n"
        return process.returncode, output

    def python(self, code):
        output = io.StringIO()
        os.chdir(self.folder)
        try:
            with contextlib.redirect_stdout(output):
                exec(code, self.globals)
        except Exception as error:
            return 1, output.getvalue() + f"{type(error).__name__}: {error}\n"
        return 0, output.getvalue()

    def run(self, block, after, language, body, hidden):
        self.counts["run"] += 1
        if BUILDS.search(body.replace(BUILT, "mpcsim ")):
            self.problem(block.start("indent"), "it builds or installs: give it a mark `<!-- elsewhere: FILE … -->` or `<!-- by hand: REASON -->`")
            return
        code, output = self.shell(body.strip()) if language == "sh" else self.python(body)
        if code != 0:
            self.problem(block.start("indent"), f"`{body.strip()}` ended with exit code {code}\n{output}")
            return
        output = "".join(line.rstrip() + "\n" for line in output.splitlines())
        shown = after and after["language"] in ("text", "json") and not self.old[block.end() : after.start()].strip() and not after["marks"]
        if hidden:
            if shown:
                self.problem(after.start(), "the output of a command with the mark `<!-- output not shown -->`")
            return
        self.new += self.old[self.written : block.end()]
        self.written = block.end()
        if shown and after["language"] == "json" and joined(output) == joined(after["body"]):
            self.new += self.old[self.written : after.end()]
            self.written = after.end()
        elif shown:
            block_of_output = textwrap.indent(f"```{after['language']}\n{output}```", after["indent"])
            self.new += self.old[self.written : after.start()] + block_of_output
            self.written = after.end()
        elif output:
            self.new += "\n\n" + textwrap.indent(f"```text\n{output}```", block["indent"])


def joined(text):
    """JSON that is broken into lines, on one line."""
    return "".join(line.strip() for line in text.splitlines())


def pages(folder, write):
    """Checks the pages of the book. Whether all is well."""
    summary = (ROOT / "docs/SUMMARY.md").read_text(encoding="utf-8")
    paths = [Path(os.path.normpath(ROOT / "docs" / target)) for target in re.findall(r"\]\(([^)]+\.md)\)", summary)]
    sys.path.insert(0, str(ROOT / "python"))
    if importlib.import_module("mpcsim").program() != shutil.which("mpcsim"):
        sys.exit("this Python has a program mpcsim installed, which its module would take: use another one")
    program, good, run = Program(), True, 0
    for number, path in enumerate(paths):
        page = Page(path, folder / str(number), program)
        page.check()
        run += page.counts["run"]
        if write and not page.problems and page.new != page.old:
            path.write_text(page.new, encoding="utf-8")
        elif page.new != page.old:
            lines = [text.splitlines(True) for text in (page.old, page.new)]
            page.problems.append("".join(difflib.unified_diff(*lines, f"{page.name}, as it is", "what commands print")))
        counts = ", ".join(f"{count} {what}" for what, count in page.counts.items() if count)
        print(f"{page.name}: {counts or 'no commands'}", flush=True)
        if page.problems:
            good = False
            print(*page.problems, sep="\n", flush=True)
    if run == 0:
        print("the book has no commands")
        return False
    return good


LINK = re.compile(r"(?P<image>!?)\[(?P<label>[^\[\]]*)\]\((?P<target>[^()\s]+)\)")


def chapters_of(items):
    for item in items:
        if "Chapter" in item:
            yield item["Chapter"]
            yield from chapters_of(item["Chapter"]["sub_items"])


def repository():
    """Chapters from outside docs/ get a place in the book, and links among all chapters lead there. The repository is not in the book:
    of a link to anything else of it, the path is left."""
    context, book = json.load(sys.stdin)
    docs = context["config"]["book"]["src"]
    root = Path(context["root"])
    chapters = [chapter for chapter in chapters_of(book["items"]) if chapter["path"]]
    places = {}  # From a path in the repository to one in the book.
    for chapter in chapters:
        chapter["path"] = re.sub(r"^(\.\./)+", "", chapter["path"])
        places[posixpath.normpath(posixpath.join(docs, chapter["source_path"]))] = chapter["path"]
    pages = {path.relative_to(root).as_posix() for path in (root / docs).glob("*.md") if path.name != "SUMMARY.md"}
    if pages - places.keys():
        sys.exit(f"{docs}/SUMMARY.md has no place for {', '.join(sorted(pages - places.keys()))}")

    for chapter in chapters:
        source = posixpath.normpath(posixpath.join(docs, chapter["source_path"]))

        def replace(link):
            url = urlsplit(link["target"])
            if url.scheme or url.netloc or not url.path:
                return link[0]
            target = posixpath.normpath(posixpath.join(posixpath.dirname(source), url.path))
            if not (root / target).exists():
                return link[0]
            if target in places:
                place = places[target]
            elif target.startswith(docs + "/") and not target.endswith(".md"):
                place = target[len(docs) + 1 :]
            elif target in link["label"]:
                return link["label"]
            else:
                return f"{link['label']} (`{target}`)"
            place = posixpath.relpath(place, posixpath.dirname(chapter["path"]) or ".")
            fragment = f"#{url.fragment}" if url.fragment else ""
            return f"{link['image']}[{link['label']}]({place}{fragment})"

        chapter["content"] = LINK.sub(replace, chapter["content"])
    json.dump(book, sys.stdout)


class Built(HTMLParser):
    """The names that a page can be linked by, and the links that it has."""

    def __init__(self, text):
        super().__init__()
        self.names, self.links = set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        for name, value in attributes:
            if name == "id" or (tag == "a" and name == "name"):
                self.names.add(value)
            elif name in ("href", "src") and value:
                self.links.add(value)


def links(folder):
    """Whether every relative link in the pages of a folder leads to a file in it, and to a name on its page."""
    # The page for what is not found is served at any address, so its links are relative to the top.
    pages = {path.resolve(): Built(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html")) if path.name != "404.html"}
    dead, checked = [], 0
    for path, page in pages.items():
        for link in sorted(page.links):
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            checked += 1
            target = Path(os.path.normpath(path.parent / unquote(url.path))) if url.path else path
            inside = target.is_relative_to(folder.resolve()) and target.is_file()
            if not inside or (url.fragment and target in pages and unquote(url.fragment) not in pages[target].names):
                dead.append(f"{path.relative_to(folder.resolve())}: {link}")
    if dead:
        print("dead links:", *dead, sep="\n  ")
    elif not pages or checked == 0:
        print("the book has no pages, or no links")
        return False
    else:
        print(f"{len(pages)} pages, {checked} links within the book, none of them dead")
    return not dead


def main(arguments):
    if arguments[:1] == ["pages"]:
        return pages(Path(arguments[1]).resolve(), "--write" in arguments[2:])
    if arguments[:1] == ["repository"]:
        # With `supports RENDERER` mdbook asks whether a renderer is supported.
        if arguments[1:2] != ["supports"]:
            repository()
        return True
    if arguments[:1] == ["links"]:
        return links(Path(arguments[1]))
    print(__doc__)
    return False


if __name__ == "__main__":
    sys.exit(0 if main(sys.argv[1:]) else 1)
