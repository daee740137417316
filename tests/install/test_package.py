"""The Debian package: made, looked at by lintian, unpacked and run."""

import os
import re
import shutil
import unittest

import tree


class Package(tree.Case):
    def test_deb(self):
        for tool in ("cpack", "dpkg-shlibdeps", "dpkg-deb"):
            tree.need(tool)
        tree.call("cpack", "-G", "DEB", "-B", self.scratch, "-D", "CPACK_PACKAGE_CONTACT=Ada Lovelace <ada@debian.org>",
                  cwd=tree.BUILD)
        package, = self.scratch.glob("lcmpi_*.deb")
        depends = tree.call("dpkg-deb", "-f", package, "Depends")
        self.assertRegex(depends, r"libhdf5\S* \(>= .*lib(open)?mpi")
        self.assertIn("python3-h5py", tree.call("dpkg-deb", "-f", package, "Recommends"))
        tree.call("dpkg-deb", "-x", package, self.scratch / "root")
        usr = self.scratch / "root/usr"
        installed = {str(path.relative_to(self.tree)) for path in self.tree.rglob("*") if not path.is_dir()}
        packed = {str(path.relative_to(usr)) for path in usr.rglob("*") if not path.is_dir()}
        self.assertEqual({name for name in packed ^ installed if not name.startswith("share/doc/lcmpi/")},
                         {"share/man/man1/lcmpi.1", "share/man/man1/lcmpi.1.gz"})
        # somebody's own Python, which sees none of Debian's packages, stands first
        other = self.scratch / "other/python3"
        other.parent.mkdir()
        other.write_text("#!/bin/sh\necho this is not the Python of Debian >&2\nexit 1\n")
        other.chmod(0o755)
        env = tree.environment(self.scratch, PATH=f"{other.parent}:{usr}/bin:/usr/bin:/bin")
        commands = "lcmpi --vms 3 --pace virtual -o run.h5; lcmpi verify run.h5; lcmpi_export --csv run.h5"
        said = tree.call("bash", "-ec", commands, cwd=self.scratch, env=env)
        self.assertIn("run.h5: verified", said)
        texts = [path for path in (usr / "share/lcmpi").rglob("*") if path.is_file() and os.access(path, os.X_OK)]
        self.assertEqual([path.name for path in texts if path.read_bytes().startswith(b"#!/usr/bin/env python")], [])
        if tree.shutil.which("lintian"):
            said = tree.call("lintian", "--allow-root", "--fail-on", "none", package)
            self.assertEqual(re.findall("^E: .*", said, re.MULTILINE), [])

    def test_folders_of_other_names(self):
        """What is done to the tree before it is packed is done where a build with other folders has them."""
        build, root = self.scratch / "build", self.scratch / "root"
        tree.call("cmake", "-S", tree.ROOT, "-B", build, "-D", "CMAKE_INSTALL_DOCDIR=texts", "-D", "CMAKE_INSTALL_MANDIR=manual",
                  "-D", "CMAKE_INSTALL_BINDIR=programs", "-D", "CMAKE_INSTALL_DATADIR=data", "-D", "LCMPI_TESTS=OFF")
        for name, source in (("texts/LICENSE", tree.ROOT / "LICENSE"), ("programs/lcmpi", self.tree / "bin/lcmpi"),
                             ("manual/man1/lcmpi.1", self.tree / "share/man/man1/lcmpi.1"),
                             ("data/lcmpi/postprocess/lcmpi_plot", tree.ROOT / "postprocess/lcmpi_plot")):
            (root / "usr" / name).parent.mkdir(parents=True)
            shutil.copy2(source, root / "usr" / name)
        tree.call("cmake", "-D", "CPACK_GENERATOR=DEB", "-D", f"CPACK_TEMPORARY_DIRECTORY={root}", "-D",
                  "CPACK_PACKAGING_INSTALL_PREFIX=/usr", "-P", build / "generated/debian.cmake")
        found = {str(path.relative_to(root / "usr")) for path in root.rglob("*") if path.is_file()}
        self.assertEqual(found, {"texts/copyright", "texts/changelog.gz", "programs/lcmpi", "manual/man1/lcmpi.1.gz",
                                 "data/lcmpi/postprocess/lcmpi_plot"})
        script = root / "usr/data/lcmpi/postprocess/lcmpi_plot"
        self.assertEqual(script.read_text().splitlines()[0], "#!/usr/bin/python3")
        self.assertTrue(os.access(script, os.X_OK))


if __name__ == "__main__":
    unittest.main()
