package fn

import "github.com/azud/azud/internal/types"

// isTemporal reports dates, timestamps and intervals, whose arithmetic has its own rules.
func isTemporal(t types.Type) bool {
	return t.IsTime() || t.Kind == types.DayTime || t.Kind == types.YearMonth
}

// bindTemporal resolves arithmetic with a date, a timestamp or an interval.
func bindTemporal(name, _ string, args []Arg, _ bool) (Bound, error) {
	return Bound{}, differing(name, args[0].Type, args[1].Type)
}
