package engine

import (
	"slices"
	"strings"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/connector/alert"
	"github.com/azud/azud/internal/connector/console"
	"github.com/azud/azud/internal/connector/file"
	"github.com/azud/azud/internal/connector/http"
	"github.com/azud/azud/internal/connector/kafka"
	"github.com/azud/azud/internal/connector/memory"
	"github.com/azud/azud/internal/connector/postgres"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/fn"
	"github.com/azud/azud/internal/functions"
)

// Connectors is the explicit list of all connectors; live tables are kept in the hub, topics of
// tables that name no servers in home, which may be nil.
func Connectors(hub *memory.Hub, home kafka.Embedded, version string) []*connector.Connector {
	return append([]*connector.Connector{
		alert.Connector(),
		console.Connector(),
		http.Connector(version),
		kafka.Connector(home),
		memory.Connector(hub),
		postgres.Connector(),
	}, file.Connectors()...)
}

// registry finds connectors by name.
type registry []*connector.Connector

func (r registry) find(name string) (*connector.Connector, error) {
	i := slices.IndexFunc(r, func(c *connector.Connector) bool { return strings.EqualFold(c.Name, name) })
	if i >= 0 {
		return r[i], nil
	}
	var names []string
	for _, c := range r {
		names = append(names, c.Name)
	}
	e := errs.New("DATA_SOURCE_NOT_FOUND", "there is no connector %q", name).State("42K02")
	if near := errs.Near(name, names); len(near) > 0 {
		return nil, e.WithHint("did you mean %s?", strings.Join(near, ", "))
	}
	return nil, e.WithHint("the connectors are %s", strings.Join(names, ", "))
}

// functionTable is all functions.
func functionTable() *fn.Registry { return functions.Registry() }
