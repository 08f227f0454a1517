// Command azud runs real-time data pipelines: a Kafka-compatible broker, Spark SQL flows
// and a web console in one process.
package main

import (
	"os"
	_ "time/tzdata" // time zones also where the system has none (Windows)

	"github.com/azud/azud/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[0], os.Args[1:])) }
