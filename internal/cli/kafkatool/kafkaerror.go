package kafkatool

import (
	"context"
	"errors"
	"strings"

	"github.com/twmb/franz-go/pkg/kerr"
)

// javaError is an error as a Java program shows it: the class of the exception and its text.
type javaError struct {
	class string // with its package
	text  string
	code  int16 // Kafka's error code, 0 where it is none
}

func (e *javaError) Error() string { return e.text }

const errorPackage = "org.apache.kafka.common.errors."

// Classes whose names do not follow from the name of the code (Kafka: org.apache.kafka.common.protocol.Errors).
var irregularClasses = map[int16]string{
	-1: "UnknownServerException",
	2:  "CorruptRecordException",
	7:  "TimeoutException",
	10: "RecordTooLargeException",
	11: "ControllerMovedException",
	12: "OffsetMetadataTooLarge",
	17: "InvalidTopicException",
	18: "RecordBatchTooLargeException",
	36: "TopicExistsException",
	40: "InvalidConfigurationException",
	45: "OutOfOrderSequenceException",
	46: "DuplicateSequenceException",
	49: "InvalidPidMappingException",
	50: "InvalidTxnTimeoutException",
	56: "KafkaStorageException",
	58: "SaslAuthenticationException",
	68: "GroupNotEmptyException",
}

// Texts of codes where the client library has another one than Kafka.
var irregularTexts = map[int16]string{
	24: "The group id is invalid.",
	29: "Topic authorization failed.",
	30: "Group authorization failed.",
}

// apiError is the error of a code in a response, with the broker's message where it sent one; nil for code 0.
func apiError(code int16, message *string) error {
	if code == 0 {
		return nil
	}
	k := kerr.TypedErrorForCode(code)
	e := &javaError{class: errorPackage + classOf(k), text: k.Description, code: k.Code}
	if t, ok := irregularTexts[code]; ok {
		e.text = t
	}
	if message != nil {
		e.text = *message
	}
	return e
}

func classOf(k *kerr.Error) string {
	if c, ok := irregularClasses[k.Code]; ok {
		return c
	}
	var b strings.Builder
	for _, word := range strings.Split(strings.ToLower(k.Message), "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String() + "Exception"
}

// asJava gives any error a class: Kafka's for what the broker answered, a timeout for a broker that
// does not answer, RuntimeException for the rest.
func asJava(err error) *javaError {
	var j *javaError
	var k *kerr.Error
	switch {
	case errors.As(err, &j):
		return j
	case errors.As(err, &k):
		return apiError(k.Code, nil).(*javaError)
	case errors.Is(err, context.DeadlineExceeded):
		return &javaError{class: errorPackage + "TimeoutException", text: "Timed out waiting for the broker to answer."}
	default:
		return &javaError{class: "java.lang.RuntimeException", text: err.Error()}
	}
}

// messageOf is the text of an error, as getMessage() has it.
func messageOf(err error) string { return asJava(err).text }

// describe is an error with its class, as toString() has it.
func describe(err error) string {
	j := asJava(err)
	if j.text == "" {
		return j.class
	}
	return j.class + ": " + j.text
}

func illegalArgument(text string) error {
	return &javaError{class: "java.lang.IllegalArgumentException", text: text}
}

func runtimeError(text string) error {
	return &javaError{class: "java.lang.RuntimeException", text: text}
}

// codeOf is Kafka's code of an error, 0 where it has none.
func codeOf(err error) int16 {
	if err == nil {
		return 0
	}
	return asJava(err).code
}
