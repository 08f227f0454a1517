package registry

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/bufbuild/protocompile"
	"github.com/bufbuild/protocompile/linker"
	"github.com/bufbuild/protocompile/parser"
	"github.com/bufbuild/protocompile/reporter"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"
)

// protoMain is the name under which a schema's own text is compiled, as messages show it. A
// schema that imports it imports itself, which the compiler refuses.
const protoMain = "(schema)"

// protoSchema is a Protobuf file with what it imports.
type protoSchema struct {
	text string
	file protoreflect.FileDescriptor
}

// parseProtobuf compiles a .proto text, or a FileDescriptorProto in Base64, which is what some
// clients send. Imports are found among the references and the well-known types only.
func parseProtobuf(text string, refs []resolved) (*protoSchema, error) {
	if err := checkProtoDepth(text); err != nil {
		return nil, err
	}
	files := protoFiles(refs)
	parsed, err := parseProtoText(text)
	if err != nil {
		fd, ok := protoFromBase64(text)
		if !ok {
			return nil, err
		}
		if text, err = files.printDescriptor(fd); err != nil {
			return nil, err
		}
		if parsed, err = parseProtoText(text); err != nil {
			return nil, fmt.Errorf("the serialised descriptor makes no valid file: %w", err)
		}
	}
	printed := printProto(parsed.FileDescriptorProto(), false)
	linked, err := files.compile(protocompile.SearchResult{ParseResult: parsed})
	if err != nil {
		return nil, err
	}
	return &protoSchema{printed, linked[0]}, nil
}

func parseProtoText(text string) (res parser.Result, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the parser gave up: %v", p)
		}
	}()
	handler := reporter.NewHandler(nil)
	file, err := parser.Parse(protoMain, strings.NewReader(text), handler)
	if err != nil {
		return nil, placed(err)
	}
	res, err = parser.ResultFromAST(file, true, handler)
	return res, placed(err)
}

// placed is an error of the compiler with line and column and without our name of the file.
func placed(err error) error {
	var e reporter.ErrorWithPos
	if err == nil || !errors.As(err, &e) {
		return err
	}
	p := e.GetPosition()
	if p.Filename != protoMain {
		return fmt.Errorf("%s:%d:%d: %w", p.Filename, p.Line, p.Col, e.Unwrap())
	}
	return fmt.Errorf("line %d, column %d: %w", p.Line, p.Col, e.Unwrap())
}

// protoFiles are the imports that a schema may have, in the order of the references.
type protoFiles []resolved

func (f protoFiles) find(path string) (protocompile.SearchResult, error) {
	for _, r := range f {
		if r.name == path {
			return protocompile.SearchResult{Source: strings.NewReader(r.text)}, nil
		}
	}
	if text, ok := confluentProto[path]; ok {
		return protocompile.SearchResult{Source: strings.NewReader(text)}, nil
	}
	return protocompile.SearchResult{}, fmt.Errorf("no reference has the name %q: %w", path, fs.ErrNotExist)
}

// compile links a file with its imports. The first result is the file.
func (f protoFiles) compile(main protocompile.SearchResult) (linker.Files, error) {
	c := protocompile.Compiler{
		MaxParallelism: 1,
		Resolver: protocompile.WithStandardImports(protocompile.ResolverFunc(func(path string) (protocompile.SearchResult, error) {
			if path == protoMain {
				return main, nil
			}
			return f.find(path)
		})),
	}
	files, err := c.Compile(context.Background(), protoMain)
	if err != nil {
		var broken protocompile.PanicError
		if errors.As(err, &broken) {
			return nil, fmt.Errorf("the compiler gave up on %q: %v", broken.File, broken.Value)
		}
		return nil, placed(err)
	}
	return files, nil
}

func protoFromBase64(text string) (*descriptorpb.FileDescriptorProto, bool) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, false
	}
	fd := &descriptorpb.FileDescriptorProto{}
	if proto.Unmarshal(data, fd) != nil || fd.Name == nil && fd.Syntax == nil && len(fd.MessageType) == 0 {
		return nil, false
	}
	return fd, true
}

// printDescriptor is the text of a descriptor whose options are already interpreted: custom
// ones are read with the extensions that the file and its imports define.
func (f protoFiles) printDescriptor(fd *descriptorpb.FileDescriptorProto) (string, error) {
	fd.Name, fd.SourceCodeInfo = proto.String(protoMain), nil
	nameForJSON(fd.MessageType, fd.Extension)
	linked, err := f.compile(protocompile.SearchResult{Proto: proto.Clone(fd).(*descriptorpb.FileDescriptorProto)})
	if err != nil {
		return "", err
	}
	data, err := proto.MarshalOptions{AllowPartial: true}.Marshal(fd)
	if err != nil {
		return "", err
	}
	known := &descriptorpb.FileDescriptorProto{}
	all := append(linker.Files{}, linked...)
	for _, path := range fd.Dependency {
		if dep := linked[0].FindImportByPath(path); dep != nil {
			all = append(all, dep)
		}
	}
	if err := (proto.UnmarshalOptions{AllowPartial: true, Resolver: all.AsResolver()}).Unmarshal(data, known); err != nil {
		return "", err
	}
	return printProto(known, false), nil
}

// nameForJSON gives fields their names in JSON, which descriptors made without protoc lack.
func nameForJSON(messages []*descriptorpb.DescriptorProto, extensions []*descriptorpb.FieldDescriptorProto) {
	for _, f := range extensions {
		if f.JsonName == nil {
			f.JsonName = proto.String(jsonName(f.GetName()))
		}
	}
	for _, m := range messages {
		nameForJSON(m.NestedType, append(slices.Clone(m.Field), m.Extension...))
	}
}

func (s *protoSchema) canonical() string { return s.text }

// normal is the text with imports, fields and options in order and types by full name.
func (s *protoSchema) normal() string {
	fd := protodesc.ToFileDescriptorProto(s.file)
	parsed, err := parseProtoText(s.text)
	if err != nil {
		return s.text // canonical text always parses
	}
	plain := proto.Clone(parsed.FileDescriptorProto()).(*descriptorpb.FileDescriptorProto)
	qualifyTypes(plain.MessageType, fd.MessageType)
	qualifyFields(plain.Extension, fd.Extension)
	for i, svc := range plain.Service {
		for j, m := range svc.Method {
			m.InputType, m.OutputType = fd.Service[i].Method[j].InputType, fd.Service[i].Method[j].OutputType
		}
	}
	return printProto(plain, true)
}

// qualifyTypes takes the full names of types from the linked form of the same file.
func qualifyTypes(plain, linked []*descriptorpb.DescriptorProto) {
	for i, m := range plain {
		qualifyFields(m.Field, linked[i].Field)
		qualifyFields(m.Extension, linked[i].Extension)
		qualifyTypes(m.NestedType, linked[i].NestedType)
	}
}

func qualifyFields(plain, linked []*descriptorpb.FieldDescriptorProto) {
	for i, f := range plain {
		f.TypeName, f.Type, f.Extendee = linked[i].TypeName, linked[i].Type, linked[i].Extendee
	}
}

// serialized is the file as a FileDescriptorProto in Base64, as clients for Python read it.
func (s *protoSchema) serialized() (string, error) {
	fd := protodesc.ToFileDescriptorProto(s.file)
	fd.Name, fd.SourceCodeInfo = proto.String("default"), nil
	data, err := proto.MarshalOptions{Deterministic: true}.Marshal(fd)
	if err != nil {
		return "", fail(codeInvalidSchema, "The schema cannot be serialised: %v", err)
	}
	return base64.StdEncoding.EncodeToString(data), nil
}

// checkProtoDepth bounds nested braces outside comments and strings.
func checkProtoDepth(text string) error {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\'':
			for i++; i < len(text) && text[i] != c && text[i] != '\n'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case strings.HasPrefix(text[i:], "//"):
			i += max(strings.IndexByte(text[i:], '\n'), 1)
		case strings.HasPrefix(text[i:], "/*"):
			i += max(strings.Index(text[i+2:], "*/"), 0) + 3
		case slices.Contains([]byte("{[<("), c):
			if depth++; depth > maxDepth {
				return errDeep
			}
		case slices.Contains([]byte("}]>)"), c):
			depth--
		}
	}
	return nil
}
