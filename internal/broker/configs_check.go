package broker

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/azud/azud/internal/log"
)

// refused is an error with Kafka's code and a text for the client.
func refused(kafka *kerr.Error, text string, args ...any) error {
	return coded{kafka, fmt.Sprintf(text, args...)}
}

// messageOf is the text that goes to the client with an error: nil for Kafka's own.
func messageOf(err error) *string {
	if c, ok := err.(coded); ok { //nolint:errorlint // our own type, never wrapped
		return &c.text
	}
	if k, ok := err.(*kerr.Error); ok { //nolint:errorlint // the same
		return kmsg.StringPtr(k.Description)
	}
	return kmsg.StringPtr(err.Error())
}

// topicSetting is the entry of log's table; nil if there is none.
func topicSetting(name string) *log.Setting {
	all := log.TopicSettings()
	i := slices.IndexFunc(all, func(s log.Setting) bool { return s.Name == name })
	if i < 0 {
		return nil
	}
	return &all[i]
}

// checkTopicSetting refuses what log would, in Kafka's words.
func checkTopicSetting(name, text string) error {
	s := topicSetting(name)
	if s == nil {
		return refused(kerr.InvalidConfig, "Unknown topic config name: %s", name)
	}
	if err := checkKind(name, text, kindOf(s.Type), kerr.InvalidConfig); err != nil {
		return err
	}
	err := log.CheckSetting(name, text)
	if err == nil {
		return nil
	}
	_, rule, _ := strings.Cut(err.Error(), " must be ")
	if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && s.Type == log.TypeDouble && v == math.Trunc(v) {
		text = strconv.FormatFloat(v, 'f', 1, 64) // as Java writes it
	}
	return invalidValue(name, text, kafkaRule(rule, text), kerr.InvalidConfig)
}

func invalidValue(name, text, why string, kafka *kerr.Error) error {
	return refused(kafka, "Invalid value %s for configuration %s: %s", text, name, why)
}

// kafkaRule is what log asks of a value, as Kafka's validators say it.
func kafkaRule(rule, text string) string {
	if words, ok := strings.CutPrefix(rule, "one of "); ok {
		return "String must be one of: " + words
	}
	if strings.HasPrefix(rule, "delete, compact") {
		return "String must be one of: compact, delete"
	}
	if least, ok := strings.CutPrefix(rule, "at least "); ok {
		return "Value must be at least " + least
	}
	if bounds, ok := strings.CutPrefix(rule, "between "); ok {
		least, most, _ := strings.Cut(bounds, " and ")
		low, _ := strconv.ParseFloat(least, 64)
		if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err == nil && v < low {
			return "Value must be at least " + least
		}
		return "Value must be no more than " + most
	}
	return "Value must be " + rule
}

// kindOf is a topic setting's type in the protocol.
func kindOf(t log.SettingType) kmsg.ConfigType {
	switch t {
	case log.TypeBool:
		return kindBool
	case log.TypeInt:
		return kindInt
	case log.TypeLong:
		return kindLong
	case log.TypeDouble:
		return kindDouble
	case log.TypeList:
		return kindList
	}
	return kindString
}

// checkKind refuses text that is not of a type (ConfigDef.parseType).
func checkKind(name, text string, kind kmsg.ConfigType, kafka *kerr.Error) error {
	number := func(word string, bits int) error {
		if _, err := strconv.ParseInt(strings.TrimSpace(text), 10, bits); err != nil {
			return invalidValue(name, text, "Not a number of type "+word, kafka)
		}
		return nil
	}
	switch kind {
	case kindInt:
		return number("INT", 32)
	case kindShort:
		return number("SHORT", 16)
	case kindLong:
		return number("LONG", 64)
	case kindDouble:
		if v, err := strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || math.IsNaN(v) {
			return invalidValue(name, text, "Not a number of type DOUBLE", kafka)
		}
	case kindBool:
		if t := strings.TrimSpace(text); !strings.EqualFold(t, "true") && !strings.EqualFold(t, "false") {
			return invalidValue(name, text, "Expected value to be either true or false", kafka)
		}
	}
	return nil
}

// checkBrokerSetting refuses what the broker cannot take over while it runs.
func (c *configs) checkBrokerSetting(name, text string) error {
	s := c.table[name]
	if s == nil {
		return nil // kept for whoever knows it, as in Kafka
	}
	if err := checkKind(name, text, s.kind, kerr.InvalidRequest); err != nil {
		return err
	}
	if s.topic == "" {
		return nil
	}
	if err := checkTopicSetting(s.topic, text); err != nil {
		return refused(kerr.InvalidRequest, "%s", strings.ReplaceAll(err.Error(), " "+s.topic+":", " "+name+":"))
	}
	return nil
}
