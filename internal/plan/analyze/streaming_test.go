package analyze

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/plan"
)

// streamDifferences are the streams that Azud answers otherwise, and why.
var streamDifferences = map[string]string{
	// Spark takes the maximum of a struct; here a watermark is on a timestamp.
	"append: SELECT * FROM (SELECT window(timestamp,'5 minutes') AS w FROM STREAM sismos) WATERMARK w DELAY OF INTERVAL 10 MINUTES": "EVENT_TIME_IS_NOT_ON_TIMESTAMP_TYPE",
}

// TestSparkStreams compares which streams may start in which output mode with Spark.
func TestSparkStreams(t *testing.T) {
	pairs(t, "testdata/stream.txt", func(line, want string) {
		mode, query, _ := strings.Cut(line, ": ")
		if w, ok := streamDifferences[line]; ok {
			want = w
		}
		if want == "_LEGACY_ERROR_TEMP_3102" {
			want = "UNSUPPORTED_STREAMING_OPERATION"
		}
		n, err := analyzed(t, query)
		if err == nil {
			err = CheckStreaming(n, connector.OutputMode(mode), nil)
		}
		got := "ok"
		if err != nil {
			got = errs.ClassOf(err)
		}
		if got == "UNRESOLVED_ROUTINE" {
			t.Logf("refused: %s\n%v", line, err)
			return
		}
		if got != want {
			t.Errorf("%s\n got %s\nwant %s\n%v\n%s", line, got, want, err, explained(n))
		}
	})
}

func explained(n plan.Node) string {
	if n == nil {
		return ""
	}
	return plan.Explain(n)
}
