"""Tests of check_includes.py: each breach is found, and what is allowed is not reported."""

import pathlib
import tempfile
import unittest

import check_includes


class CheckIncludes(unittest.TestCase):
    def breaches(self, files, cmake=""):
        with tempfile.TemporaryDirectory() as root:
            for name, text in files.items():
                path = pathlib.Path(root) / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text if name.endswith(".cpp") else "#pragma once\n" + text, encoding="utf-8")
            found = check_includes.check_files(check_includes.read_files(pathlib.Path(root)))
        return [f"{path}: {text}" for path, _, text in found + check_includes.check_cmake(cmake)]

    def assert_breach(self, files, part):
        found = self.breaches(files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(part, found[0])

    def test_down_is_allowed(self):
        self.assertEqual(self.breaches({
            "src/base/a.h": "", "src/content/b.h": '#include "base/a.h"\n',
            "src/content/b.cpp": '#include "content/b.h"\n#include <vector>\n#include "base/a.h"\n',
            "src/http/c.h": "", "src/api/d.h": '#include "http/c.h"\n#include "content/b.h"\n'}), [])

    def test_up_is_not(self):
        self.assert_breach({"src/base/a.h": '#include "content/b.h"\n', "src/content/b.h": ""}, "only go down")

    def test_sideways_is_not(self):
        self.assert_breach({"src/content/a.h": '#include "net/b.h"\n', "src/net/b.h": ""}, "one level")

    def test_rules_know_no_http(self):
        self.assert_breach({"src/registry/a.h": '#include "http/b.h"\n', "src/http/b.h": ""}, "nothing of HTTP")

    def test_implementations_are_hidden(self):
        files = {"src/storage/filesystem/a.h": "", "src/registry/b.cpp": '#include "storage/filesystem/a.h"\n'}
        self.assert_breach(files, "only server/, tests")
        files = {"src/storage/filesystem/a.h": "", "src/storage/b.cpp": '#include "storage/filesystem/a.h"\n'}
        self.assert_breach(files, "only server/, tests")
        files = {"src/storage/filesystem/a.h": "", "src/storage/memory/b.cpp": '#include "storage/filesystem/a.h"\n'}
        self.assert_breach(files, "only server/, tests")

    def test_implementations_are_seen_by_server_tests_and_themselves(self):
        line = '#include "storage/filesystem/a.h"\n'
        self.assertEqual(self.breaches({
            "src/storage/filesystem/a.h": "", "src/storage/filesystem/b.cpp": line, "src/server/c.cpp": line,
            "src/registry/d_test.cpp": line, "tests/support/e.cpp": line}), [])
        self.assertEqual(self.breaches({
            "src/metadata/sqlite/migrations/a.h": "",
            "src/metadata/sqlite/b.cpp": '#include "metadata/sqlite/migrations/a.h"\n'}), [])

    def test_a_room_of_a_folder_is_seen_by_the_folder(self):
        self.assertEqual(self.breaches({
            "src/api/admin/a.h": '#include "api/exchange.h"\n', "src/api/exchange.h": "",
            "src/api/b.cpp": '#include "api/admin/a.h"\n'}), [])
        self.assert_breach({"src/api/admin/a.h": "", "src/auth/b.cpp": '#include "api/admin/a.h"\n'}, "only go down")

    def test_a_contract_suite_is_a_test(self):
        self.assertEqual(self.breaches({
            "tests/support/a.h": "", "src/storage/storage_contract.h": '#include "tests/support/a.h"\n'}), [])

    def test_libraries_stay_in_their_rooms(self):
        self.assert_breach({"src/api/a.cpp": "#include <boost/beast/http.hpp>\n"}, "Boost.Beast")
        self.assert_breach({"src/registry/a.cpp": "#include <sqlite3.h>\n"}, "SQLite")
        self.assert_breach({"src/metadata/a.cpp": "#include <sqlite3.h>\n"}, "SQLite")
        self.assert_breach({"src/content/manifest.cpp": "#include <openssl/evp.h>\n"}, "OpenSSL")
        self.assert_breach({"src/storage/a.h": "#include <boost/asio/awaitable.hpp>\n"}, "async/task.h")
        self.assertEqual(self.breaches({
            "src/http/a.cpp": "#include <boost/beast/http.hpp>\n", "src/metadata/sqlite/a.h": "#include <sqlite3.h>\n",
            "src/content/hasher.cpp": "#include <openssl/sha.h>\n", "src/server/a.cpp": "#include <yaml-cpp/yaml.h>\n",
            "src/async/task.h": "#include <boost/asio/awaitable.hpp>\n"}), [])

    def test_a_heavy_header_stays_in_its_folder(self):
        self.assert_breach({
            "src/http/inner.h": "#include <boost/beast/http.hpp>\n", "src/http/outer.h": '#include "http/inner.h"\n',
            "src/api/a.cpp": '#include "http/outer.h"\n'}, "brings in a library")

    def test_headers_have_pragma_once(self):
        with tempfile.TemporaryDirectory() as root:
            path = pathlib.Path(root) / "src" / "base" / "a.h"
            path.parent.mkdir(parents=True)
            path.write_text("int a();\n", encoding="utf-8")
            found = check_includes.check_files(check_includes.read_files(pathlib.Path(root)))
        self.assertEqual([text for _, _, text in found], ["a header needs #pragma once"])

    def test_full_paths(self):
        self.assert_breach({"src/base/a.h": "", "src/base/b.cpp": '#include "a.h"\n'}, "full path")

    def test_own_header_first(self):
        self.assert_breach({"src/base/a.h": "", "src/base/b.h": "",
                            "src/base/b.cpp": '#include "base/a.h"\n#include "base/b.h"\n'}, "comes first")

    def test_sources_do_not_see_tests(self):
        self.assert_breach({"tests/support/a.h": "", "src/base/b.cpp": '#include "tests/support/a.h"\n'}, "only tests")

    def test_unknown_folder(self):
        self.assert_breach({"src/util/a.h": ""}, "not in the table")

    def test_cmake_lists_go_down(self):
        self.assertEqual(self.breaches({}, "berth_folder(storage DEPENDS content net TEST_DEPENDS storage/memory)\n"
                                           "berth_folder(storage/memory DEPENDS storage)\n"
                                           "berth_folder(server DEPENDS api storage/memory LINKS yaml-cpp)\n"), [])
        self.assertEqual(len(self.breaches({}, "berth_folder(base DEPENDS async)\n")), 1)
        self.assertEqual(len(self.breaches({}, "berth_folder(registry DEPENDS metadata/sqlite)\n")), 1)


if __name__ == "__main__":
    unittest.main()
