package kafkatool

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var durationForm = regexp.MustCompile(`(?i)^([-+]?)P(?:([-+]?\d+)D)?(?:T(?:([-+]?\d+)H)?(?:([-+]?\d+)M)?(?:([-+]?\d+(?:[.,]\d{0,9})?)S)?)?$`)

// parseDuration reads PnDTnHnMn.nS. Rule: java.time.Duration.parse.
func parseDuration(text string) (time.Duration, error) {
	m := durationForm.FindStringSubmatch(text)
	if m == nil || m[2]+m[3]+m[4]+m[5] == "" || strings.HasSuffix(strings.ToUpper(text), "T") {
		return 0, &javaError{class: "java.time.format.DateTimeParseException", text: "Text cannot be parsed to a Duration"}
	}
	var seconds float64
	for i, unit := range []float64{86400, 3600, 60, 1} {
		if m[i+2] != "" {
			n, _ := strconv.ParseFloat(strings.Replace(m[i+2], ",", ".", 1), 64)
			seconds += n * unit
		}
	}
	if m[1] == "-" {
		seconds = -seconds
	}
	return time.Duration(seconds * float64(time.Second)), nil
}

// parseDatetime reads YYYY-MM-DDThh:mm:ss.sss with a zone (Z, +hh:mm, +hh), UTC without one. Rule:
// org.apache.kafka.common.utils.Utils.getDateTime.
func parseDatetime(text string) (time.Time, error) {
	_, clock, ok := strings.Cut(text, "T")
	if !ok {
		return time.Time{}, &javaError{class: "java.text.ParseException", text: "Error parsing timestamp. It does not contain a 'T' according to ISO8601 format"}
	}
	if !strings.ContainsAny(clock, "+-Z") {
		text += "Z"
	}
	for _, layout := range []string{"2006-01-02T15:04:05.000Z07:00", "2006-01-02T15:04:05.000Z07"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, &javaError{class: "java.text.ParseException", text: fmt.Sprintf("Unparseable date: %q", text)}
}
