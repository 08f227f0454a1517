package kafkatool

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"sort"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

var (
	groupActions    = []string{"list", "describe", "delete", "reset-offsets", "delete-offsets", "validate-regex"}
	resetScenarios  = []string{"to-offset", "shift-by", "to-datetime", "by-duration", "to-earliest", "to-latest", "to-current", "from-file"}
	groupSelections = []string{"group", "all-groups"}
)

func groupsOptions() *parser {
	return newParser(
		bootstrapOption("the broker to connect to (required)"), commandConfigOption,
		option{name: "group", arg: required, what: "group", help: "the consumer group; may be given more than once"},
		option{name: "topic", arg: required, what: "topic", help: "a topic, or topic:0,1,2 for some of its partitions; may be given more than once"},
		option{name: "all-topics", help: "with --reset-offsets: all topics of which the group has offsets"},
		option{name: "all-groups", help: "all consumer groups"},
		option{name: "list", help: "list the consumer groups"},
		option{name: "describe", help: "show offsets, members or state of groups"},
		option{name: "delete", help: "delete groups"},
		option{name: "timeout", arg: required, typ: "Long", what: "ms", def: "30000", help: "how long a request may take"},
		option{name: "reset-offsets", help: "set the offsets of a group without members; only shows them without --execute"},
		option{name: "delete-offsets", help: "delete the offsets of a group for topics"},
		option{name: "dry-run", help: "with --reset-offsets: show the new offsets, change nothing"},
		option{name: "execute", help: "with --reset-offsets: set the offsets"},
		option{name: "export", help: "with --reset-offsets: print the new offsets as CSV, which --from-file reads"},
		option{name: "to-offset", arg: required, typ: "Long", what: "offset", help: "reset to this offset"},
		option{name: "from-file", arg: required, what: "CSV file", help: "reset to the offsets of a file: topic,partition,offset (with several groups group, before them)"},
		option{name: "to-datetime", arg: required, what: "datetime", help: "reset to the first record at or after YYYY-MM-DDThh:mm:ss.sss"},
		option{name: "by-duration", arg: required, what: "duration", help: "reset to the first record not older than PnDTnHnMnS"},
		option{name: "to-earliest", help: "reset to the oldest record"},
		option{name: "to-latest", help: "reset to the end"},
		option{name: "to-current", help: "keep the offsets; the end where there is none"},
		option{name: "shift-by", arg: required, typ: "Long", what: "number", help: "move the offsets by so many records, back when negative"},
		option{name: "members", onlyWith: []string{"describe"}, help: "with --describe: the members"},
		option{name: "verbose", onlyWith: []string{"describe"}, help: "with --describe: more columns"},
		option{name: "offsets", onlyWith: []string{"describe"}, help: "with --describe: offsets and lag of each partition (the default)"},
		option{name: "state", arg: optional, onlyWith: []string{"describe", "list"}, help: "with --describe: the state; with --list: the states of groups, or only groups in the states given"},
		option{name: "type", arg: optional, onlyWith: []string{"list"}, help: "with --list: the types of groups, or only groups of the types given"},
		option{name: "validate-regex", arg: required, what: "regular expression", help: "check a regular expression for topics"},
	)
}

// groupTool is a run of kafka-consumer-groups that is connected.
type groupTool struct {
	*run
	cl *kgo.Client
}

func runGroups(ctx context.Context, r *run) error {
	if err := checkGroups(ctx, r); err != nil {
		return err
	}
	if r.opts.has("validate-regex") {
		return r.validateRegex()
	}
	if _, _, err := r.opts.integer("timeout", 64); err != nil {
		return usageError(messageOf(err))
	}
	cl, err := r.admin(ctx)
	if err != nil {
		return r.groupsFailed(err)
	}
	defer cl.Close()
	g := &groupTool{r, cl}
	g.awaitCoordinators(ctx)
	switch o := r.opts; {
	case o.has("list"):
		err = g.list(ctx)
	case o.has("describe"):
		err = g.describe(ctx)
	case o.has("delete"):
		err = g.delete(ctx)
	case o.has("reset-offsets"):
		err = g.reset(ctx)
	default:
		err = g.deleteOffsets(ctx)
	}
	return r.groupsFailed(err)
}

// awaitCoordinators waits for the coordinators of the groups named: in a new cluster the first
// question for one makes Kafka create the topic in which it keeps offsets.
func (g *groupTool) awaitCoordinators(ctx context.Context) {
	clock := g.env.Sys.Clock
	deadline := clock.Now().Add(patience)
	for _, id := range unique(g.opts.all("group")) {
		for clock.Now().Before(deadline) {
			err := kadm.NewClient(g.cl).FindGroupCoordinators(ctx, id)[id].Err
			if code := codeOf(err); code != kerr.CoordinatorNotAvailable.Code && code != kerr.CoordinatorLoadInProgress.Code {
				break
			}
			if clock.Sleep(ctx, 100*time.Millisecond) != nil {
				return
			}
		}
	}
}

// groupsFailed reports an error; the exit code of Kafka's tool stays 0, except after a usage error.
func (r *run) groupsFailed(err error) error {
	var usage usageError
	var exit exitError
	if err == nil || errors.As(err, &usage) || errors.As(err, &exit) {
		return err
	}
	if j := asJava(err); j.class == "java.lang.IllegalArgumentException" || strings.HasPrefix(j.class, "joptsimple.") {
		return usageError(j.text)
	}
	r.printError("Executing consumer group command failed due to " + messageOf(err))
	r.errf("%s\n", describe(err))
	return nil
}

func (r *run) printError(text string) { r.printf("\nError: %s\n", text) }

// executionError is an error as Java's futures hand it on.
func executionError(err error) error {
	if err == nil {
		return nil
	}
	return &javaError{class: "java.util.concurrent.ExecutionException", text: describe(err), code: codeOf(err)}
}

func checkGroups(ctx context.Context, r *run) error {
	o := r.opts
	if o.err != nil {
		return r.uncaught(o.err)
	}
	if err := r.helpOrVersion("This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets."); err != nil {
		return err
	}
	if !o.has("validate-regex") {
		if err := r.defaultBootstrap(ctx); err != nil {
			return err
		}
		if err := o.need("bootstrap-server"); err != nil {
			return err
		}
	}
	err := firstError(checkDescribe(o), checkDelete(o), r.checkReset(),
		o.conflict("group", "all-groups"),
		o.conflict("group", "list"),
		o.conflict("topic", "list", "describe"))
	if err != nil {
		return err
	}
	if o.count(groupActions...) != 1 {
		return usageError("Command must include exactly one action: --" + strings.Join(groupActions, ", --"))
	}
	return nil
}

func takesOneOf(name string, names []string) error {
	return usageError(fmt.Sprintf("Option [%s] takes one of these options: [%s]", name, strings.Join(names, "], [")))
}

func checkDescribe(o *options) error {
	if !o.has("describe") {
		return nil
	}
	if !o.any(groupSelections...) {
		return takesOneOf("describe", groupSelections)
	}
	if o.count("members", "offsets", "state") > 1 {
		return usageError("Option [describe] takes at most one of these options: [members], [offsets], [state]")
	}
	if len(o.all("state")) > 0 {
		return usageError("Option [describe] does not take a value for [state]")
	}
	return nil
}

func checkDelete(o *options) error {
	if o.has("delete") {
		if !o.any(groupSelections...) {
			return takesOneOf("delete", groupSelections)
		}
		if o.has("topic") {
			return usageError("The consumer does not support topic-specific offset deletion from a consumer group.")
		}
	}
	if o.has("delete-offsets") && (!o.has("group") || !o.has("topic")) {
		return usageError("Option [delete-offsets] takes the following options: [group], [topic]")
	}
	return nil
}

func (r *run) checkReset() error {
	o := r.opts
	if !o.has("reset-offsets") {
		return nil
	}
	if o.has("dry-run") && o.has("execute") {
		return usageError("Option [reset-offsets] only accepts one of [execute] and [dry-run]")
	}
	if !o.any("dry-run", "execute") {
		r.errf("WARN: No action will be performed as the --execute option is missing. " +
			"In version 5.0, this command will require either --dry-run or --execute to be specified. " +
			"You should add the --dry-run option explicitly if you are scripting this command and want to " +
			"keep the current default behavior without prompting.\n")
	}
	if !o.any(groupSelections...) {
		return takesOneOf("reset-offsets", groupSelections)
	}
	for _, s := range []string{"to-offset", "to-datetime", "by-duration", "to-earliest", "to-latest", "to-current", "shift-by", "from-file"} {
		if err := o.conflict(s, without(resetScenarios, s)...); err != nil {
			return err
		}
	}
	return nil
}

func (r *run) validateRegex() error {
	expr, err := r.opts.value("validate-regex")
	if err != nil {
		return usageError(messageOf(err))
	}
	if _, err := regexp.Compile(expr); err != nil {
		text := strings.TrimPrefix(err.Error(), "error parsing regexp: ")
		if i := strings.LastIndex(text, ": `"); i >= 0 {
			text = text[:i]
		}
		r.printf("The regular expression `%s` is invalid: %s.\n", expr, text)
		return nil
	}
	r.printf("The regular expression `%s` is valid.\n", expr)
	return nil
}

var (
	groupStates = []string{"Stable", "PreparingRebalance", "Empty", "Assigning", "Dead", "CompletingRebalance", "Reconciling"}
	groupTypes  = []string{"Consumer", "Classic"}
)

// filter reads the comma-separated value of --state or --type: nil where it has none.
func (g *groupTool) filter(option, kind, plural string, valid []string) ([]string, error) {
	text, err := g.opts.value(option)
	if err != nil || text == "" {
		return nil, err
	}
	var out []string
	for _, word := range strings.Split(text, ",") {
		found := false
		for _, v := range valid {
			if strings.EqualFold(strings.TrimSpace(word), v) {
				out, found = append(out, v), true
			}
		}
		if !found {
			return nil, illegalArgument(fmt.Sprintf("Invalid %s list '%s'. Valid %s are: %s", kind, text, plural, strings.Join(valid, ", ")))
		}
	}
	return out, nil
}

func (g *groupTool) list(ctx context.Context) error {
	withType, withState := g.opts.has("type"), g.opts.has("state")
	types, err := g.filter("type", "types", "types", groupTypes)
	if err != nil {
		return err
	}
	states, err := g.filter("state", "state", "states", groupStates)
	if err != nil {
		return err
	}
	groups, err := g.listGroups(ctx, types, states)
	if err != nil {
		return err
	}
	if !withType && !withState {
		for _, l := range groups {
			g.printf("%s\n", l.Group)
		}
		return nil
	}
	width := 15
	for _, l := range groups {
		width = max(width, len([]rune(l.Group)))
	}
	row := func(group, typ, state string) {
		g.printf("%-*s", width+10, group)
		if withType {
			g.printf(" %-20s", typ)
		}
		if withState {
			g.printf(" %-20s", state)
		}
		g.printf("\n")
	}
	row("GROUP", "TYPE", "STATE")
	for _, l := range groups {
		row(l.Group, capitalised(l.GroupType), orUnknown(l.GroupState))
	}
	return nil
}

func capitalised(typ string) string {
	for _, t := range groupTypes {
		if strings.EqualFold(t, typ) {
			return t
		}
	}
	return "Unknown"
}

func orUnknown(s string) string {
	if s == "" {
		return "Unknown"
	}
	return s
}

// listGroups asks all brokers for groups of consumers, of the given types and states, all where nil.
func (g *groupTool) listGroups(ctx context.Context, types, states []string) ([]kmsg.ListGroupsResponseGroup, error) {
	req := kmsg.NewPtrListGroupsRequest()
	req.StatesFilter = states
	if req.TypesFilter = types; types == nil {
		req.TypesFilter = []string{"consumer", "classic"}
	}
	for i := range req.TypesFilter {
		req.TypesFilter[i] = strings.ToLower(req.TypesFilter[i])
	}
	resp, err := ask[*kmsg.ListGroupsResponse](ctx, g.cl, req)
	if err != nil {
		return nil, err
	}
	if err := apiError(resp.ErrorCode, nil); err != nil {
		return nil, executionError(err)
	}
	var out []kmsg.ListGroupsResponseGroup
	for _, l := range resp.Groups {
		if l.ProtocolType == "" || l.ProtocolType == "consumer" {
			out = append(out, l)
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Group < out[j].Group })
	return hashOrder(out, defaultCapacity, func(l kmsg.ListGroupsResponseGroup) int32 { return stringHash(l.Group) }), nil
}

// selected are the groups that --group and --all-groups select.
func (g *groupTool) selected(ctx context.Context) ([]string, error) {
	if !g.opts.has("all-groups") {
		return g.opts.all("group"), nil
	}
	groups, err := g.listGroups(ctx, nil, nil)
	var out []string
	for _, l := range groups {
		out = append(out, l.Group)
	}
	return out, err
}
