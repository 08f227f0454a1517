package kafkatool

import (
	"context"
	"fmt"
	"sort"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kmsg"
)

func apiVersionsOptions() *parser {
	return newParser(bootstrapOption("the broker to connect to (required)"), commandConfigOption)
}

func runAPIVersions(ctx context.Context, r *run) error {
	o := r.opts
	if o.err != nil {
		r.errf("%s\n%s\n\n", messageOf(o.err), describe(o.err))
		return exitError(1)
	}
	if err := r.helpOrVersion("This tool helps to retrieve broker version information."); err != nil {
		return err
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return err
	}
	if err := o.need("bootstrap-server"); err != nil {
		return err
	}
	cl, err := r.admin(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	resp, err := metadata(ctx, cl)
	if err != nil {
		return err
	}
	for _, b := range resp.Brokers {
		rack := "null"
		if b.Rack != nil {
			rack = *b.Rack
		}
		r.printf("%s:%d (id: %d rack: %s isFenced: false) -> ", b.Host, b.Port, b.NodeID, rack)
		req := kmsg.NewPtrApiVersionsRequest()
		req.ClientSoftwareName, req.ClientSoftwareVersion = "azud", Version
		answer, err := cl.Broker(int(b.NodeID)).Request(ctx, req)
		versions, ok := answer.(*kmsg.ApiVersionsResponse)
		if err == nil && ok {
			err = apiError(versions.ErrorCode, nil)
		}
		if err != nil {
			r.printf("ERROR: %s\n", messageOf(err))
			continue
		}
		r.printf("%s\n", versionTable(versions.ApiKeys))
	}
	return nil
}

// Requests that only clients' telemetry uses: Kafka lists them where a broker does not speak them.
var telemetryKeys = []int16{71, 72}

// Names of APIs that the client library spells differently from Kafka.
var apiNames = map[int16]string{
	17: "SaslHandshake", 22: "InitProducerId", 29: "DescribeAcls", 30: "CreateAcls", 31: "DeleteAcls", 36: "SaslAuthenticate",
	45: "AlterPartitionReassignments", 50: "DescribeUserScramCredentials", 51: "AlterUserScramCredentials",
}

func apiName(key int16) string {
	if n, ok := apiNames[key]; ok {
		return n
	}
	return kmsg.NameForKey(key)
}

// versionTable lists APIs with the versions that the broker speaks and the newest that this client does too.
func versionTable(keys []kmsg.ApiVersionsResponseApiKey) string {
	lines := map[int16]string{}
	for _, k := range telemetryKeys {
		lines[k] = fmt.Sprintf("%s(%d): UNSUPPORTED", apiName(k), k)
	}
	for _, k := range keys {
		name := apiName(k.ApiKey)
		text := strconv.Itoa(int(k.MinVersion))
		if k.MaxVersion > k.MinVersion {
			text += fmt.Sprintf(" to %d", k.MaxVersion)
		}
		req := kmsg.RequestForKey(k.ApiKey)
		switch {
		case req == nil:
			name = "UNKNOWN"
		case req.MaxVersion() < k.MinVersion:
			text += " [unusable: node too new]"
		default:
			text += fmt.Sprintf(" [usable: %d]", min(req.MaxVersion(), k.MaxVersion))
		}
		lines[k.ApiKey] = fmt.Sprintf("%s(%d): %s", name, k.ApiKey, text)
	}
	order := make([]int, 0, len(lines))
	for k := range lines {
		order = append(order, int(k))
	}
	sort.Ints(order)
	words := make([]string, len(order))
	for i, k := range order {
		words[i] = lines[int16(k)]
	}
	return "(\n\t" + strings.Join(words, ",\n\t") + "\n)"
}

// clusterActions are what kafka-cluster does; it reads its command line by rules of its own.
var clusterActions = []string{"cluster-id", "list-endpoints"}

func clusterOptions() *parser {
	return newParser(
		bootstrapOption("the broker to connect to"), commandConfigOption,
		option{name: "config", arg: required, what: "file", help: "the old name of --command-config"},
		option{name: "include-fenced-brokers", help: "with list-endpoints: also brokers that are fenced"},
	)
}

func runCluster(ctx context.Context, r *run) error {
	var action string
	args := r.opts.args
	if len(args) > 0 && !strings.HasPrefix(args[0], "-") {
		action, args = args[0], args[1:]
	}
	if action == "" || r.opts.has("help") {
		r.clusterUsage()
		return exitError(map[bool]int{true: 0, false: 1}[r.opts.has("help")])
	}
	if action != clusterActions[0] && action != clusterActions[1] {
		r.errf("kafka-cluster: error: invalid choice: '%s' (choose from 'cluster-id', 'list-endpoints')\n", action)
		return exitError(1)
	}
	r.opts = r.opts.parser.parse(longNames(args))
	if r.opts.err != nil {
		return r.opts.err
	}
	if r.opts.has("config") && r.opts.has("command-config") {
		return runtimeError("--config and --command-config cannot be specified together.")
	}
	if r.opts.has("config") {
		r.printf("Option --config has been deprecated and will be removed in a future version. Use --command-config instead.\n")
		r.opts.values["command-config"] = r.opts.values["config"]
	}
	if err := r.defaultBootstrap(ctx); err != nil {
		return err
	}
	if !r.opts.has("bootstrap-server") {
		r.errf("kafka-cluster: error: one of the arguments --bootstrap-server/-b --bootstrap-controller/-C is required\n")
		return exitError(1)
	}
	return r.describeCluster(ctx, action)
}

func longNames(args []string) []string {
	out := append([]string(nil), args...)
	for i, a := range out {
		switch a {
		case "-b":
			out[i] = "--bootstrap-server"
		case "-c":
			out[i] = "--command-config"
		}
	}
	return out
}

func (r *run) clusterUsage() {
	r.printf("usage: kafka-cluster [-h] {%s} ...\n\n", strings.Join(clusterActions, ","))
	r.printf("  cluster-id      print the id of the cluster\n  list-endpoints  print the addresses of its brokers\n\n%s", r.opts.parser.usage())
}

func (r *run) describeCluster(ctx context.Context, action string) error {
	cl, err := r.admin(ctx)
	if err != nil {
		return err
	}
	defer cl.Close()
	req := kmsg.NewPtrDescribeClusterRequest()
	req.IncludeFencedBrokers = r.opts.has("include-fenced-brokers")
	resp, err := ask[*kmsg.DescribeClusterResponse](ctx, cl, req)
	if err == nil {
		err = apiError(resp.ErrorCode, resp.ErrorMessage)
	}
	if err != nil {
		return err
	}
	if action == "cluster-id" {
		r.printf("Cluster ID: %s\n", resp.ClusterID)
		return nil
	}
	host, rack := 0, 10
	racked := 0
	for _, b := range resp.Brokers {
		host = max(host, len(b.Host))
		if b.Rack != nil {
			racked = max(racked, len(*b.Rack))
		}
	}
	if racked > 0 {
		rack = racked
	}
	r.printf("%-10s %-*s %-10s %-*s %-10s %-15s\n", "ID", host, "HOST", "PORT", rack, "RACK", "STATE", "ENDPOINT_TYPE")
	for _, b := range resp.Brokers {
		place, state := "null", "unfenced"
		if b.Rack != nil {
			place = *b.Rack
		}
		if b.IsFenced {
			state = "fenced"
		}
		r.printf("%-10d %-*s %-10d %-*s %-10s %-15s\n", b.NodeID, host, b.Host, b.Port, rack, place, state, "broker")
	}
	return nil
}
