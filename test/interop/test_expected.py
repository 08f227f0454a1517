"""The computation that everything is compared with, checked by hand."""

import json
import os
import tempfile
import unittest

import expected


def feature(id, mag, ms, place="10km S of Tokyo, Japan", where=(139.7, 35.6, 10.5), tsunami=0):
    return {
        "id": id,
        "properties": {"mag": mag, "place": place, "time": ms, "tsunami": tsunami},
        "geometry": {"coordinates": list(where)},
    }


class Expected(unittest.TestCase):
    def compute(self, files):
        with tempfile.TemporaryDirectory() as d:
            for name, features in files.items():
                with open(os.path.join(d, name), "w") as f:
                    json.dump({"features": features}, f)
            return expected.expected(d)

    def test_the_box_of_the_issue(self):
        got = self.compute({"a.json": [feature("a", 5.2, 1705314600123)]})
        self.assertEqual(got["alerts"], ["""\
╔════════════════════════════════════════╗
║         ALERTA SISMICA                 ║
╠════════════════════════════════════════╣
║ Magnitud: 5.2                          ║
║ Lugar: 10km S of Tokyo, Japan          ║
║ Hora: 2024-01-15 10:30:00              ║
║ Coords: (35.6, 139.7)                  ║
║ Profundidad: 10.5 km                   ║
╚════════════════════════════════════════╝"""])
        self.assertEqual(got["rows"][0]["timestamp"], "2024-01-15T10:30:00.123Z")

    def test_a_long_line_widens_the_box(self):
        box = self.compute({"a.json": [feature("a", 5, 0, place="x" * 50)]})["alerts"][0].split("\n")
        self.assertEqual({len(line) for line in box}, {60})
        self.assertIn("║ Magnitud: 5.0 ", box[3])

    def test_the_first_version_of_an_id_counts(self):
        got = self.compute({
            "z__20250504T130000Z.json": [feature("a", 1, 0), feature("b", None, 1000)],
            "a__20250504T140000Z.json": [feature("a", 9, 0), feature("c", 4.5, 299999, tsunami=1), feature("d", 2, 300000)],
        })
        self.assertEqual([(r["id"], r["magnitud"], r["tsunami"]) for r in got["rows"]],
                         [("a", 1.0, False), ("b", None, False), ("c", 4.5, True), ("d", 2.0, False)])
        self.assertEqual(len(got["alerts"]), 1)
        self.assertEqual(got["windows"], [
            {"start": "1970-01-01 00:00:00", "end": "1970-01-01 00:05:00", "count": 3, "avg": 2.75, "max": 4.5},
            {"start": "1970-01-01 00:05:00", "end": "1970-01-01 00:10:00", "count": 1, "avg": 2.0, "max": 2.0},
        ])

    def test_a_window_of_unknown_magnitudes(self):
        got = self.compute({"a.json": [feature("a", None, -1)]})
        self.assertEqual(got["windows"], [
            {"start": "1969-12-31 23:55:00", "end": "1970-01-01 00:00:00", "count": 1, "avg": None, "max": None}])

    def test_doubles_as_java_writes_them(self):
        for v, want in [(5.0, "5.0"), (-0.1, "-0.1"), (0.0, "0.0"), (0.001, "0.001"), (0.0001, "1.0E-4"),
                        (1.5e-5, "1.5E-5"), (9999999.0, "9999999.0"), (1e7, "1.0E7"), (123456789.5, "1.234567895E8"),
                        (-117.8093333, "-117.8093333")]:
            self.assertEqual(expected.text(v), want)


if __name__ == "__main__":
    unittest.main()
