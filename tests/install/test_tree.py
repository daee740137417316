"""The installed tree: it has all that it should and nothing else, works wherever it is, and knows nothing of where it
was built."""

import os
import re
import shlex
import unittest
from pathlib import Path

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s*"lcmpi/([^"]+)"', re.MULTILINE)
BUILDS = {"local.sh", "experiments.sh"}  # of jobs: they build lcmpi, and so need a checkout
WORLD = {"config", "pacer", "progress", "run", "stop", "store", "transport"}  # headers and folders of levels 2 and 3
RUN = "--vms 3 --rates 1,3,6 --pace virtual --seed 1 --duration 5s -o run.h5"


def names(folder):
    """Every file and link below a folder."""
    found = set()
    for path, folders, leaves in os.walk(folder):
        links = [name for name in folders if os.path.islink(os.path.join(path, name))]
        found |= {os.path.relpath(os.path.join(path, name), folder) for name in [*leaves, *links]}
    return found


def project(*folders):
    """The project's own files, as git has them or will have them."""
    said = tree.call("git", "-C", tree.ROOT, "ls-files", "-co", "--exclude-standard", "--deduplicate", "--", *folders)
    return {name for name in said.splitlines() if (tree.ROOT / name).exists()}


def core_headers():
    """What the sources of the core include, directly or not."""
    sources = [tree.ROOT / name for name in project("src") if name.endswith((".c", ".h"))
               and name.split("/")[1] not in WORLD and name.count("/") > 1]
    found, todo = set(), [name for path in sources for name in INCLUDE.findall(path.read_text())]
    while todo:
        name = todo.pop()
        if name not in found:
            found.add(name)
            todo += INCLUDE.findall((tree.ROOT / "include/lcmpi" / name).read_text())
    return found


def expected():
    texts = {name for name in project() if name.endswith("README.md") or name.startswith("postprocess/images/")}
    tools = project("postprocess") - texts
    jobs = {name for name in project("jobs") - texts if Path(name).name not in BUILDS}
    commands = {Path(name).name for name in tools if re.fullmatch(r"postprocess/lcmpi_\w+", name)}
    lib = tree.lib_folder()
    return {
        "bin/lcmpi", *(f"bin/{name}" for name in commands),
        *(f"share/lcmpi/{name}" for name in tools | jobs), "share/lcmpi/bin/lcmpi",
        *(f"share/doc/lcmpi/{name}" for name in texts | {"LICENSE"}),
        "share/man/man1/lcmpi.1", "share/bash-completion/completions/lcmpi",
        *(f"include/lcmpi/{name}" for name in core_headers()),
        f"{lib}/liblcmpi_core.a", f"{lib}/pkgconfig/lcmpi.pc",
        *(f"{lib}/cmake/lcmpi/lcmpi{name}.cmake" for name in ("Config", "ConfigVersion", "Targets", "Targets-release"))}


class Files(tree.Case):
    maxDiff = None

    @unittest.skipUnless((tree.ROOT / ".git").exists(), "not in a checkout: what there should be is not known")
    def test_all_is_there_and_nothing_else(self):
        commands = {name for name in expected() if name.startswith("bin/lcmpi_")}
        self.assertGreaterEqual(len(commands), 4)
        self.assertEqual(sorted(names(self.tree)), sorted(expected()))

    def test_links_lead_to_other_parts_of_the_tree(self):
        links = [self.tree / name for name in names(self.tree) if (self.tree / name).is_symlink()]
        self.assertTrue(links)
        for link in links:
            self.assertFalse(os.path.isabs(os.readlink(link)), link)
            self.assertTrue(link.resolve(strict=True).is_relative_to(self.tree), link)

    @unittest.skipUnless((tree.ROOT / ".git").exists(), "not in a checkout: what is to be called is not known")
    def test_what_can_be_called_in_the_project_can_be_called_here(self):
        """By anybody, whatever the umask of the checkout was."""
        said = tree.call("git", "-C", tree.ROOT, "ls-files", "-s", "postprocess", "jobs")
        callable = {line.partition("\t")[2] for line in said.splitlines() if line.startswith("100755")}
        for name in names(self.tree / "share/lcmpi") - {"bin/lcmpi"}:
            mode = (self.tree / "share/lcmpi" / name).stat().st_mode & 0o777
            self.assertEqual(mode, 0o755 if name in callable else 0o644, name)

    def test_nothing_knows_where_it_was_built_or_first_installed(self):
        for name in names(self.tree):
            content = (self.tree / name).read_bytes()
            for place in (tree.ROOT, self.tree.with_name("first place")):
                self.assertNotIn(bytes(place), content, name)

    def test_destdir(self):
        """As packagers have it: for a prefix that it will have later."""
        tree.call("cmake", "--install", tree.BUILD, "--prefix", "/opt/l c", env={**os.environ, "DESTDIR": str(self.scratch)})
        self.assertEqual(names(self.scratch), {f"opt/l c/{name}" for name in names(self.tree)})
        said = tree.call(self.scratch / "opt/l c/bin/lcmpi_export", "--help", cwd="/",
                         env=tree.environment(self.scratch))
        self.assertIn("usage: lcmpi_export", said)


class Work(tree.Case):
    def test_hints_of_a_run_work(self):
        """Called by name, by a path with a space in it, and by a link from elsewhere."""
        (self.scratch / "links").mkdir()
        (self.scratch / "links/mine").symlink_to(self.tree / "bin/lcmpi")
        for program, plot in (("lcmpi", "lcmpi_plot"), (f"{self.tree}/bin/lcmpi", f"{self.tree}/bin/lcmpi_plot"),
                              ("links/mine", f"{self.tree}/bin/lcmpi_plot")):
            with self.subTest(program):
                said = self.shell(f"{shlex.quote(program)} {RUN} --force")
                hints = re.search(r"^next +(.*)\n +(.*)$", said, re.MULTILINE).groups()
                self.assertEqual(hints, (f"{shlex.quote(program)} verify run.h5", f"{shlex.quote(plot)} run.h5"))
                self.assertIn("run.h5: verified", self.shell(hints[0]))
                if program == "lcmpi":
                    self.assertIn("run_clocks.png", self.shell(hints[1] + " --format png").replace("-", "_"))

    def test_every_tool_answers(self):
        tools = sorted(path.name for path in (self.tree / "bin").iterdir() if path.is_symlink())
        for tool in tools:
            with self.subTest(tool):
                self.assertIn(f"usage: {tool}", self.shell(f"{tool} --help"))

    def test_tools_find_the_program(self):
        self.assertEqual(self.shell(f"cd {shlex.quote(str(self.tree))}/share/lcmpi/postprocess && "
                                    "/usr/bin/python3 -c 'import lcmpi_tool; print(lcmpi_tool.program())'").strip(),
                         f"{self.tree}/share/lcmpi/bin/lcmpi")

    def test_what_the_readme_says(self):
        """The commands of the section on installing, one after the other."""
        text = (tree.ROOT / "jobs/README.md").read_text()
        section = text.partition("## Installing\n")[2].partition("\n## ")[0]
        commands = "\n".join(re.findall(r"^    (?!sbatch|cd build)(.*)$", section, re.MULTILINE))
        self.assertIn("cmake --install", commands)
        if not tree.shutil.which("man"):
            commands = commands.replace("man lcmpi", "true")
        said = tree.call("bash", "-euo", "pipefail", "-c", commands, cwd=tree.ROOT,
                         env=tree.environment(self.scratch, PATH="/usr/bin:/bin", MANPAGER="cat"))
        for word in ("-- Installing: ", "complete)", "run.h5: verified", "LCMPI(1)", "queue_before"):
            self.assertIn(word, said)


if __name__ == "__main__":
    unittest.main()
