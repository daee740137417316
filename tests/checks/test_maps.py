"""The READMEs are maps: what they name exists, and what exists stands in the map of its folder."""

import re
import unittest

import project

SUFFIXES = (".c", ".h", ".py", ".sh", ".md", ".cmake", ".txt", ".json", ".supp", ".sbatch", ".example")
MADE = ("build", "results", "site.sh", "jobs/site.sh", "rates.txt", "run-trace.json", "run-lab.md")  # named in READMEs, made by the scripts or by users
# FILE, src/clock/NAME.c, STEM-trace.json: stands for a name; not README.md
PLACEHOLDER = re.compile(r"(?:^|/)(?!README|LICENSE)[A-Z]+(?:[./-]|$)|^\.")
PATH = re.compile(r"[\w.*+{},-]+(?:/[\w.*+{},-]+)*/?")

# the folder of each map, and what in it must be named there
MAPS = {"src": "*/", "tests": "*/", "jobs": "*", "postprocess": "*"}


def words(readme):
    """What a README sets in code or links to, word by word."""
    text = readme.read_text()
    block = re.compile(r"^```.*?^```|^ {4}\S.*?$", re.MULTILINE | re.DOTALL)
    blocks = block.findall(text)
    rest = block.sub("", text)
    links = [link for link in re.findall(r"\]\(([^)#\s]+)[^)]*\)", rest) if ":" not in link]
    spans = re.findall(r"`([^`\n]+)`", rest)
    for chunk in [*blocks, *spans]:
        for word in chunk.split():
            yield word.strip("\"'();:,")
    yield from links


def exists(word, folder):
    """Whether there is such a file, seen from the README, from the top or from include/."""
    word = re.sub(r"\{[^}]*\}", "*", word).rstrip("/.")
    return any(next(base.glob(word), None) for base in (folder, project.ROOT, project.ROOT / "include"))


class Maps(unittest.TestCase):
    def test_files_that_are_named_exist(self):
        tops = {path.name for path in project.ROOT.iterdir()}
        leaves = {path.name for path in project.files()}
        for readme in [path for path in project.files(".md") if path.name == "README.md"]:
            folder = readme.parent
            for word in sorted(set(words(readme))):
                word = word.removeprefix("./")
                if not PATH.fullmatch(word) or PLACEHOLDER.search(word):
                    continue
                first, *more = word.split("/")
                if first in MADE or word in MADE or (first == ".." and not more):
                    continue
                if more and (first in tops or first == ".." or (folder / first).exists()):
                    good = exists(word, folder)
                elif not more and word.endswith(SUFFIXES) and "*" not in word and "{" not in word:
                    good = word in leaves
                else:
                    continue
                with self.subTest(readme=project.name(readme), word=word):
                    self.assertTrue(good, "there is no such file")

    def test_maps_are_complete(self):
        for folder, pattern in MAPS.items():
            with self.subTest(folder):
                readme = project.ROOT / folder / "README.md"
                self.assertTrue(readme.is_file(), "has no README.md")
                text = readme.read_text()
                found = (path for path in readme.parent.glob(pattern)
                         if path.name not in project.MADE | {"README.md"})
                missing = [path.name for path in found if (pattern == "*" or path.is_dir()) and
                           not re.search(rf"(?<![\w.]){re.escape(path.name)}(?!\w)", text)]
                self.assertFalse(missing, f"not in {folder}/README.md")


if __name__ == "__main__":
    unittest.main()
