package main

import (
	"fmt"
	"math"
	"time"
)

const (
	line      = "%-14s %10s %10s %10s %12s %12s\n"
	memoryAim = 10 // times less than Spark
)

// print shows the peers beside each other, and whether the aims are met.
func (j *job) print(found map[string]*figures) {
	head := func(peer, name string) string {
		if f := found[peer]; f != nil && f.version != "" {
			return name + " " + f.version
		}
		return name
	}
	fmt.Printf("\n%s (%s, %s)\n", j.title, head(spark, "Spark"), head(duckdb, "DuckDB"))
	fmt.Printf(line, "", "AZUD", "SPARK", "DUCKDB", "SPARK/AZUD", "AZUD/DUCKDB")
	row := func(name string, format string, value func(*figures) float64) {
		var cells []any
		of := func(peer string) float64 {
			if f := found[peer]; f != nil {
				return value(f)
			}
			return math.NaN()
		}
		for _, peer := range []string{azud, spark, duckdb} {
			cells = append(cells, show(format, of(peer)))
		}
		cells = append(cells, show("%.1f", of(spark)/of(azud)), show("%.1f", of(azud)/of(duckdb)))
		fmt.Printf(line, append([]any{name}, cells...)...)
	}
	row("whole process", "%.2f", func(f *figures) float64 { return f.process.Seconds() })
	row("until ready", "%.2f", func(f *figures) float64 { return f.ready.Seconds() })
	row("all queries", "%.2f", func(f *figures) float64 { return total(f.queries).Seconds() })
	if len(j.queries) > 1 {
		for i, name := range j.queries {
			row("  "+name, "%.3f", func(f *figures) float64 { return f.queries[i].Seconds() })
		}
		row("  geom. mean", "%.3f", geometric)
	}
	row("peak memory", "%.0f", func(f *figures) float64 { return float64(f.peak) / 1e6 })
	ours, theirs := found[azud], found[spark]
	if ours == nil || theirs == nil {
		return
	}
	aim(fmt.Sprintf("%.0f times Spark's whole process", j.aim), theirs.process.Seconds()/ours.process.Seconds(), j.aim)
	aim("a tenth of Spark's memory", float64(theirs.peak)/float64(ours.peak), memoryAim)
}

func aim(what string, got, want float64) {
	verdict := "met"
	if got < want {
		verdict = "NOT met"
	}
	fmt.Printf("aim: %s: %.1f times, %s\n", what, got, verdict)
}

func show(format string, v float64) string {
	if math.IsNaN(v) {
		return "-"
	}
	return fmt.Sprintf(format, v)
}

func total(list []time.Duration) (sum time.Duration) {
	for _, d := range list {
		sum += d
	}
	return sum
}

func geometric(f *figures) float64 {
	var logs float64
	for _, d := range f.queries {
		logs += math.Log(d.Seconds())
	}
	return math.Exp(logs / float64(len(f.queries)))
}
