package broker

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/log"
	"github.com/azud/azud/internal/sys"
)

// Env is what the KAFKA_* variables ask for, as the apache/kafka image understands them.
type Env struct {
	Listeners         []Listener // nil if there is no variable about them
	NodeID            int32      // 0 if not given
	ClusterID         string
	NoAutoCreate      bool
	DefaultPartitions int // 0 if not given
	// Settings are all settings of the broker that were given, by Kafka's name.
	Settings map[string]string
	// Topics are those of them that are defaults of topics, by the topic setting's name.
	Topics map[string]string
	// Warnings say which variables have no effect although one might count on it.
	Warnings []string
}

// FromEnv reads the KAFKA_* variables and CLUSTER_ID. Those that mean nothing on a single
// node are passed over; those that nobody knows get a warning. The error is for a person.
func FromEnv(s *sys.Sys) (Env, error) {
	e := Env{Settings: envSettings(s), Topics: map[string]string{}}
	if id, ok := s.Env("CLUSTER_ID"); ok {
		e.ClusterID = id
	}
	if id := e.Settings["cluster.id"]; id != "" {
		e.ClusterID = id
	}
	for _, name := range slices.Sorted(maps.Keys(e.Settings)) {
		e.warn(name)
	}
	if err := e.numbers(); err != nil {
		return e, err
	}
	if err := e.topicDefaults(); err != nil {
		return e, err
	}
	if err := e.listeners(s); err != nil {
		return e, err
	}
	if dirs := cmp.Or(e.Settings["log.dirs"], e.Settings["log.dir"]); dirs != "" {
		if first, _, several := strings.Cut(dirs, ","); several {
			e.Warnings = append(e.Warnings, "KAFKA_LOG_DIRS names several folders; only "+strings.TrimSpace(first)+" is used")
		}
	}
	return e, nil
}

// envSettings are the variables by the settings' names: KAFKA_LOG_RETENTION_MS is
// log.retention.ms; two underscores stand for one, three for a hyphen.
func envSettings(s *sys.Sys) map[string]string {
	out := map[string]string{}
	if s.Environ == nil {
		return out
	}
	for _, v := range s.Environ() {
		name, value, _ := strings.Cut(v, "=")
		rest, ok := strings.CutPrefix(name, "KAFKA_")
		if !ok || rest == "" || notSettings(rest) {
			continue
		}
		rest = strings.ReplaceAll(rest, "___", "-")
		rest = strings.ReplaceAll(rest, "__", "\x00")
		rest = strings.ReplaceAll(strings.ToLower(rest), "_", ".")
		out[strings.ReplaceAll(rest, "\x00", "_")] = value
	}
	return out
}

// notSettings tells variables that the image's scripts read, and those that Kubernetes sets
// for a service called kafka.
func notSettings(name string) bool {
	switch name {
	case "VERSION", "HEAP_OPTS", "OPTS", "JMX_OPTS", "JMX_PORT", "JMX_HOSTNAME", "JVM_PERFORMANCE_OPTS", "GC_LOG_OPTS",
		"DEBUG", "HOME", "PORT", "USER", "SERVICE_HOST", "SERVICE_PORT":
		return true
	}
	for _, prefix := range []string{"LOG4J_", "TOOLS_LOG4J_", "PORT_", "SERVICE_PORT_", "SSL_KEYSTORE_CREDENTIALS", "SSL_KEY_CREDENTIALS", "SSL_TRUSTSTORE_CREDENTIALS"} {
		if strings.HasPrefix(name, prefix) {
			return true
		}
	}
	return false
}

// variable is the environment variable of a setting.
func variable(setting string) string {
	v := strings.ReplaceAll(setting, "_", "\x00")
	v = strings.ToUpper(strings.ReplaceAll(v, ".", "_"))
	return "KAFKA_" + strings.ReplaceAll(strings.ReplaceAll(v, "\x00", "__"), "-", "___")
}

// numbers reads what must be a number or a truth value.
func (e *Env) numbers() error {
	for _, name := range []string{"node.id", "broker.id", "num.partitions"} {
		text, given := e.Settings[name]
		if !given {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 32)
		if err != nil || n < 0 || (name == "num.partitions" && n < 1) {
			return invalidVariable(name, text, "a positive number")
		}
		if name == "num.partitions" {
			e.DefaultPartitions = int(n)
		} else {
			e.NodeID = int32(n)
		}
	}
	if text, given := e.Settings["auto.create.topics.enable"]; given {
		on, err := strconv.ParseBool(strings.ToLower(strings.TrimSpace(text)))
		if err != nil {
			return invalidVariable("auto.create.topics.enable", text, "true or false")
		}
		e.NoAutoCreate = !on
	}
	return nil
}

func invalidVariable(setting, text, want string) error {
	return errs.New("KAFKA_VARIABLE_INVALID", "%s is %q", variable(setting), text).WithHint("use %s", want)
}

// topicDefaults translates the broker's settings that are defaults of topics.
func (e *Env) topicDefaults() error {
	for _, s := range brokerTable() {
		if v, ok := e.Settings[s.name]; ok && s.topic != "" {
			if err := e.topicDefault(s.name, s.topic, v); err != nil {
				return err
			}
		}
	}
	for _, from := range []struct {
		names []string // the first one counts
		unit  []int64  // ms
		topic string
	}{
		{[]string{"log.retention.ms", "log.retention.minutes", "log.retention.hours"}, []int64{1, 60_000, 3_600_000}, "retention.ms"},
		{[]string{"log.roll.ms", "log.roll.hours"}, []int64{1, 3_600_000}, "segment.ms"},
		{[]string{"log.roll.jitter.ms", "log.roll.jitter.hours"}, []int64{1, 3_600_000}, "segment.jitter.ms"},
	} {
		for i, name := range from.names {
			text, ok := e.Settings[name]
			if !ok {
				continue
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64); err == nil && n > 0 {
				text = strconv.FormatInt(n*from.unit[i], 10)
			}
			if err := e.topicDefault(name, from.topic, text); err != nil {
				return err
			}
			break
		}
	}
	return nil
}

// topicDefault makes a broker's setting the default of a topic's.
func (e *Env) topicDefault(setting, topic, text string) error {
	text = strings.TrimSpace(text)
	if err := log.CheckSetting(topic, text); err != nil {
		return errs.Wrap(err, "KAFKA_VARIABLE_INVALID", "%s is %q", variable(setting), e.Settings[setting])
	}
	e.Topics[topic] = text
	return nil
}

// warn notes a setting that has no effect.
func (e *Env) warn(name string) {
	switch {
	case strings.HasPrefix(name, "authorizer.") || name == "super.users" || name == "allow.everyone.if.no.acl.found":
		e.Warnings = append(e.Warnings, variable(name)+" has no effect: there are no access rules; who may connect may do everything")
	case strings.HasSuffix(name, ".keystore.password") || strings.HasSuffix(name, ".key.password") || strings.HasSuffix(name, ".truststore.password"):
		e.Warnings = append(e.Warnings, variable(name)+" has no effect: keys are PEM without a password")
	case understood(name) || meaningless(name):
	default:
		line := variable(name) + " is not known and has no effect"
		if near := errs.Near(name, knownSettings()); len(near) > 0 {
			line += "; did you mean " + variable(near[0]) + "?"
		}
		e.Warnings = append(e.Warnings, line)
	}
}
