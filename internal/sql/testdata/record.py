"""Records which statements of accept.txt a real Spark's parser accepts.

    python record.py        # needs pyspark 4.2.0; writes accept.spark beside this file

Each line of accept.txt is a statement, perhaps followed by ' ~~> CLASS', what Azud answers on
purpose where Spark answers otherwise. accept.spark has the same number of lines: the error class
of Spark's parser, or 'ok'.
"""
import pathlib

from pyspark.sql import SparkSession

here = pathlib.Path(__file__).parent
spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
parser = spark._jsparkSession.sessionState().sqlParser()


def answer(text):
    try:
        parser.parsePlan(text)
        return "ok"
    except Exception as e:
        java = getattr(e, "java_exception", None) or getattr(e, "_origin", None)
        try:
            return java.getCondition() or java.getClass().getSimpleName()
        except Exception:
            return type(e).__name__


out = []
for line in (here / "accept.txt").read_text().splitlines():
    text = line.split(" ~~> ")[0]
    out.append("" if not text or text.startswith("# ") else answer(text))
(here / "accept.spark").write_text("\n".join(out) + "\n")
spark.stop()
