#!/usr/bin/env python3
"""What tests/book/run.sh and the book need besides mdbook.

    book.py tutorial PAGE FOLDER [--write]    run the commands of a page in a folder, compare or rewrite what it shows
    book.py repository                        mdbook's preprocessor: pages and links outside docs/
    book.py links FOLDER                      find dead links in the pages of a built book

In a page, a block `sh` is a command. A block `text` right after it is its output; a command without one prints nothing. A block after
a line `<!-- file: NAME -->` is a file that the reader writes.
"""

import difflib
import json
import os
import posixpath
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

BLOCK = re.compile(r"(?:^<!-- file: (?P<file>[\w.-]+) -->\n)?^```(?P<language>\w*)\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)


def tutorial(page, folder, write):
    """Runs the commands of a page in order. Whether the page shows what they print."""
    old = page.read_text(encoding="utf-8")
    blocks = list(BLOCK.finditer(old))
    new, written, good = "", 0, True
    for at, block in enumerate(blocks):
        if block["file"]:
            (folder / block["file"]).write_text(block["body"], encoding="utf-8")
        if block["language"] != "sh":
            continue
        command = block["body"].strip()
        run = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        if run.returncode != 0:
            print(f"{page.name}: `{command}` ended with exit code {run.returncode}\n{run.stdout}")
            return False
        output = "".join(line.rstrip() + "\n" for line in run.stdout.splitlines())
        after = blocks[at + 1] if at + 1 < len(blocks) else None
        shown = after and after["language"] == "text" and not old[block.end() : after.start()].strip()
        new += old[written : block.end()]
        written = block.end()
        if shown:
            new += f"{old[block.end() : after.start()]}```text\n{output}```"
            written = after.end()
        elif output:
            new += f"\n\n```text\n{output}```"
    new += old[written:]
    if write:
        page.write_text(new, encoding="utf-8")
    elif new != old:
        good = False
        print("".join(difflib.unified_diff(old.splitlines(True), new.splitlines(True), f"{page.name}, as it is", "what the program prints")))
    commands = sum(block["language"] == "sh" for block in blocks)
    if commands == 0:
        print(f"{page.name} has no commands")
        return False
    if good:
        print(f"{page.name}: {commands} commands, {'output written' if write else 'the output is what the page shows'}")
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


class Page(HTMLParser):
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
    pages = {path.resolve(): Page(path.read_text(encoding="utf-8")) for path in sorted(folder.rglob("*.html")) if path.name != "404.html"}
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
    if arguments[:1] == ["tutorial"]:
        return tutorial(Path(arguments[1]), Path(arguments[2]), "--write" in arguments[3:])
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
