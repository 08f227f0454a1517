package alert

import (
	"context"
	"path/filepath"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// Connector is the registry's entry.
func Connector() *connector.Connector {
	open := &locks{}
	c := &connector.Connector{
		Name: "alert",
		Doc:  "Writes each row as a text made from a template, to a file and to the console.",
		Options: []connector.Option{
			{Name: "template", Kind: connector.Text, Required: true, Doc: "the text of an alert: {column} is a value, {{ a brace; " +
				"{fill} stretches a line to the width of the longest one with spaces, {fill ═} with another character, {fill ═ 40} to at least 40 of them"},
			{Name: "file", Kind: connector.Text, Doc: "file to append to; relative to the working directory"},
			{Name: "console", Kind: connector.Bool, Default: "true", Doc: "print alerts as well"},
		},
	}
	c.Sink = func(_ context.Context, env connector.Env, t connector.Table) (connector.Sink, error) {
		tpl, err := parseTemplate(c.Text(t.Options, "template"))
		if err != nil {
			return nil, errs.Wrap(err, "INVALID_OPTION", "table %s: template", t.Name)
		}
		s := &sink{env: env, locks: open, tpl: tpl, console: c.Bool(t.Options, "console")}
		if s.file = c.Text(t.Options, "file"); s.file != "" && !filepath.IsAbs(s.file) {
			s.file = filepath.Join(env.Sys.Dir, s.file)
		}
		if s.file != "" {
			s.file = filepath.Clean(s.file) // one name, one lock
		}
		if s.file == "" && !s.console {
			return nil, errs.New("MISSING_OPTION", "table %s: alerts would go nowhere", t.Name).
				WithHint("give a file, or console 'true'")
		}
		return s, nil
	}
	return c
}
