// Package tpch holds the 22 queries of the TPC-H benchmark with the parameters that its
// specification gives for validation, as Spark SQL, and the tables they read.
package tpch

import "embed"

//go:embed *.sql
var files embed.FS

// Schemas are the tables' columns, as DDL, by name.
var Schemas = map[string]string{
	"region": "r_regionkey BIGINT NOT NULL, r_name STRING, r_comment STRING",
	"nation": "n_nationkey BIGINT NOT NULL, n_name STRING, n_regionkey BIGINT, n_comment STRING",
	"supplier": "s_suppkey BIGINT NOT NULL, s_name STRING, s_address STRING, s_nationkey BIGINT, s_phone STRING, " +
		"s_acctbal DECIMAL(15,2), s_comment STRING",
	"customer": "c_custkey BIGINT NOT NULL, c_name STRING, c_address STRING, c_nationkey BIGINT, c_phone STRING, " +
		"c_acctbal DECIMAL(15,2), c_mktsegment STRING, c_comment STRING",
	"part": "p_partkey BIGINT NOT NULL, p_name STRING, p_mfgr STRING, p_brand STRING, p_type STRING, p_size INT, " +
		"p_container STRING, p_retailprice DECIMAL(15,2), p_comment STRING",
	"partsupp": "ps_partkey BIGINT NOT NULL, ps_suppkey BIGINT NOT NULL, ps_availqty INT, ps_supplycost DECIMAL(15,2), ps_comment STRING",
	"orders": "o_orderkey BIGINT NOT NULL, o_custkey BIGINT, o_orderstatus STRING, o_totalprice DECIMAL(15,2), o_orderdate DATE, " +
		"o_orderpriority STRING, o_clerk STRING, o_shippriority INT, o_comment STRING",
	"lineitem": "l_orderkey BIGINT NOT NULL, l_partkey BIGINT, l_suppkey BIGINT, l_linenumber INT, l_quantity DECIMAL(15,2), " +
		"l_extendedprice DECIMAL(15,2), l_discount DECIMAL(15,2), l_tax DECIMAL(15,2), l_returnflag STRING, l_linestatus STRING, " +
		"l_shipdate DATE, l_commitdate DATE, l_receiptdate DATE, l_shipinstruct STRING, l_shipmode STRING, l_comment STRING",
}

// Queries is how many queries there are; they are numbered from 1.
const Queries = 22
