#!/usr/bin/env python3
"""Writes ../hll_bias.bin: the empirical bias of HyperLogLog++ that Spark's estimates depend on.

The numbers are those of the appendix to "HyperLogLog in Practice" (Heule, Nunkesser, Hall, 2013), as a
running Spark 4.2.0 holds them. For each precision from 4 to 18: the count of points (uint16), the
threshold of linear counting (float64), the raw estimates, then the biases (float64 each), little-endian.
"""
import os
import struct

from pyspark.sql import SparkSession

spark = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").getOrCreate()
helper = getattr(spark._jvm, "org.apache.spark.sql.catalyst.util.HyperLogLogPlusPlusHelper$")
helper = getattr(helper, "MODULE$")
raw, bias, limits = helper.RAW_ESTIMATE_DATA(), helper.BIAS_DATA(), helper.THRESHOLDS()
out = b""
for p in range(15):
    e, b = list(raw[p]), list(bias[p])
    assert len(e) == len(b), p
    out += struct.pack("<Hd", len(e), limits[p]) + struct.pack("<%dd" % (2 * len(e)), *e, *b)
open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "hll_bias.bin"), "wb").write(out)
