package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/azud/azud/test/tpch"
)

// job is the same work for each peer that can do it, in its own words.
type job struct {
	name    string
	title   string
	queries []string // names
	work    map[string]work
	check   func(n int, peer string, rows []json.RawMessage) string // what is wrong with the rows of query n; "": nothing
	aim     float64                                                 // times Spark's whole process
}

// work is what one peer is told.
type work struct {
	Setup   []string `json:"setup"`
	Queries []string `json:"queries"`
	Jars    []string `json:"jars"`
	Memory  string   `json:"memory"`
	Dir     string   `json:"dir"`
}

// The peers, in the order of the columns.
const (
	azud   = "azud"
	spark  = "spark"
	duckdb = "duckdb"
)

// tpchJob reads Parquet files; folder holds those of one scale.
func tpchJob(folder, scale string) (*job, error) {
	j := &job{name: "tpch", title: "TPC-H, scale " + scale + ", over Parquet", work: map[string]work{}, aim: 3}
	var queries, views, duckViews []string
	for n := 1; n <= tpch.Queries; n++ {
		text, err := tpch.Query(n)
		if err != nil {
			return nil, err
		}
		queries = append(queries, strings.TrimSuffix(strings.TrimSpace(text), ";"))
		j.queries = append(j.queries, fmt.Sprintf("q%02d", n))
	}
	for name := range tpch.Schemas {
		file := filepath.Join(folder, name+".parquet")
		views = append(views, fmt.Sprintf("CREATE TEMPORARY VIEW %s USING parquet OPTIONS (path '%s')", name, file))
		duckViews = append(duckViews, fmt.Sprintf("CREATE VIEW %s AS SELECT * FROM read_parquet('%s')", name, file))
	}
	j.work[azud] = work{Setup: views, Queries: queries}
	j.work[spark] = j.work[azud]
	j.work[duckdb] = work{Setup: duckViews, Queries: queries}
	answers, err := tpch.Answers(scale)
	if err != nil {
		return j, nil //nolint:nilerr // a scale without recorded answers: only times are shown
	}
	j.check = func(n int, peer string, rows []json.RawMessage) string {
		want := answers[n+1]
		if peer == duckdb { // types and digits are its own
			if len(rows) != len(want.Rows) {
				return fmt.Sprintf("%d rows, want %d", len(rows), len(want.Rows))
			}
			return ""
		}
		d, err := tpch.Compare(want, tpch.Answer{Schema: want.Schema, Rows: rows}, nil)
		if err != nil {
			return err.Error()
		}
		return d
	}
	return j, nil
}

const (
	columns = "id BIGINT, sensor_id STRING, temperature DOUBLE, humidity DOUBLE, ts STRING"
	group   = "SELECT sensor_id, count(*) AS n, avg(temperature) AS mean, max(humidity) AS wettest FROM %s GROUP BY sensor_id ORDER BY sensor_id"
)

// filesJob reads the folder of readings.
func filesJob(folder string, r readings) *job {
	j := &job{name: "files", title: fmt.Sprintf("group-by over %d JSON records in files", r.n), queries: []string{"group-by"}, aim: 5, check: r.check}
	ours := work{
		Setup:   []string{fmt.Sprintf("CREATE TEMPORARY VIEW readings (%s) USING json OPTIONS (path '%s')", columns, folder)},
		Queries: []string{fmt.Sprintf(group, "readings")},
	}
	theirs := work{Queries: []string{fmt.Sprintf(group, fmt.Sprintf("read_json('%s/*.json', format = 'newline_delimited', "+
		"columns = {id: 'BIGINT', sensor_id: 'VARCHAR', temperature: 'DOUBLE', humidity: 'DOUBLE', ts: 'VARCHAR'})", folder))}}
	j.work = map[string]work{azud: ours, spark: ours, duckdb: theirs}
	return j
}

// topicJob reads a topic: Azud the log in its folder, Spark through Azud's broker.
func topicJob(server string, r readings) *job {
	j := &job{name: "topic", title: fmt.Sprintf("group-by over %d JSON records in a topic", r.n), queries: []string{"group-by"}, aim: 5, check: r.check}
	j.work = map[string]work{
		azud: {
			Setup:   []string{fmt.Sprintf("CREATE TEMPORARY VIEW readings (%s) USING kafka OPTIONS (subscribe '%s', format 'json')", columns, topic)},
			Queries: []string{fmt.Sprintf(group, "readings")},
		},
		spark: {
			Setup: []string{fmt.Sprintf("CREATE TEMPORARY VIEW raw USING kafka OPTIONS (`kafka.bootstrap.servers` '%s', subscribe '%s')", server, topic),
				fmt.Sprintf("CREATE TEMPORARY VIEW readings AS SELECT r.* FROM (SELECT from_json(CAST(value AS STRING), '%s') AS r FROM raw)", columns)},
			Queries: []string{fmt.Sprintf(group, "readings")},
		},
	}
	return j
}
