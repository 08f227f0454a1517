package cli

import (
	"os"
	"strings"

	"github.com/azud/azud/internal/errs"
)

// readEnvFile reads NAME=value lines; empty ones and those that begin with # are skipped,
// quotes around a value are taken off, "export " before a name is allowed.
func readEnvFile(path string) (map[string]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, errs.Wrap(reason(err), "ENV_FILE", "cannot read %s", path)
	}
	vars := map[string]string{}
	for n, line := range strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' {
			continue
		}
		name, value, ok := strings.Cut(strings.TrimPrefix(line, "export "), "=")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, errs.New("ENV_FILE", "%s, line %d is not NAME=value", path, n+1)
		}
		value = strings.TrimSpace(value)
		if len(value) >= 2 && (value[0] == '"' || value[0] == '\'') && value[len(value)-1] == value[0] {
			value = value[1 : len(value)-1]
		}
		vars[name] = value
	}
	return vars, nil
}
