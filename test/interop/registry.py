"""Confluent's Python client and its serialisers against a schema registry.

    python registry.py http://127.0.0.1:8081

Needs confluent-kafka[avro,json,protobuf] and a registry of which the subjects below
"interop-" are nobody's. Nothing here is about Azud: it passes on any registry that does what
Confluent documents. The last line counts.
"""

import json
import sys
import time
import traceback
import urllib.error
import urllib.request
import uuid

from confluent_kafka.schema_registry import Schema, SchemaReference, SchemaRegistryClient
from confluent_kafka.schema_registry.avro import AvroDeserializer, AvroSerializer
from confluent_kafka.schema_registry.error import SchemaRegistryError
from confluent_kafka.schema_registry.json_schema import JSONDeserializer, JSONSerializer
from confluent_kafka.schema_registry.protobuf import ProtobufDeserializer, ProtobufSerializer
from confluent_kafka.serialization import MessageField, SerializationContext
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

RUN = "interop-%s-" % uuid.uuid4().hex[:8]


def check(got, want, what=""):
    if got != want:
        raise AssertionError("%s: got %r, want %r" % (what, got, want))


def refused(code, call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except SchemaRegistryError as e:
        check(e.error_code, code, e.error_message)
        return e
    raise AssertionError("not refused with %s" % code)


def avro(*fields, name="R"):
    return json.dumps({"type": "record", "name": name, "fields": list(fields)})


A = {"name": "a", "type": "int"}
B = {"name": "b", "type": "string"}
B_DEFAULT = dict(B, default="")


class Cases:
    def __init__(self, url):
        self.url = url.rstrip("/")
        self.client = self.fresh()

    def fresh(self):
        return SchemaRegistryClient({"url": self.url})

    def subjects(self, *names):
        case = sys._getframe(1).f_code.co_name
        return [RUN + case + n for n in (names or [""])]

    def raw(self, method, path, body=None, **headers):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, method=method)
        request.add_header("Content-Type", "application/json")
        for k, v in headers.items():
            request.add_header(k, v)
        try:
            with urllib.request.urlopen(request) as r:
                return r.status, r.headers["Content-Type"], json.loads(r.read())
        except urllib.error.HTTPError as e:
            return e.code, e.headers["Content-Type"], json.loads(e.read())

    # -- the registry's own interface ------------------------------------------------------------

    def test_register_and_find(self):
        one, two = self.subjects("-one", "/two with spaces")
        i = self.client.register_schema(one, Schema(avro(A), "AVRO"))
        check(self.client.register_schema(two, Schema(avro(A), "AVRO")), i, "the same schema elsewhere")
        check(self.fresh().register_schema(one, Schema(json.dumps(json.loads(avro(A)), indent=3), "AVRO")), i)
        check(json.loads(self.fresh().get_schema(i).schema_str), json.loads(avro(A)))
        found = self.fresh().lookup_schema(one, Schema(avro(A), "AVRO"))
        check((found.subject, found.version, found.schema_id), (one, 1, i))
        latest = self.client.get_latest_version(two)
        check((latest.version, latest.schema_id), (1, i))
        check({one, two} <= set(self.client.get_subjects()), True)
        check(set(self.client.get_subjects(subject_prefix=one)), {one})
        check({one, two} <= set(self.client.get_subjects_by_schema_id(i)), True)
        check(self.client.get_versions(one), [1])
        check(set(self.client.get_schema_types()), {"AVRO", "JSON", "PROTOBUF"})
        refused(40401, self.client.get_latest_version, RUN + "nobody")
        refused(40402, self.client.get_version, one, 9)
        refused(40403, self.client.get_schema, 2000000000)
        refused(40403, self.client.lookup_schema, one, Schema(avro(B), "AVRO"))
        refused(42201, self.client.register_schema, one, Schema('{"type": "recor"}', "AVRO"))

    def test_compatibility_levels(self):
        (s,) = self.subjects()
        self.client.register_schema(s, Schema(avro(A), "AVRO"))
        check(self.client.test_compatibility(s, Schema(avro(A, B), "AVRO")), False)
        check(self.client.test_compatibility(s, Schema(avro(A, B_DEFAULT), "AVRO")), True)
        e = refused(409, self.client.register_schema, s, Schema(avro(A, B), "AVRO"))
        check(e.http_status_code, 409)
        check("READER_FIELD_MISSING_DEFAULT_VALUE" in e.error_message, True, e.error_message)
        for level, ok in [("FORWARD", True), ("FULL", False), ("NONE", True), ("FORWARD_TRANSITIVE", True),
                          ("FULL_TRANSITIVE", False), ("BACKWARD_TRANSITIVE", False), ("BACKWARD", False)]:
            self.client.set_compatibility(s, level)
            check(self.client.get_compatibility(s), level)
            check(self.client.test_compatibility(s, Schema(avro(A, B), "AVRO")), ok, level)
        self.client.register_schema(s, Schema(avro(A, B_DEFAULT), "AVRO"))
        # reads the last version, not the first
        check(self.client.test_compatibility(s, Schema(avro(B), "AVRO")), True)
        self.client.set_compatibility(s, "BACKWARD_TRANSITIVE")
        refused(409, self.client.register_schema, s, Schema(avro(B), "AVRO"))
        status, _, body = self.raw("POST", "/compatibility/subjects/%s/versions/1?verbose=true" % s, {"schema": avro(B)})
        check((status, body["is_compatible"], len(body["messages"]) > 0), (200, False, True))
        refused(42203, self.client.set_compatibility, s, "SIDEWAYS")

    def test_json_and_protobuf_compatibility(self):
        j, p = self.subjects("-json", "-proto")
        closed = lambda **props: Schema(json.dumps({"type": "object", "additionalProperties": False, "properties": props}), "JSON")
        self.client.register_schema(j, closed(a={"type": "integer"}))
        check(self.client.test_compatibility(j, closed(a={"type": "number"}, b={"type": "string"})), True)
        check(self.client.test_compatibility(j, closed(a={"type": "string"})), False)
        check(self.client.test_compatibility(j, closed()), False)
        proto = lambda body: Schema('syntax = "proto3"; message M { %s }' % body, "PROTOBUF")
        self.client.register_schema(p, proto("int32 a = 1;"))
        check(self.client.test_compatibility(p, proto("int64 a = 1; string b = 2;")), True)
        check(self.client.test_compatibility(p, proto("string a = 1;")), False)
        check(self.client.test_compatibility(p, Schema('syntax = "proto3"; package q; message M { int32 a = 1; }', "PROTOBUF")), False)

    def test_deleting(self):
        (s,) = self.subjects()
        self.client.set_compatibility(s, "NONE")
        ids = [self.client.register_schema(s, Schema(json.dumps(t), "AVRO")) for t in ("int", "long", "string")]
        refused(40407, self.client.delete_version, s, 2, permanent=True)
        check(self.client.delete_version(s, 2), 2)
        check(self.client.get_versions(s), [1, 3])
        check(self.client.get_versions(s, deleted=True), [1, 2, 3])
        check(self.fresh().get_schema(ids[1]).schema_str, '"long"', "a deleted version stays readable by id")
        check(self.client.delete_version(s, 2, permanent=True), 2)
        check(self.client.delete_subject(s), [1, 3])
        refused(40401, self.client.get_versions, s)
        check(self.client.delete_subject(s, permanent=True), [1, 3])
        refused(40401, self.client.delete_subject, s)
        # a schema that no subject holds any more is gone; another case may hold these simple ones
        (t,) = self.subjects("-own")
        i = self.client.register_schema(t, Schema(avro(A, name="R" + uuid.uuid4().hex), "AVRO"))
        self.client.delete_subject(t)
        self.client.delete_subject(t, permanent=True)
        refused(40403, self.fresh().get_schema, i)

    def test_modes(self):
        (s,) = self.subjects()
        self.client.register_schema(s, Schema('"int"', "AVRO"))
        check(self.client.update_mode(s, "READONLY"), "READONLY")
        check(self.client.get_mode(s), "READONLY")
        refused(42205, self.client.register_schema, s, Schema('"long"', "AVRO"))
        refused(42205, self.client.delete_subject, s)
        check(self.client.delete_mode(s), "READONLY")
        check(self.client.get_global_mode(), "READWRITE")
        check("." in self.client.get_contexts(), True)

    def test_references(self):
        inner, outer = self.subjects("-inner", "-outer")
        self.client.register_schema(inner, Schema(json.dumps({"type": "enum", "name": "n.E", "symbols": ["A"]}), "AVRO"))
        text = avro({"name": "e", "type": "n.E"})
        refused(42201, self.client.register_schema, outer, Schema(text, "AVRO"))
        i = self.client.register_schema(outer, Schema(text, "AVRO", [SchemaReference("n.E", inner, 1)]))
        check(self.client.get_referenced_by(inner, 1), [i])
        refs = self.fresh().get_schema(i).references
        check([(r.name, r.subject, r.version) for r in refs], [("n.E", inner, 1)])
        refused(42206, self.client.delete_subject, inner)

    def test_content_types(self):
        for accept, want in [("*/*", "application/vnd.schemaregistry.v1+json"), ("application/json", "application/json"),
                             ("application/vnd.schemaregistry+json", "application/vnd.schemaregistry+json")]:
            check(self.raw("GET", "/schemas/types", Accept=accept)[1].split(";")[0], want)
        check(self.raw("GET", "/subjects/%snobody/versions" % RUN)[2]["error_code"], 40401)

    # -- serialisers ------------------------------------------------------------------------------

    def test_avro_serialiser(self):
        ctx = SerializationContext(self.subjects()[0], MessageField.VALUE)
        value = {"a": 7, "b": "x"}
        data = AvroSerializer(self.client, avro(A, B))(value, ctx)
        check(data[0], 0)
        check(AvroDeserializer(self.fresh())(data, ctx), value)
        # an older reader of newer data, and a newer reader with a default of older data
        check(AvroDeserializer(self.fresh(), avro(A))(data, ctx), {"a": 7})
        check(AvroDeserializer(self.fresh(), avro(A, B, dict(B_DEFAULT, name="c", default="d")))(data, ctx), {"a": 7, "b": "x", "c": "d"})
        latest = AvroSerializer(self.client, avro(A, B), conf={"auto.register.schemas": False, "use.latest.version": True})
        check(AvroDeserializer(self.fresh())(latest(value, ctx), ctx), value)

    def test_avro_serialiser_with_references(self):
        inner, topic = self.subjects("-inner", "-topic")
        self.client.register_schema(inner, Schema(avro({"name": "v", "type": "long"}, name="n.In"), "AVRO"))
        schema = Schema(avro({"name": "in", "type": "n.In"}), "AVRO", [SchemaReference("n.In", inner, 1)])
        ctx = SerializationContext(topic, MessageField.VALUE)
        data = AvroSerializer(self.client, schema)({"in": {"v": 5}}, ctx)
        check(AvroDeserializer(self.fresh())(data, ctx), {"in": {"v": 5}})

    def test_json_serialiser(self):
        text = json.dumps({"$schema": "http://json-schema.org/draft-07/schema#", "title": "T", "type": "object",
                           "properties": {"a": {"type": "integer"}}, "required": ["a"]})
        ctx = SerializationContext(self.subjects()[0], MessageField.VALUE)
        data = JSONSerializer(text, self.client)({"a": 1}, ctx)
        check(JSONDeserializer(text, schema_registry_client=self.fresh())(data, ctx), {"a": 1})
        check(JSONDeserializer(None, schema_registry_client=self.fresh())(data, ctx), {"a": 1})

    def test_protobuf_serialiser(self):
        message = self.protobuf_class()
        ctx = SerializationContext(self.subjects()[0], MessageField.VALUE)
        value = message(id=3, name="x")
        value.at.seconds = 9
        value.part["k"].size = 4
        data = ProtobufSerializer(message, self.client, {"use.deprecated.format": False})(value, ctx)
        check(ProtobufDeserializer(message, {"use.deprecated.format": False})(data, ctx), value)
        got = ProtobufDeserializer(message, {"use.deprecated.format": False}, self.fresh())(data, ctx)
        check(got, value)
        text = self.client.get_latest_version(ctx.topic + "-value").schema.schema_str
        check("message Whole" in text and "map<string" in text, True, text)
        again = self.client.register_schema(ctx.topic + "-value", Schema(text, "PROTOBUF"))
        check(again, int.from_bytes(data[1:5], "big"), "the text is the same schema as the serialised form")

    def protobuf_class(self):
        """A message built without protoc."""
        f = descriptor_pb2.FileDescriptorProto(name=RUN + "whole.proto", package="interop", syntax="proto3",
                                               dependency=["google/protobuf/timestamp.proto"])
        part = f.message_type.add(name="Part")
        part.field.add(name="size", number=1, type=5, label=1)
        whole = f.message_type.add(name="Whole")
        whole.field.add(name="id", number=1, type=3, label=1)
        whole.field.add(name="name", number=2, type=9, label=1)
        whole.field.add(name="at", number=3, type=11, type_name=".google.protobuf.Timestamp", label=1)
        whole.field.add(name="part", number=4, type=11, type_name=".interop.Whole.PartEntry", label=3)
        entry = whole.nested_type.add(name="PartEntry")
        entry.options.map_entry = True
        entry.field.add(name="key", number=1, type=9, label=1)
        entry.field.add(name="value", number=2, type=11, type_name=".interop.Part", label=1)
        from google.protobuf import timestamp_pb2

        pool = descriptor_pool.DescriptorPool()
        pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
        pool.Add(f)
        return message_factory.GetMessageClass(pool.FindMessageTypeByName("interop.Whole"))


def main():
    cases = Cases(sys.argv[1])
    passed = failed = 0
    for name in sorted(n for n in dir(cases) if n.startswith("test_")):
        begun = time.monotonic()
        try:
            getattr(cases, name)()
            passed += 1
            print("ok   %s (%.2f s)" % (name[5:], time.monotonic() - begun), flush=True)
        except Exception:
            failed += 1
            print("FAIL %s\n%s" % (name[5:], traceback.format_exc()), flush=True)
    print("%d passed, %d failed" % (passed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
