package registry

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/azud/azud/internal/errs"
)

// ErrTooLarge is wrapped by a Store's error when the topic does not take so large a record.
var ErrTooLarge = errors.New("the record is larger than the topic takes")

// Confluent's error codes; the first three digits are the HTTP status.
const (
	codeSubjectNotFound   = 40401
	codeVersionNotFound   = 40402
	codeSchemaNotFound    = 40403
	codeSubjectDeleted    = 40404
	codeSubjectNotDeleted = 40405
	codeVersionDeleted    = 40406
	codeVersionNotDeleted = 40407
	codeNoSubjectLevel    = 40408
	codeNoSubjectMode     = 40409
	codeIncompatible      = 409 // as all clients know it; 40901 is in newer sources only
	codeInvalidSchema     = 42201
	codeInvalidVersion    = 42202
	codeInvalidLevel      = 42203
	codeInvalidMode       = 42204
	codeNotPermitted      = 42205
	codeReferenceExists   = 42206
	codeIDMismatch        = 42207
	codeInvalidSubject    = 42208
	codeTooLarge          = 42209
	codeStore             = 50001
)

// classes are the error classes of the Go interface, by code.
var classes = map[int]string{
	codeSubjectNotFound: "SUBJECT_NOT_FOUND", codeVersionNotFound: "VERSION_NOT_FOUND",
	codeSchemaNotFound: "SCHEMA_NOT_FOUND", codeSubjectDeleted: "SUBJECT_SOFT_DELETED",
	codeSubjectNotDeleted: "SUBJECT_NOT_SOFT_DELETED", codeVersionDeleted: "VERSION_SOFT_DELETED",
	codeVersionNotDeleted: "VERSION_NOT_SOFT_DELETED", codeNoSubjectLevel: "SUBJECT_LEVEL_NOT_SET",
	codeNoSubjectMode: "SUBJECT_MODE_NOT_SET", codeIncompatible: "INCOMPATIBLE_SCHEMA",
	codeInvalidSchema: "INVALID_SCHEMA", codeInvalidVersion: "INVALID_VERSION",
	codeInvalidLevel: "INVALID_COMPATIBILITY", codeInvalidMode: "INVALID_MODE",
	codeNotPermitted: "OPERATION_NOT_PERMITTED", codeReferenceExists: "REFERENCE_EXISTS",
	codeIDMismatch: "ID_MISMATCH", codeInvalidSubject: "INVALID_SUBJECT",
	codeTooLarge: "SCHEMA_TOO_LARGE", codeStore: "SCHEMA_STORE",
}

// apiError carries a code beside the error that Go callers see.
type apiError struct {
	code int
	err  *errs.Error
}

func (e *apiError) Error() string { return e.err.Error() }
func (e *apiError) Unwrap() error { return e.err }

func fail(code int, format string, args ...any) error {
	return &apiError{code, errs.New(classes[code], format, args...)}
}

// failHint is fail with what to do instead.
func failHint(code int, hint, format string, args ...any) error {
	e := errs.New(classes[code], format, args...)
	e.Hint = hint
	return &apiError{code, e}
}

// CodeOf is Confluent's code of an error of this package, or 500.
func CodeOf(err error) int {
	var e *apiError
	if errors.As(err, &e) {
		return e.code
	}
	return http.StatusInternalServerError
}

// statusOf is the HTTP status of a code.
func statusOf(code int) int {
	if code >= 10000 {
		return code / 100
	}
	return code
}

// messageOf is what the HTTP interface says: the sentence, the cause and the remedy, no class.
func messageOf(err error) string {
	var e *errs.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	text := e.Msg
	if e.Cause != nil {
		text = fmt.Sprintf("%s: %v", text, e.Cause)
	}
	if e.Hint != "" {
		text += ". " + e.Hint
	}
	return text
}

func subjectNotFound(subject string) error {
	return fail(codeSubjectNotFound, "Subject '%s' not found.", subject)
}

func versionNotFound(number int) error {
	return fail(codeVersionNotFound, "Version %d not found.", number)
}

func readOnly(subject string, m Mode) error {
	return failHint(codeNotPermitted, "Set the mode to READWRITE to change it", "Subject '%s' is in mode %s", subject, m)
}
