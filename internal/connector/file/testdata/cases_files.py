shutil.rmtree(OUT, ignore_errors=True)
ALL = """SELECT CAST(id AS TINYINT) ti, CAST(id AS SMALLINT) si, CAST(id AS INT) i, id l, CAST(id AS FLOAT) / 4 f, id / 8D d,
 CAST(id * 1.5 AS DECIMAL(9,2)) d9, CAST(id * 1.25 AS DECIMAL(18,4)) d18, CAST(-id AS DECIMAL(38,10)) d38,
 id % 2 = 0 b, concat('s', id % 3) s, encode(concat('b', id), 'UTF-8') bi, date_add(DATE'2024-01-01', CAST(id * 1000 AS INT)) dt,
 TIMESTAMP'2024-01-02 03:04:05.678901' + make_interval(0, 0, 0, CAST(id AS INT)) ts, TIMESTAMP_NTZ'2024-01-02 03:04:05.5' tn,
 array(CAST(id AS INT), NULL, 2) ar, map(concat('k', id), id, 'z', NULL) mp, named_struct('x', id, 'y', named_struct('z', concat('q', id))) st,
 array(array(id), NULL, array()) aa, array(named_struct('p', id, 'q', NULL), NULL) ast, map(1, array('a', NULL)) ma,
 INTERVAL '3' MONTH * CAST(id AS INT) ym, INTERVAL '1' HOUR * CAST(id AS INT) dti FROM range({})"""
NULLS = "SELECT " + ", ".join("IF(l % 3 = 1, NULL, {0}) {0}".format(c) for c in
    "ti si i l f d d9 d18 d38 b s bi dt ts tn ar mp st aa ast ma ym dti".split()) + " FROM ({})"

def write(sql, path, fmt, parts=1, by=(), **o):
    w = spark.sql(sql).repartition(parts) if parts > 1 else spark.sql(sql).coalesce(1)
    w = w.write.format(fmt).options(**o)
    if by:
        w = w.partitionBy(*by)
    w.save(os.path.join(OUT, path))

write(ALL.format(5), "all", "parquet")
write(NULLS.format(ALL.format(20)), "nulls", "parquet")
spark.conf.set("spark.sql.parquet.writeLegacyFormat", "true")
spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MILLIS")
write(NULLS.format(ALL.format(5)), "legacy", "parquet")
spark.conf.unset("spark.sql.parquet.writeLegacyFormat")
spark.conf.unset("spark.sql.parquet.outputTimestampType")
print("ts type", spark.conf.get("spark.sql.parquet.outputTimestampType"))
spark.conf.set("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
write("SELECT id, TIMESTAMP'1900-01-01 00:00:00' t FROM range(3)", "micros", "parquet")
spark.conf.set("spark.sql.parquet.outputTimestampType", "INT96")
write("SELECT id, TIMESTAMP'1900-01-01 00:00:00.123456' t FROM range(3)", "int96", "parquet")
spark.conf.unset("spark.sql.parquet.outputTimestampType")
for c in ("gzip", "zstd", "none", "lz4_raw"):
    write("SELECT id, concat('v', id) v FROM range(3)", "c_" + c, "parquet", compression=c)
spark.sparkContext._jsc.hadoopConfiguration().set("parquet.writer.version", "PARQUET_2_0")
write("SELECT id, CAST(id AS INT) i, concat('v', id * 7) v, id / 3D d, CAST(id AS DECIMAL(20,2)) de, id % 2 = 0 b FROM range(300)", "v2", "parquet", **{"parquet.enable.dictionary": "false"})
spark.sparkContext._jsc.hadoopConfiguration().unset("parquet.writer.version")
write("SELECT id, concat('v', id % 5) v, id % 7 g FROM range(4000)", "groups", "parquet", **{"parquet.block.size": "1024", "parquet.page.size": "512"})
write("SELECT 1 a, 'x' b", "merge/p=1", "parquet")
write("SELECT CAST(2 AS BIGINT) c, 'y' b", "merge/p=2", "parquet")
write("SELECT 1 a", "clash/p=1", "parquet")
write("SELECT 'x' a", "clash/p=2", "parquet")
PARTS = "SELECT id, CAST(id % 3 AS INT) k, IF(id % 2 = 0, 'a b/c', NULL) s, DATE'2024-01-01' + CAST(id % 2 AS INT) d FROM range(6)"
for fmt in ("parquet", "csv", "json"):
    write(PARTS, "parts_" + fmt, fmt, by=("k", "s", "d"))
write("SELECT id, 'x' s FROM range(3)", "empty_parquet", "parquet", maxRecordsPerFile="2")
for c in ("gzip", "zstd", "bzip2", "deflate", "snappy", "lz4"):
    for fmt in ("csv", "json", "text"):
        if c == "snappy" and fmt != "csv" or c == "lz4" and fmt != "csv":
            continue
        try:
            write("SELECT concat('fila ', id) v FROM range(3)", "z_%s_%s" % (c, fmt), fmt, compression=c)
        except Exception as e:
            print("no", c, fmt, str(e)[:80])
W = """SELECT CAST(id AS TINYINT) ti, id l, id / 8D d, CAST(id AS FLOAT)/4 f, CAST(id * 1.5 AS DECIMAL(9,2)) d9, id % 2 = 0 b,
 IF(id = 1, NULL, concat('s,"', id)) s, '' e, DATE'2024-01-01' dt, TIMESTAMP'2024-01-02 03:04:05.678901' ts, TIMESTAMP_NTZ'2024-01-02 03:04:05.5' tn,
 ' sp ' sp, 'a\\\\b' bs, 'a\\nb' nl, '#c' cm, CAST('NaN' AS DOUBLE) nan, CAST('-Infinity' AS DOUBLE) inf FROM range(2)"""
ODD = """SELECT * FROM VALUES ('#x', 'a,b', 'q"r'), (' ', '"q"', 'a\\rb'), (NULL, 'x', 'y'), ('', NULL, '\\t'), ('a\\\\"b', '\\\\', 'ñ'), ("'", ' # ', 'a\\\\') AS t(a, b, c)"""
write(W, "w_rows", "parquet")
write(ODD, "w_rows_odd", "parquet")
write(ODD, "w_csv_odd", "csv", comment="#")
write(ODD, "w_csv_odd_all", "csv", quoteAll="true")
write("SELECT 's' v UNION ALL SELECT NULL", "w_rows_text", "parquet")
write(W + " UNION ALL SELECT NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL", "w_rows_null", "parquet")
write(W, "w_csv", "csv", header="true")
write(W, "w_csv_all", "csv", quoteAll="true", sep=";", nullValue="NULO", emptyValue="VACIO")
write(W, "w_csv_escape", "csv", escapeQuotes="false", ignoreLeadingWhiteSpace="false", ignoreTrailingWhiteSpace="false", dateFormat="dd/MM/yyyy", timestampFormat="dd/MM/yyyy HH:mm")
write(W + " UNION ALL SELECT NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL", "w_json", "json")
write(W, "w_json_nulls", "json", ignoreNullFields="false")
write("SELECT 's' v UNION ALL SELECT NULL", "w_text", "text", lineSep="|")
for p in ("all", "nulls", "legacy", "micros", "int96", "c_gzip", "c_zstd", "c_none", "c_lz4_raw", "v2", "groups", "empty_parquet", "parts_parquet"):
    if p == "groups":
        stored("parquet " + p, "parquet", path=p, where="id in (1, 3999) or g is null")
    else:
        stored("parquet " + p, "parquet", path=p)
stored("parquet merge off", "parquet", path="merge/p=1")
stored("parquet merge on", "parquet", path="merge", options=dict(mergeSchema="true"))
stored("parquet merge clash", "parquet", path="clash", options=dict(mergeSchema="true"))
stored("parquet declared more", "parquet", path="merge", schema="a int, b string, c bigint, z double")
stored("parquet widened", "parquet", path="all", schema="i bigint, f double, ti int, d9 decimal(11,2), dt timestamp_ntz")
stored("parquet mismatch", "parquet", path="all", schema="s int")
stored("parquet mismatch long int", "parquet", path="all", schema="l int")
stored("parquet narrowed", "parquet", path="all", schema="i tinyint")
stored("parquet case", "parquet", path="all", schema="I int, S string")
for fmt in ("csv", "json"):
    stored("partitions " + fmt, fmt, path="parts_" + fmt)
stored("partitions one folder", "parquet", path="parts_parquet/k=1")
stored("partitions base", "parquet", path="parts_parquet/k=1", options=dict(basePath="$/parts_parquet"))
stored("partitions glob", "parquet", path="parts_parquet/k=[01]/*")
stored("partitions declared", "parquet", path="parts_parquet", schema="id bigint, k string, s string, d string")
for c in ("gzip", "zstd", "bzip2", "deflate", "snappy", "lz4"):
    if os.path.exists(os.path.join(OUT, "z_%s_csv" % c)):
        stored("csv " + c, "csv", path="z_%s_csv" % c)
    if os.path.exists(os.path.join(OUT, "z_%s_json" % c)):
        stored("json " + c, "json", path="z_%s_json" % c)
        stored("text " + c, "text", path="z_%s_text" % c)
stored("no path", "parquet", path="nowhere")
stored("no path glob", "csv", path="nowhere*")
ask(dict(name="path missing", format="parquet"), OUT)
text("no files to infer", "parquet", {"_x": ""})
text("not parquet", "parquet", {"a.parquet": "this is not parquet at all"})
text("partition types", "csv", {"a=1/b=2024-01-02/c=1.5/d=x%20y/x": "1\n", "a=30000000000/b=__HIVE_DEFAULT_PARTITION__/c=2/d=z/x": "2\n"})
text("partition timestamps", "csv", {"a=2024-01-02 03%3A04%3A05/x": "1\n", "a=2024-01-03/x": "2\n"})
text("partition mixed", "csv", {"a=1/x": "1\n", "a=x/x": "2\n"})
text("partition zeros", "csv", {"a=01/x": "1\n", "a=2/x": "2\n"})
text("partition doubles", "csv", {"a=1e3/x": "1\n", "a=2d/x": "2\n"})
text("partition decimals", "csv", {"a=12345678901234567890/x": "1\n"})
text("partition conflict", "csv", {"a=1/x": "1\n", "b=2/x": "2\n"})
text("partition depth conflict", "csv", {"a=1/x": "1\n", "a=1/b=2/x": "2\n"})
text("partition and file at root", "csv", {"x": "1\n", "a=1/x": "2\n"})
text("partition inference of nulls", "csv", {"a=__HIVE_DEFAULT_PARTITION__/x": "1\n"})
text("partition column in data", "json", {"a=7/x": '{"a":1,"b":2}\n'})
text("partition names case", "json", {"A=7/x": '{"a":1,"b":2}\n'})
text("nested without partitions", "csv", {"sub/x": "1\n", "sub/sub2/y": "2\n"})
text("glob braces", "csv", {"a1": "1\n", "b1": "2\n", "c1": "3\n"}, path="{a,b}*")
text("glob range", "csv", {"a1": "1\n", "b1": "2\n", "c1": "3\n"}, path="[a-b]?")
text("glob not", "csv", {"a1": "1\n", "b1": "2\n"}, path="[^a]1")
text("hidden files", "csv", {"_a": "1\n", ".b": "2\n", "c": "3\n", "_d/e": "4\n", "f._COPYING_": "5\n"})
text("hidden file named", "csv", {"_a": "1\n"}, path="_a")
text("paths", "csv", {"a": "1\n", "b": "2\n", "c": "3\n"}, options=dict(paths='["$/a","$/b"]'))
text("modified", "csv", {"a": "1\n"}, options=dict(modifiedBefore="2001-01-01T00:00:00"))
text("path as option", "csv", {"a": "1\n"}, options=dict(path="$/a"))
