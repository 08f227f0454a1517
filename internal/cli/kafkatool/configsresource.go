package kafkatool

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

var resourceTypes = map[string]kmsg.ConfigResourceType{
	topicType: kmsg.ConfigResourceTypeTopic, brokerType: kmsg.ConfigResourceTypeBroker, loggerType: kmsg.ConfigResourceTypeBrokerLogger,
	metricsType: kmsg.ConfigResourceTypeClientMetrics, groupType: kmsg.ConfigResourceTypeGroupConfig,
}

// Kafka's names of the places a config comes from (ConfigEntry.ConfigSource), by their codes.
var sourceNames = map[kmsg.ConfigSource]string{
	1: "DYNAMIC_TOPIC_CONFIG", 2: "DYNAMIC_BROKER_CONFIG", 3: "DYNAMIC_DEFAULT_BROKER_CONFIG", 4: "STATIC_BROKER_CONFIG",
	5: "DEFAULT_CONFIG", 6: "DYNAMIC_BROKER_LOGGER_CONFIG", 7: "DYNAMIC_CLIENT_METRICS_CONFIG", 8: "DYNAMIC_GROUP_CONFIG",
}

func sourceName(s kmsg.ConfigSource) string {
	if n, ok := sourceNames[s]; ok {
		return n
	}
	return "UNKNOWN"
}

func (c *configTool) alter(ctx context.Context) error {
	add, err := c.toAdd()
	if err != nil {
		return err
	}
	remove := c.toDelete()
	switch t := c.types[0]; t {
	case topicType, metricsType, brokerType, groupType:
		err = c.alterResource(ctx, add, remove)
	case loggerType:
		err = c.alterLoggers(ctx, add, remove)
	case userType, clientType:
		err = c.alterUsers(ctx, add, remove)
	default:
		err = c.alterIPs(ctx, add, remove)
	}
	if err != nil {
		return err
	}
	if name := c.names[0]; name != "" {
		c.printf("Completed updating config for %s %s.\n", singular(c.types[0]), name)
	} else {
		c.printf("Completed updating default config for %s in the cluster.\n", c.types[0])
	}
	return nil
}

func singular(entityType string) string { return entityType[:len(entityType)-1] }

const (
	opSet    = kmsg.IncrementalAlterConfigOpSet
	opDelete = kmsg.IncrementalAlterConfigOpDelete
)

func (c *configTool) alterResource(ctx context.Context, add Properties, remove []string) error {
	req := kmsg.NewPtrIncrementalAlterConfigsRequest()
	res := kmsg.NewIncrementalAlterConfigsRequestResource()
	res.ResourceType, res.ResourceName = resourceTypes[c.types[0]], c.names[0]
	op := func(name string, op kmsg.IncrementalAlterConfigOp, value *string) {
		cfg := kmsg.NewIncrementalAlterConfigsRequestResourceConfig()
		cfg.Name, cfg.Op, cfg.Value = name, op, value
		res.Configs = append(res.Configs, cfg)
	}
	for _, name := range remove {
		op(name, opDelete, nil)
	}
	for _, name := range sortedKeys(add) {
		op(name, opSet, kmsg.StringPtr(add[name]))
	}
	req.Resources = append(req.Resources, res)
	resp, err := ask[*kmsg.IncrementalAlterConfigsResponse](ctx, c.cl, req)
	if err != nil {
		return err
	}
	for _, r := range resp.Resources {
		if err := apiError(r.ErrorCode, r.ErrorMessage); err != nil {
			return executionError(err)
		}
	}
	return nil
}

func (c *configTool) alterLoggers(ctx context.Context, add Properties, remove []string) error {
	have, err := c.entries(ctx, c.names[0])
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, e := range have {
		known[e.Name] = true
	}
	var bad []string
	for _, name := range append(append([]string(nil), remove...), sortedKeys(add)...) {
		if !known[name] {
			bad = append(bad, name)
		}
	}
	if len(bad) > 0 {
		return &javaError{class: errorPackage + "InvalidConfigurationException", text: "Invalid broker logger(s): " + strings.Join(bad, ",")}
	}
	return c.alterResource(ctx, add, remove)
}

func (c *configTool) describe(ctx context.Context) error {
	switch c.types[0] {
	case userType, clientType:
		if err := c.describeQuotas(ctx); err != nil {
			return err
		}
		return c.describeScram(ctx)
	case ipType:
		return c.describeQuotas(ctx)
	}
	names := c.names
	if len(names) > 0 {
		names = names[:1]
		if known, err := c.known(ctx, names[0]); err != nil {
			return err
		} else if !known {
			c.printf("The %s '%s' doesn't exist and doesn't have dynamic config.\n", singular(c.types[0]), names[0])
			return nil
		}
	} else {
		var err error
		if names, err = c.allNames(ctx); err != nil {
			return err
		}
	}
	for _, name := range names {
		if err := c.describeEntity(ctx, name); err != nil {
			return err
		}
	}
	return nil
}

func (c *configTool) describeEntity(ctx context.Context, name string) error {
	entries, err := c.entries(ctx, name)
	if err != nil {
		return err
	}
	switch t := c.types[0]; {
	case name == "":
		c.printf("Default configs for %s in the cluster are:\n", t)
	case c.opts.has("all"):
		c.printf("All configs for %s %s are:\n", singular(t), name)
	default:
		c.printf("Dynamic configs for %s %s are:\n", singular(t), name)
	}
	for _, e := range entries {
		var synonyms []string
		for _, s := range e.ConfigSynonyms {
			synonyms = append(synonyms, fmt.Sprintf("%s:%s=%s", sourceName(s.Source), s.Name, orNull(s.Value)))
		}
		c.printf("  %s=%s sensitive=%v synonyms={%s}\n", e.Name, orNull(e.Value), e.IsSensitive, strings.Join(synonyms, ", "))
	}
	return nil
}

func orNull(s *string) string {
	if s == nil {
		return "null"
	}
	return *s
}

// known says whether an entity exists; with --all, and for defaults, the broker says that itself.
func (c *configTool) known(ctx context.Context, name string) (bool, error) {
	if c.opts.has("all") || name == "" {
		return true, nil
	}
	if c.types[0] == topicType {
		if err := checkTopicName(name); err != nil {
			return false, err
		}
	}
	names, err := c.allNames(ctx)
	return contains(names, name), err
}

// checkTopicName is Kafka's rule for names of topics (org.apache.kafka.common.internals.Topic).
func checkTopicName(name string) error {
	why := ""
	switch {
	case name == "":
		why = "the empty string is not allowed"
	case name == "." || name == "..":
		why = "'" + name + "' is not allowed"
	case len(name) > 249:
		why = fmt.Sprintf("the length of '%s' is longer than the max allowed length 249", name)
	case !configKey.MatchString(name) || strings.Contains(name, "$"):
		why = fmt.Sprintf("'%s' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'", name)
	}
	if why == "" {
		return nil
	}
	return &javaError{class: errorPackage + "InvalidTopicException", text: "Topic name is invalid: " + why}
}

// allNames are the names of all entities of the type, in the order in which Kafka's tool shows them.
func (c *configTool) allNames(ctx context.Context) ([]string, error) {
	switch c.types[0] {
	case topicType:
		names, err := listTopics(ctx, c.cl, true)
		return hashOrder(names, defaultCapacity, stringHash), err
	case brokerType, loggerType:
		resp, err := metadata(ctx, c.cl)
		if err != nil {
			return nil, err
		}
		var names []string
		for _, b := range resp.Brokers {
			names = append(names, strconv.Itoa(int(b.NodeID)))
		}
		return append(names, ""), nil
	case groupType:
		return c.groupNames(ctx)
	}
	return c.resourceNames(ctx, kmsg.ConfigResourceTypeClientMetrics)
}

// groupNames are the groups that exist and those that have configs.
func (c *configTool) groupNames(ctx context.Context) ([]string, error) {
	resp, err := ask[*kmsg.ListGroupsResponse](ctx, c.cl, kmsg.NewPtrListGroupsRequest())
	if err != nil {
		return nil, err
	}
	names, err := c.resourceNames(ctx, kmsg.ConfigResourceTypeGroupConfig)
	if err != nil && !isUnsupported(err) {
		return nil, err
	}
	for _, g := range resp.Groups {
		names = append(names, g.Group)
	}
	names = unique(names)
	sort.Strings(names)
	return names, nil
}

func (c *configTool) resourceNames(ctx context.Context, t kmsg.ConfigResourceType) ([]string, error) {
	req := kmsg.NewPtrListConfigResourcesRequest()
	req.ResourceTypes = []int8{int8(t)}
	resp, err := ask[*kmsg.ListConfigResourcesResponse](ctx, c.cl, req)
	if err == nil {
		err = apiError(resp.ErrorCode, nil)
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, r := range resp.ConfigResources {
		names = append(names, r.Name)
	}
	return names, nil
}

// dynamicSource is where a config comes from that was set for an entity itself; 0 for all.
func (c *configTool) dynamicSource(name string) kmsg.ConfigSource {
	switch {
	case c.opts.has("all"):
		return 0
	case c.types[0] == topicType:
		return kmsg.ConfigSourceDynamicTopicConfig
	case c.types[0] == brokerType && name == "":
		return kmsg.ConfigSourceDynamicDefaultBrokerConfig
	case c.types[0] == brokerType:
		return kmsg.ConfigSourceDynamicBrokerConfig
	case c.types[0] == metricsType:
		return kmsg.ConfigSourceClientMetricsConfig
	case c.types[0] == groupType:
		return kmsg.ConfigSourceGroupConfig
	}
	return 0
}

// entries are the configs of an entity that are to be shown, by name.
func (c *configTool) entries(ctx context.Context, name string) ([]kmsg.DescribeConfigsResponseResourceConfig, error) {
	req := kmsg.NewPtrDescribeConfigsRequest()
	req.IncludeSynonyms = true
	res := kmsg.NewDescribeConfigsRequestResource()
	res.ResourceType, res.ResourceName = resourceTypes[c.types[0]], name
	req.Resources = append(req.Resources, res)
	resp, err := ask[*kmsg.DescribeConfigsResponse](ctx, c.cl, req)
	if err != nil {
		return nil, err
	}
	source := c.dynamicSource(name)
	var out []kmsg.DescribeConfigsResponseResourceConfig
	for _, r := range resp.Resources {
		if err := apiError(r.ErrorCode, r.ErrorMessage); err != nil {
			return nil, executionError(err)
		}
		for _, e := range r.Configs {
			if source == 0 || e.Source == source {
				out = append(out, e)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}
