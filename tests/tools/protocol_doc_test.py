# SPDX-License-Identifier: BSD-2-Clause
"""The pages of protocols: they are as their headers say, and what a header lacks is told."""
import unittest

import protocol_doc

GOOD = """/// Adds
/// two numbers.
struct Add {
    static constexpr Word label = request_label(Protocol::test, 3);
    static constexpr unsigned most = 1'000;
    struct Reply {
        Word total = 0; ///< a | b
    };
    Word a = 0;
    uint16_t pieces[2] = {};
};
"""


class ProtocolDocTest(unittest.TestCase):
    def test_the_pages_of_protocols_are_as_their_headers_say(self):
        self.assertEqual(protocol_doc.stale(), [], "run tools/protocol_doc")

    def test_a_request_is_read_with_all_its_parts(self):
        add, = protocol_doc.requests(GOOD, "x.hpp")
        self.assertEqual((add.name, add.number, add.comment), ("Add", 3, "Adds two numbers."))
        self.assertEqual(add.fields, [("Word", "a", ""), ("uint16_t", "pieces[2]", "")])
        self.assertEqual(add.reply, [("Word", "total", "a | b")])
        self.assertEqual(add.limits, [("most", "1000")])

    def test_a_request_without_a_comment_is_refused(self):
        bare = "\n".join(line for line in GOOD.splitlines() if not line.startswith("///"))
        self.assertRaisesRegex(protocol_doc.HeaderError, "Add has no comment", protocol_doc.requests, bare, "x.hpp")

    def test_two_requests_of_a_protocol_with_one_number_are_refused(self):
        both = protocol_doc.requests(GOOD, "x.hpp") + protocol_doc.requests(GOOD.replace("struct Add", "struct Sub"), "y.hpp")
        self.assertRaisesRegex(protocol_doc.HeaderError, "Add and Sub are both operation 3", protocol_doc.check_numbers, both)
        protocol_doc.check_numbers(protocol_doc.requests(GOOD, "x.hpp") +
                                   protocol_doc.requests(GOOD.replace("::test", "::other"), "y.hpp"))

    def test_every_label_of_a_header_is_on_its_page(self):
        for header in protocol_doc.headers():
            labels = header.read_text().count("label = request_label(")
            self.assertEqual(len(protocol_doc.requests(header.read_text(), header.name)), labels, header.name)
