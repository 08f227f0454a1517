package kafkatool

import (
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	topicType, clientType, userType, brokerType = "topics", "clients", "users", "brokers"
	ipType, metricsType, groupType, loggerType  = "ips", "client-metrics", "groups", "broker-loggers"
)

var entityTypes = []string{topicType, clientType, userType, brokerType, ipType, metricsType, groupType, loggerType}

// Options that name an entity of a type, in the order in which Kafka's tool looks at them.
var entityFlags = [][2]string{
	{"topic", topicType}, {"client", clientType}, {"user", userType}, {"broker", brokerType},
	{"broker-logger", loggerType}, {"ip", ipType}, {"client-metrics", metricsType}, {"group", groupType},
}

var defaultFlags = [][2]string{{"client-defaults", clientType}, {"user-defaults", userType}, {"broker-defaults", brokerType}, {"ip-defaults", ipType}}

func configsOptions() *parser {
	list := []option{
		bootstrapOption("the brokers to connect to"), commandConfigOption,
		{name: "bootstrap-controller", arg: required, what: "HOST:PORT,...", help: "the controllers to connect to, instead of brokers"},
		{name: "alter", help: "change configs"},
		{name: "describe", help: "show configs"},
		{name: "all", help: "with --describe: all configs, not only those that were set for the entity"},
		{name: "entity-type", arg: required, help: "what has the configs: topics, clients, users, brokers, broker-loggers, ips, client-metrics or groups"},
		{name: "entity-name", arg: required, help: "its name or id"},
		{name: "entity-default", help: "the default for all clients, users, brokers or ips"},
		{name: "add-config", arg: required, help: "configs to set: k1=v1,k2=[v1,v2],k3=v3"},
		{name: "add-config-file", arg: required, help: "a properties file with configs to set"},
		{name: "delete-config", arg: required, separator: ",", help: "configs to remove: k1,k2"},
	}
	for _, f := range entityFlags {
		list = append(list, option{name: f[0], arg: required, help: "short for --entity-type " + f[1] + " --entity-name"})
	}
	for _, f := range defaultFlags {
		list = append(list, option{name: f[0], help: "short for --entity-type " + f[1] + " --entity-default"})
	}
	return newParser(list...)
}

// configTool is a run of kafka-configs. types and names belong together one by one.
type configTool struct {
	*run
	cl           *kgo.Client
	types, names []string // a name of "" is the default
}

func runConfigs(ctx context.Context, r *run) error {
	err := r.configs(ctx)
	var usage usageError
	var exit exitError
	if err == nil || errors.As(err, &usage) || errors.As(err, &exit) {
		return err
	}
	switch j := asJava(err); j.class {
	case "java.lang.IllegalArgumentException", errorPackage + "InvalidConfigurationException", errorPackage + "UnsupportedVersionException":
		r.errf("%s\n", j.text)
	default:
		if strings.HasPrefix(j.class, "joptsimple.") {
			r.errf("%s\n", j.text)
			break
		}
		r.errf("Error while executing config command with args '%s'\n%s\n", strings.Join(r.opts.args, " "), describe(j))
	}
	return exitError(1)
}

func (r *run) configs(ctx context.Context) error {
	if r.opts.err != nil {
		return r.opts.err
	}
	if err := r.helpOrVersion("This tool helps to manipulate and describe entity config for a topic, client, user, broker, ip, client-metrics or group"); err != nil {
		return err
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return err
	}
	c := &configTool{run: r, types: entityTypesOf(r.opts), names: entityNamesOf(r.opts)}
	if err := c.check(); err != nil {
		return err
	}
	if r.opts.has("bootstrap-controller") {
		return &javaError{class: errorPackage + "UnsupportedVersionException", text: "--bootstrap-controller is not supported: name a broker with --bootstrap-server"}
	}
	if r.opts.has("alter") && len(c.types) != len(c.names) {
		return illegalArgument("An entity name must be specified for every entity type")
	}
	var err error
	if c.cl, err = r.admin(ctx); err != nil {
		return err
	}
	defer c.cl.Close()
	if r.opts.has("alter") {
		return c.alter(ctx)
	}
	return c.describe(ctx)
}

func entityTypesOf(o *options) []string {
	out := append([]string(nil), o.all("entity-type")...)
	for _, f := range append(append([][2]string(nil), entityFlags...), defaultFlags...) {
		if o.has(f[0]) {
			out = append(out, f[1])
		}
	}
	return out
}

// entityNamesOf are the names in the order given, "" for a default.
func entityNamesOf(o *options) []string {
	var out []string
	named := o.all("entity-name")
	for _, s := range o.seen {
		switch {
		case s == "entity-name" && len(named) > 0:
			out, named = append(out, named[0]), named[1:]
		case s == "entity-default":
			out = append(out, "")
		}
	}
	for _, f := range entityFlags {
		if v := o.all(f[0]); len(v) > 0 {
			out = append(out, v[0])
		}
	}
	for _, f := range defaultFlags {
		if o.has(f[0]) {
			out = append(out, "")
		}
	}
	return out
}

func (c *configTool) check() error {
	o := c.opts
	if o.count("alter", "describe") != 1 {
		return usageError("Command must include exactly one action: --describe, --alter")
	}
	if err := o.conflict("describe", "alter", "add-config", "delete-config"); err != nil {
		return err
	}
	if again := repeated(c.types); len(again) > 0 {
		return illegalArgument("Duplicate entity type(s) specified: " + strings.Join(again, ","))
	}
	if !o.any("bootstrap-server", "bootstrap-controller") {
		return illegalArgument("Either --bootstrap-server or --bootstrap-controller must be specified.")
	}
	for _, t := range c.types {
		if !contains(entityTypes, t) {
			return illegalArgument(fmt.Sprintf("Invalid entity type %s, the entity type must be one of %s with a --bootstrap-server or --bootstrap-controller argument",
				t, strings.Join(entityTypes, ", ")))
		}
	}
	switch {
	case len(c.types) == 0:
		return illegalArgument("At least one entity type must be specified")
	case len(c.types) > 1 && !(len(c.types) == 2 && contains(c.types, userType) && contains(c.types, clientType)):
		return illegalArgument("Only 'users' and 'clients' entity types may be specified together")
	case o.any("entity-name", "entity-type", "entity-default") && o.any(flagNames()...):
		return illegalArgument("--entity-{type,name,default} should not be used in conjunction with specific entity flags")
	case o.has("bootstrap-server") && o.has("bootstrap-controller"):
		return illegalArgument("Only one of --bootstrap-server or --bootstrap-controller can be specified")
	}
	return firstError(c.checkNames(), c.checkDescribe(), c.checkAlter())
}

func flagNames() []string {
	var out []string
	for _, f := range append(append([][2]string(nil), entityFlags...), defaultFlags...) {
		out = append(out, f[0])
	}
	return out
}

// repeated are the words that come again.
func repeated(list []string) (again []string) {
	for i, s := range list {
		if contains(list[:i], s) {
			again = append(again, s)
		}
	}
	return again
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

func (c *configTool) named() bool {
	for _, n := range c.names {
		if n != "" {
			return true
		}
	}
	return false
}

func (c *configTool) checkNames() error {
	if !c.named() {
		return nil
	}
	values := func(options ...string) (out []string) {
		for _, name := range options {
			out = append(out, c.opts.all(name)...)
		}
		return out
	}
	if contains(c.types, brokerType) || contains(c.types, loggerType) {
		for _, id := range values("entity-name", "broker", "broker-logger") {
			if _, err := strconv.ParseInt(id, 10, 32); err != nil {
				return illegalArgument(fmt.Sprintf("The entity name for %s must be a valid integer broker id, but it is: %s", c.types[0], id))
			}
		}
	}
	if contains(c.types, ipType) {
		for _, ip := range values("entity-name", "ip") {
			if net.ParseIP(ip) == nil {
				return illegalArgument(fmt.Sprintf("The entity name for %s must be a valid IP or resolvable host, but it is: %s", c.types[0], ip))
			}
		}
	}
	return nil
}

// hasDefaults says that one of the types has a default for all its entities.
func (c *configTool) hasDefaults() bool {
	for _, t := range []string{userType, clientType, brokerType, ipType} {
		if contains(c.types, t) {
			return true
		}
	}
	return false
}

func (c *configTool) checkDescribe() error {
	switch types := strings.Join(c.types, ","); {
	case !c.opts.has("describe"):
	case !c.hasDefaults() && c.opts.has("entity-default"):
		return illegalArgument("--entity-default must not be specified with --describe of " + types)
	case contains(c.types, loggerType) && !c.named():
		return illegalArgument("An entity name must be specified with --describe of " + types)
	}
	return nil
}

func (c *configTool) checkAlter() error {
	o := c.opts
	switch {
	case !o.has("alter"):
	case c.hasDefaults() && len(c.names) == 0:
		return illegalArgument("An entity-name or default entity must be specified with --alter of users, clients, brokers or ips")
	case !c.hasDefaults() && !c.named():
		return illegalArgument("An entity name must be specified with --alter of " + strings.Join(c.types, ","))
	case o.has("add-config") && o.has("add-config-file"):
		return illegalArgument("Only one of --add-config or --add-config-file must be specified")
	case !o.any("add-config", "add-config-file", "delete-config"):
		return illegalArgument("At least one of --add-config, --add-config-file, or --delete-config must be specified with --alter")
	}
	return nil
}

var configKey = regexp.MustCompile(`^[$a-zA-Z0-9._-]*$`)

// toAdd are the configs that --add-config and --add-config-file set.
func (c *configTool) toAdd() (Properties, error) {
	p, err := c.properties("add-config-file")
	if err != nil {
		return nil, err
	}
	text, err := c.opts.value("add-config")
	if err != nil {
		return nil, err
	}
	if c.opts.has("add-config") {
		for _, pair := range splitOutside(text, ',') {
			kv := splitOutside(pair, '=')
			if len(kv) != 2 {
				return nil, illegalArgument(`requirement failed: Invalid entity config: all configs to be added must be in the format "key=val" or  "key=[val1,val2]" to group values which contain commas.`)
			}
			p[strings.TrimSpace(kv[0])] = strings.TrimSpace(strings.NewReplacer("[", "", "]", "").Replace(kv[1]))
		}
	}
	for _, key := range sortedKeys(p) {
		if !configKey.MatchString(key) {
			return nil, illegalArgument("Invalid character found for config key: " + key)
		}
	}
	return p, nil
}

// splitOutside splits at a separator that is not in square brackets: one after which a '[', or nothing, comes
// before the next ']'.
func splitOutside(s string, sep byte) []string {
	var out []string
	start := 0
	for i := 0; i < len(s); i++ {
		if s[i] != sep {
			continue
		}
		if next := strings.IndexAny(s[i+1:], "[]"); next >= 0 && s[i+1+next] == ']' {
			continue
		}
		out, start = append(out, s[start:i]), i+1
	}
	return append(out, s[start:])
}

func (c *configTool) toDelete() []string {
	var out []string
	for _, k := range c.opts.all("delete-config") {
		out = append(out, strings.TrimSpace(k))
	}
	return out
}
