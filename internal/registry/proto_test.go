package registry

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
)

// rich uses most of the language.
const rich = `// a comment
syntax = "proto2";
package shop.v1;
import public "google/protobuf/timestamp.proto";
import "google/protobuf/descriptor.proto";
import "other.proto";
option java_package = "com.shop";
option (file_note) = { text: "hello\n", tags: ["a", "b"] num: -3 };
option optimize_for = SPEED;
message Note { optional string text = 1; repeated string tags = 2; optional int32 num = 3; }
extend google.protobuf.FileOptions { optional Note file_note = 50001; }
extend google.protobuf.FieldOptions { optional double weight = 50002; repeated Kind kinds = 50003; }
enum Kind { option allow_alias = true; A = 0; B = 1; C = 1 [deprecated = true]; reserved 5, 10 to 20, 100 to max; reserved "X"; }
message Order {
  option deprecated = true;
  reserved 100, 200 to 299; reserved "old", "older";
  required int64 id = 1 [(weight) = 2.5, (kinds) = A, (kinds) = B];
  optional string name = 2 [default = "a\"b\\\377", json_name = "theName"];
  optional bytes raw = 3 [default = "\001\377x"];
  repeated int32 nums = 4 [packed = true];
  map<string, Line> lines = 5;
  optional Kind kind = 6 [default = B];
  optional double rate = 7 [default = -inf];
  repeated group Part = 8 { optional string sku = 1; }
  oneof pay { string card = 9; .shop.v1.Order.Line cash = 10; }
  message Line { optional other.Thing thing = 1; optional google.protobuf.Timestamp at = 2; enum E { Z = 0; } }
  extensions 1000 to 1999;
  extensions 3000 to max;
  extend Order { optional int32 inner = 1000; }
}
service Orders {
  option deprecated = true;
  rpc Get (Order) returns (stream Order.Line);
  rpc Put (stream Order) returns (Order) { option deprecated = true; }
}
`

const other = `syntax = "proto3";
package other;
message Thing { optional string a = 1; int32 b = 2; repeated Thing more = 3; oneof q { int32 x = 4; string y = 5; } }
`

func protoOf(t *testing.T, text string, refs ...resolved) *protoSchema {
	t.Helper()
	s, err := parseProtobuf(text, refs)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	return s
}

// descriptor is the linked file as bytes: custom options are then comparable.
func descriptor(t *testing.T, s *protoSchema) string {
	t.Helper()
	fd := protodesc.ToFileDescriptorProto(s.file)
	fd.SourceCodeInfo = nil
	data, err := proto.MarshalOptions{Deterministic: true, AllowPartial: true}.Marshal(fd)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// The text that is printed compiles to the same descriptor as the text that was given, from
// a text and from a serialised descriptor alike: nothing is lost but comments.
func TestProtobufTextKeepsTheDescriptor(t *testing.T) {
	refs := []resolved{{"other.proto", other}}
	for _, text := range []string{rich, other, `syntax = "proto3"; message A { map<int32, A> m = 1; reserved 5 to max; }`,
		`message NoSyntax { optional int32 a = 1; }`, `edition = "2023"; package e; option features.field_presence = IMPLICIT; message A { int32 a = 1 [features.field_presence = EXPLICIT]; repeated string b = 2; reserved foo; }`} {
		first := protoOf(t, text, refs...)
		again := protoOf(t, first.canonical(), refs...)
		if again.canonical() != first.canonical() {
			t.Errorf("the canonical text changes when read again:\n%s\n%s", first.canonical(), again.canonical())
		}
		if descriptor(t, first) != descriptor(t, again) {
			t.Errorf("the text lost something:\n%s\ngave\n%s", text, first.canonical())
		}
		normal := protoOf(t, first.normal(), refs...)
		if normal.normal() != first.normal() {
			t.Errorf("the normal text changes when read again:\n%s\n%s", first.normal(), normal.normal())
		}
		data, err := first.serialized()
		if err != nil {
			t.Fatal(err)
		}
		binary := protoOf(t, data, refs...)
		if descriptor(t, first) != descriptor(t, binary) {
			t.Errorf("the serialised form lost something:\n%s\ngave\n%s", text, binary.canonical())
		}
		if binary.normal() != first.normal() && text == other {
			t.Errorf("the normal text depends on the form:\n%s\n%s", binary.normal(), first.normal())
		}
	}
}

func TestProtobufErrorsNameThePlace(t *testing.T) {
	for text, want := range map[string]string{
		"syntax = \"proto3\";\nmessage A { int32 }":                     "line 2, column 19",
		"syntax = \"proto3\";\nmessage A { B b = 1; }":                  "line 2, column 13",
		"syntax = \"proto3\";\nimport \"missing.proto\"; message A {}":  `no reference has the name "missing.proto"`,
		"syntax = \"proto3\";\nimport \"/etc/passwd\"; message A {}":    "no reference has the name",
		"syntax = \"proto3\"; message A { int32 a = 1; string b = 1; }": "line 1",
		strings.Repeat("message A {", 200) + strings.Repeat("}", 200):   "deeper",
		"":     "",
		"AAAA": "line 1",
		"syntax = \"proto3\"; import \"(schema)\"; message A {}": "cycle",
	} {
		_, err := parseProtobuf(text, nil)
		if text == "" {
			continue // an empty file is a file; the HTTP interface refuses the empty text
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q gave %v, want %q", text, err, want)
		}
	}
}

// The rules are those that Confluent documents for Protobuf ("Protobuf compatibility rules")
// and the types of its differences; the classes are its names.
func TestProtobufCompatibility(t *testing.T) {
	p3 := func(body string) string { return "syntax = \"proto3\";\n" + body }
	for _, c := range []struct{ name, old, new, want string }{
		{"same", p3("message A { int32 a = 1; }"), p3("message A { int32 a = 1; }"), ""},
		{"field added", p3("message A { int32 a = 1; }"), p3("message A { int32 a = 1; string b = 2; }"), ""},
		{"field removed", p3("message A { int32 a = 1; string b = 2; }"), p3("message A { int32 a = 1; }"), ""},
		{"renamed", p3("message A { int32 a = 1; }"), p3("message A { int32 z = 1; }"), ""},
		{"package", p3("package a; message A {}"), p3("package b; message A {}"), "PACKAGE_CHANGED"},
		{"message removed", p3("message A {} message B {}"), p3("message A {}"), "MESSAGE_REMOVED"},
		{"message moved", p3("message A {} message B {}"), p3("message B {} message A {}"), ""},
		{"nested removed", p3("message A { message B {} }"), p3("message A {}"), "MESSAGE_REMOVED"},
		{"map removed", p3("message A { map<string,int32> m = 1; }"), p3("message A {}"), ""},
		{"varints", p3("enum E { X = 0; } message A { int32 a = 1; E e = 2; }"), p3("enum E { X = 0; } message A { uint64 a = 1; bool e = 2; }"), ""},
		{"zigzag", p3("message A { int32 a = 1; }"), p3("message A { sint32 a = 1; }"), "FIELD_SCALAR_KIND_CHANGED"},
		{"string and bytes", p3("message A { string a = 1; }"), p3("message A { bytes a = 1; }"), ""},
		{"string to int", p3("message A { string a = 1; }"), p3("message A { int32 a = 1; }"), "FIELD_SCALAR_KIND_CHANGED"},
		{"fixed", p3("message A { fixed32 a = 1; }"), p3("message A { sfixed32 a = 1; }"), ""},
		{"float to double", p3("message A { float a = 1; }"), p3("message A { double a = 1; }"), "FIELD_SCALAR_KIND_CHANGED"},
		{"scalar to message", p3("message A { int32 a = 1; } message B {}"), p3("message A { B a = 1; } message B {}"), "FIELD_KIND_CHANGED"},
		{"map to message", p3("message A { map<string,int32> a = 1; } message B {}"), p3("message A { repeated B a = 1; } message B {}"), "FIELD_KIND_CHANGED"},
		{"map value", p3("message A { map<string,int32> a = 1; }"), p3("message A { map<string,string> a = 1; }"), "FIELD_SCALAR_KIND_CHANGED"},
		{"named type", p3("message A { B a = 1; } message B {} message C {}"), p3("message A { C a = 1; } message B {} message C {}"), "FIELD_NAMED_TYPE_CHANGED"},
		{"numeric label", p3("message A { optional int32 a = 1; }"), p3("message A { repeated int32 a = 1; }"), "FIELD_NUMERIC_LABEL_CHANGED"},
		{"string label", p3("message A { optional string a = 1; }"), p3("message A { repeated string a = 1; }"), ""},
		{"message label", p3("message A { A a = 1; }"), p3("message A { repeated A a = 1; }"), ""},
		{"required added", "message A {}", "message A { required int32 a = 1; }", "REQUIRED_FIELD_ADDED"},
		{"required removed", "message A { required int32 a = 1; }", "message A {}", "REQUIRED_FIELD_REMOVED"},
		{"enum values", p3("enum E { X = 0; Y = 1; }"), p3("enum E { Q = 0; Z = 2; }"), ""},
		{"enum removed", p3("enum E { X = 0; }"), p3("message A {}"), ""},
		{"oneof added", p3("message A { int32 a = 1; }"), p3("message A { int32 a = 1; oneof o { int32 b = 2; } }"), ""},
		{"oneof removed", p3("message A { oneof o { int32 b = 2; } }"), p3("message A {}"), ""},
		{"oneof field added", p3("message A { oneof o { int32 b = 2; } }"), p3("message A { oneof o { int32 b = 2; int32 c = 3; } }"), ""},
		{"oneof field removed", p3("message A { oneof o { int32 b = 2; int32 c = 3; } }"), p3("message A { oneof o { int32 b = 2; } }"), "ONEOF_FIELD_REMOVED"},
		{"oneof field moved out", p3("message A { oneof o { int32 b = 2; int32 c = 3; } }"), p3("message A { oneof o { int32 b = 2; } int32 c = 3; }"), ""},
		{"one moved into a new oneof", p3("message A { int32 a = 1; }"), p3("message A { oneof o { int32 a = 1; int32 b = 2; } }"), ""},
		{"two moved into a oneof", p3("message A { int32 a = 1; int32 b = 2; }"), p3("message A { oneof o { int32 a = 1; int32 b = 2; } }"), "MULTIPLE_FIELDS_MOVED_TO_ONEOF"},
		{"moved into an old oneof", p3("message A { int32 a = 1; oneof o { int32 b = 2; } }"), p3("message A { oneof o { int32 a = 1; int32 b = 2; } }"), "FIELD_MOVED_TO_EXISTING_ONEOF"},
		{"type in a oneof", p3("message A { oneof o { int32 b = 2; } }"), p3("message A { oneof o { string b = 2; } }"), "FIELD_SCALAR_KIND_CHANGED"},
		{"proto3 optional is no oneof", p3("message A { int32 a = 1; }"), p3("message A { optional int32 a = 1; }"), ""},
		{"number used again", p3("message A { message B { int64 x = 3; } }"), p3("message A { message B { double x = 3; } }"), "FIELD_SCALAR_KIND_CHANGED"},
	} {
		diffs, err := protoOf(t, c.new).compare(protoOf(t, c.old))
		if err != nil {
			t.Fatal(err)
		}
		if got := classNames(diffs); got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, got, c.want)
		}
	}
}

// What an import defines counts as well.
func TestProtobufCompatibilityOfImports(t *testing.T) {
	main := `syntax = "proto3"; import "o.proto"; message A { o.T t = 1; }`
	imp := func(field string) resolved {
		return resolved{"o.proto", `syntax = "proto3"; package o; message T { ` + field + ` = 1; T next = 2; }`}
	}
	diffs, _ := protoOf(t, main, imp("string a")).compare(protoOf(t, main, imp("int32 a")))
	if got := classNames(diffs); got != "FIELD_SCALAR_KIND_CHANGED FIELD_NAMED_TYPE_CHANGED" {
		t.Errorf("got %q", got)
	}
	diffs, _ = protoOf(t, main, imp("string a")).compare(protoOf(t, main, imp("bytes a")))
	if len(diffs) > 0 {
		t.Errorf("got %v", diffs)
	}
}

func classNames(diffs []difference) string {
	var out []string
	for _, d := range diffs {
		out = append(out, d.class)
	}
	return strings.Join(out, " ")
}

func TestConfluentImportsAreKnown(t *testing.T) {
	protoOf(t, `syntax = "proto3"; import "confluent/meta.proto"; import "confluent/type/decimal.proto";
message A { option (confluent.message_meta) = { doc: "x" }; confluent.type.Decimal d = 1 [(confluent.field_meta) = { tags: "PII" }]; }`)
}
