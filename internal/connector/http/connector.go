package http

import (
	"context"

	"github.com/azud/azud/internal/connector"
)

// Connector is the registry's entry. version goes into the User-Agent.
func Connector(version string) *connector.Connector {
	c := &connector.Connector{
		Name: "http",
		Doc:  "Polls a URL that answers with JSON; each row comes once.",
		Options: []connector.Option{
			{Name: "url", Kind: connector.URL, Required: true, Doc: "what to poll, http or https"},
			{Name: "interval", Kind: connector.Duration, Positive: true, Default: "30 seconds", Doc: "time between polls"},
			{Name: "timeout", Kind: connector.Duration, Positive: true, Default: "10 seconds", Doc: "for one poll, body included"},
			{Name: "format", Kind: connector.Choice, Values: []string{"json"}, Default: "json", Doc: "of the body"},
			{Name: "rows", Kind: connector.Text, Doc: "where the array of rows is in the body, e.g. features or data.items; default: the body itself"},
			{Name: "key", Kind: connector.Text, Doc: "column that identifies a row: one seen before is left out"},
			{Name: "keyRetention", Kind: connector.Duration, Default: "30 days", Doc: "how long a key is remembered after the URL last gave it; " +
				"over a restart, after it came new: a row that is in the body for longer comes once more"},
			{Name: "maxBytes", Kind: connector.Number, Default: "67108864", Doc: "a longer body is refused"},
		},
	}
	c.Source = func(ctx context.Context, env connector.Env, t connector.Table) (connector.Source, error) {
		return newSource(ctx, c, env, t, version)
	}
	return c
}
