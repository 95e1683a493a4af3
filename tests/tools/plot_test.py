# SPDX-License-Identifier: BSD-2-Clause
"""The graphs of tools/bench --plot."""
import unittest
import xml.etree.ElementTree

import plot

LOG = "SPACES 10 500\nSPACES 20 510\nnoise\nPAGES 64 10000\nPAGES 128 16400\nPAGES 256 29200\nTESTS DONE 4 passed 0 failed\n"


class PlotTest(unittest.TestCase):
    def test_a_page_costs_what_it_adds(self):
        spaces, pages = plot.points(LOG)
        self.assertEqual(spaces, [(10, 500.0), (20, 510.0)])
        self.assertEqual(pages, [(128, 100.0), (256, 100.0)])

    def test_a_log_without_figures_is_an_error(self):
        for log in ("", "SPACES 10 500\n", "PAGES 64 1\nPAGES 128 2\n"):
            with self.assertRaises(plot.PlotError):
                plot.points(log)

    def test_the_file_is_an_svg_with_all_points(self):
        root = xml.etree.ElementTree.fromstring(plot.svg(*plot.points(LOG)))
        self.assertEqual(len(root.findall("{http://www.w3.org/2000/svg}circle")), 4)


if __name__ == "__main__":
    unittest.main()
