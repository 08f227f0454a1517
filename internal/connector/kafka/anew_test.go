package kafka_test

import (
	"strings"
	"testing"

	"github.com/azud/azud/internal/connector"
	"github.com/azud/azud/internal/errs"
)

// A topic that was deleted and made anew has offsets of its own: those of the earlier one must
// neither hide its records nor go unnoticed.
func TestATopicMadeAnewIsTold(t *testing.T) {
	for name, make := range map[string]func(*testing.T) *lab{
		"fake": func(t *testing.T) *lab { return newLab(t) }, "embedded": embedded,
	} {
		t.Run(name, func(t *testing.T) {
			l := make(t)
			l.topic("t", 1)
			l.put(l.cl, "t", "0:a", "0:b")
			s := l.source(earliest)
			from, err := s.Initial(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			at, err := s.Latest(t.Context(), from, connector.Limit{})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := l.adm.DeleteTopics(t.Context(), "t"); err != nil {
				t.Fatal(err)
			}
			l.topic("t", 1)
			l.put(l.client(), "t", "0:c", "0:d", "0:e")

			const anew = "[KAFKA_DATA_LOSS] t-0 was deleted and made anew; the query has read the earlier one up to offset 2"
			strict := l.source(earliest) // as after a restart; the embedded one sees it at once, too
			if _, err := strict.Latest(t.Context(), at, connector.Limit{}); err == nil || !strings.HasPrefix(errs.Render(err), anew) {
				t.Errorf("it was not told: %v", err)
			}
			if _, err := s.Latest(t.Context(), at, connector.Limit{}); name == "embedded" && (err == nil || !strings.HasPrefix(errs.Render(err), anew)) {
				t.Errorf("it was not told: %v", err)
			}
			lossy := l.source(connector.Options{"subscribe": "t", "failOnDataLoss": "false"})
			to, err := lossy.Latest(t.Context(), at, connector.Limit{})
			if err != nil {
				t.Fatal(err)
			}
			rows, err := l.read(lossy, at, to, "value")
			if err != nil {
				t.Fatal(err)
			}
			l.want("rows", rows, "c", "d", "e")
		})
	}
}
