package registry

import (
	"bytes"
	"encoding/json"
)

// The records of _schemas have Confluent's form: JSON keys whose members come in this order (a
// compacted topic compares bytes) and JSON values.

type subjectKey struct {
	KeyType string  `json:"keytype"` // CONFIG, MODE, DELETE_SUBJECT, CLEAR_SUBJECT
	Subject *string `json:"subject"` // null: all subjects
	Magic   int     `json:"magic"`
}

type schemaKey struct {
	KeyType string `json:"keytype"` // SCHEMA
	Subject string `json:"subject"`
	Version int    `json:"version"`
	Magic   int    `json:"magic"`
}

type contextKey struct {
	KeyType string `json:"keytype"` // CONTEXT
	Tenant  string `json:"tenant"`
	Context string `json:"context"`
	Magic   int    `json:"magic"`
}

// anyKey reads any of the keys.
type anyKey struct {
	KeyType string  `json:"keytype"`
	Subject *string `json:"subject"`
	Version int     `json:"version"`
	Tenant  string  `json:"tenant"`
	Context string  `json:"context"`
}

type schemaValue struct {
	Subject    string          `json:"subject"`
	Version    int             `json:"version"`
	ID         int             `json:"id"`
	SchemaType SchemaType      `json:"schemaType,omitempty"` // absent: AVRO
	References []Reference     `json:"references,omitempty"`
	Metadata   json.RawMessage `json:"metadata,omitempty"`
	RuleSet    json.RawMessage `json:"ruleSet,omitempty"`
	Schema     string          `json:"schema"`
	Deleted    bool            `json:"deleted"`
}

type configValue struct {
	Subject            *string `json:"subject,omitempty"`
	CompatibilityLevel Level   `json:"compatibilityLevel,omitempty"`
	Normalize          *bool   `json:"normalize,omitempty"`
}

type modeValue struct {
	Subject *string `json:"subject"`
	Mode    Mode    `json:"mode"`
}

type deleteValue struct {
	Subject string `json:"subject"`
	Version int    `json:"version"` // this version and those before it
}

// contextValue also carries, under a tenant of ours that Confluent's registry passes over, the
// largest id ever given, so that ids do not come again when the record that held the largest is
// deleted for good and compacted away.
type contextValue struct {
	Tenant  string `json:"tenant"`
	Context string `json:"context"`
	LastID  int    `json:"lastId,omitempty"`
}

const (
	defaultTenant = "default"
	ourTenant     = "azud"
)

func keyOfSchema(subject string, version int) []byte {
	return encode(schemaKey{"SCHEMA", subject, version, 1})
}

// keyOfSubject is the key of a subject's setting; the subject "" is all subjects.
func keyOfSubject(keyType, subject string) []byte {
	return encode(subjectKey{keyType, orNull(subject), 0})
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func keyOfContext(tenant, name string) []byte {
	return encode(contextKey{"CONTEXT", tenant, name, 0})
}

// record is one append to the topic.
type record struct{ key, value []byte }

func (v *version) value() []byte {
	t := v.schema.Type
	if t == Avro {
		t = ""
	}
	return encode(schemaValue{
		Subject: v.subject, Version: v.number, ID: v.id, SchemaType: t, References: v.schema.References,
		Metadata: v.schema.Metadata, RuleSet: v.schema.RuleSet, Schema: v.schema.Text, Deleted: v.deleted,
	})
}

// compacted is a JSON value without white space; nil for nothing and for null.
func compacted(raw json.RawMessage) json.RawMessage {
	var b bytes.Buffer
	if len(raw) == 0 || json.Compact(&b, raw) != nil || b.String() == "null" {
		return nil
	}
	return b.Bytes()
}
