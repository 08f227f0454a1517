package fn

import (
	"time"

	"github.com/azud/azud/internal/errs"
	"github.com/azud/azud/internal/types"
	"github.com/azud/azud/internal/vec"
)

// maxSequence is the longest array that sequence makes.
const maxSequence = 1 << 24

// bindSequence is over integers, or over dates and timestamps by an interval.
func bindSequence(name string, args []Arg) (Bound, error) {
	if err := checkArity(name, args, 2, 3); err != nil {
		return Bound{}, err
	}
	step := types.NullType
	if len(args) == 3 {
		step = args[2].Type
	}
	elem, ok := sequenceType(args)
	if ok && elem.IsIntegral() && !isInterval(step) {
		step = elem
	}
	switch {
	case !ok:
	case elem.IsIntegral() && (step.Kind == types.Null || step.IsIntegral()):
		return bindIntSequence(args, elem)
	case elem.IsTime() && (step.Kind == types.Null || isInterval(step)):
		return bindTimeSequence(args, elem, step)
	}
	return Bound{}, errs.New("DATATYPE_MISMATCH.SEQUENCE_WRONG_INPUT_TYPES",
		`"sequence" is over integers with an integer step, or dates and timestamps with an interval, not from "%s" to "%s"`, args[0].Type.SQL(), args[1].Type.SQL()).State("42K09")
}

// sequenceType is the type of the elements; a text beside a number or a time is read as one.
func sequenceType(args []Arg) (types.Type, bool) {
	elem, ok := types.Common(args[0].Type, args[1].Type)
	if ok && len(args) == 3 && !isInterval(args[2].Type) {
		elem, ok = types.Common(elem, args[2].Type)
	}
	return elem, ok
}

func bindIntSequence(args []Arg, elem types.Type) (Bound, error) {
	t := types.ArrayOf(elem, false)
	wide := types.ArrayOf(types.LongType, false)
	narrow := castOf(wide, t, false)
	k := strict(wide, func(_ *Context, args []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		return buildRows(wide, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			from, to, step := vec.Get[int64](&args[0], i), vec.Get[int64](&args[1], i), int64(1)
			if from > to {
				step = -1
			}
			if len(args) > 2 {
				step = vec.Get[int64](&args[2], i)
			}
			count, err := sequenceLength(from, to, step)
			if err != nil {
				return err
			}
			for range count {
				vec.Append(b.Child(0), from)
				from += step
			}
			b.EndList()
			return nil
		})
	})
	params := []types.Type{types.LongType, types.LongType, types.LongType}[:len(args)]
	return Bound{Params: params, Result: t, Nullable: nullable(args), Kernel: func(c *Context, args []vec.Col, n int, sel []uint32) (vec.Col, error) {
		col, err := k(c, args, n, sel)
		if err != nil {
			return col, err
		}
		return narrow(c, []vec.Col{col}, n, sel)
	}}, nil
}

// sequenceLength is the number of elements, an error if step leads away from the end.
func sequenceLength(from, to, step int64) (int64, error) {
	if step == 0 && from != to || step > 0 && from > to || step < 0 && from < to {
		return 0, errs.New("_LEGACY_ERROR_TEMP_3241", "illegal sequence boundaries: %d to %d by %d", from, to, step).State("XX000")
	}
	if step == 0 {
		return 1, nil
	}
	count := uint64(to-from)/uint64(step) + 1
	if step < 0 {
		count = uint64(from-to)/uint64(-step) + 1
	}
	if count > maxSequence {
		return 0, tooManyElements("sequence", int64(count))
	}
	return int64(count), nil
}

// bindTimeSequence steps by a day if no step is given. Days and months are added on the clock of
// the session zone. Spark: Sequence.TemporalSequenceImpl.
func bindTimeSequence(args []Arg, elem, step types.Type) (Bound, error) {
	t := types.ArrayOf(elem, false)
	if step.Kind == types.Null {
		step = types.DayTimeType
	}
	k := strict(t, func(c *Context, a []vec.Col, n int, sel []uint32, valid []byte) (vec.Col, error) {
		zone := zoneOf(c)
		if elem.Kind == types.TimestampNTZ {
			zone = time.UTC
		}
		return buildRows(t, n, sel, valid, func(b *vec.ColBuilder, i int) error {
			s := timeSteps{zone: zone, date: elem.Kind == types.Date, from: intValue(&a[0], i), to: intValue(&a[1], i)}
			s.micros = microsPerDay
			if s.from > s.to {
				s.micros = -microsPerDay
			}
			if len(a) > 2 {
				s.micros, s.months = 0, 0
				if step.Kind == types.YearMonth {
					s.months = intValue(&a[2], i)
				} else {
					s.micros = intValue(&a[2], i)
				}
			}
			return s.run(b)
		})
	})
	return Bound{Params: []types.Type{elem, elem, step}[:len(args)], Result: t, Nullable: nullable(args), Kernel: k}, nil
}

// timeSteps is one sequence of dates (days) or timestamps (microseconds).
type timeSteps struct {
	zone           *time.Location
	date           bool
	from, to       int64
	months, micros int64
}

func (s *timeSteps) run(b *vec.ColBuilder) error {
	if s.date && s.months == 0 && (s.micros%microsPerDay != 0 || s.micros == 0) {
		return errs.New("INVALID_PARAMETER_VALUE.STEP", "the step of a sequence of dates must be whole days or months").State("22023")
	}
	if s.date {
		s.micros /= microsPerDay
	}
	up := s.months > 0 || s.micros > 0
	if s.months == 0 && s.micros == 0 && s.from != s.to || up && s.from > s.to || !up && s.from < s.to {
		return errs.New("_LEGACY_ERROR_TEMP_3241", "illegal sequence boundaries: the step leads away from the end").State("XX000")
	}
	for n := int64(0); ; n++ {
		if n >= maxSequence {
			return tooManyElements("sequence", n)
		}
		v := s.at(n)
		if up && v > s.to || !up && v < s.to {
			break
		}
		if s.date {
			vec.Append(b.Child(0), int32(v))
		} else {
			vec.Append(b.Child(0), v)
		}
		if s.months == 0 && s.micros == 0 {
			break
		}
	}
	b.EndList()
	return nil
}

// at is element n, counted from the start so that the ends of months do not wander.
func (s *timeSteps) at(n int64) int64 {
	switch {
	case s.date && s.months != 0:
		return int64(addMonths(int32(s.from), n*s.months))
	case s.date:
		return s.from + n*s.micros
	}
	local := s.from + offsetAt(s.from, s.zone)
	day, clock := floorDiv(local, microsPerDay), floorMod(local, microsPerDay)
	switch {
	case s.months != 0:
		return toUTC(int64(addMonths(int32(day), n*s.months))*microsPerDay+clock, s.zone)
	case s.micros%microsPerDay == 0:
		return toUTC((day+n*(s.micros/microsPerDay))*microsPerDay+clock, s.zone)
	}
	return s.from + n*s.micros
}
