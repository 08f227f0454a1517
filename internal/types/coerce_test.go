package types

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

// named reads the types that stand in testdata.
func named(t *testing.T, s string) Type {
	t.Helper()
	for _, k := range []Type{BooleanType, ByteType, ShortType, IntType, LongType, FloatType, DoubleType, StringType,
		BinaryType, DateType, TimestampType, TimestampNTZType, DayTimeType, YearMonthType,
		ArrayOf(IntType, true), ArrayOf(StringType, true), ArrayOf(LongType, true), MapOf(StringType, IntType, true)} {
		if k.String() == s {
			return k
		}
	}
	p, q := 0, 0
	body, ok := strings.CutPrefix(s, "decimal(")
	if !ok {
		t.Fatalf("unknown type %q", s)
	}
	for _, c := range body {
		switch {
		case c == ',':
			p, q = q, 0
		case c != ')':
			q = q*10 + int(c-'0')
		}
	}
	return DecimalType(p, q)
}

// TestCommonAsSpark compares with what coalesce of the two types gives in Spark, and
// decimal arithmetic with its result types.
func TestCommonAsSpark(t *testing.T) {
	f, err := os.Open("testdata/common.tsv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for sc := bufio.NewScanner(f); sc.Scan(); {
		line := strings.Split(sc.Text(), "\t")
		if len(line) != 3 {
			continue
		}
		if left, op, found := strings.Cut(line[0], ") "); found {
			got := DecimalResult(op, named(t, left+")"), named(t, line[1]))
			if got.String() != line[2] {
				t.Errorf("%s %s: got %s, want %s", line[0], line[1], got, line[2])
			}
			continue
		}
		a, b := named(t, line[0]), named(t, line[1])
		for range 2 {
			got := "-"
			if c, ok := Common(a, b); ok {
				got = c.String()
			}
			if got != line[2] {
				t.Errorf("%s with %s: got %s, want %s", a, b, got, line[2])
			}
			a, b = b, a
		}
	}
}

func TestStoreAndUpCast(t *testing.T) {
	person := StructOf(Field{"a", IntType, true})
	for _, c := range []struct {
		from, to  Type
		up, store bool
	}{
		{IntType, LongType, true, true},
		{LongType, IntType, false, true},
		{IntType, StringType, true, true},
		{StringType, IntType, false, false},
		{DoubleType, DecimalType(10, 2), false, true},
		{IntType, DecimalType(10, 0), true, true},
		{IntType, DecimalType(9, 0), false, true},
		{DateType, TimestampType, true, true},
		{TimestampType, DateType, false, true},
		{BooleanType, IntType, false, false},
		{NullType, person, true, true},
		{ArrayOf(IntType, false), ArrayOf(LongType, true), true, true},
		{ArrayOf(IntType, true), ArrayOf(LongType, false), false, false},
		{person, StructOf(Field{"b", LongType, true}), true, true},
		{person, StructOf(Field{"b", LongType, false}), false, false},
		{MapOf(StringType, IntType, false), MapOf(StringType, StringType, true), true, true},
	} {
		if got := CanUpCast(c.from, c.to); got != c.up {
			t.Errorf("CanUpCast(%s, %s) = %v", c.from, c.to, got)
		}
		if got := CanANSIStore(c.from, c.to); got != c.store {
			t.Errorf("CanANSIStore(%s, %s) = %v", c.from, c.to, got)
		}
	}
}
