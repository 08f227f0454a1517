package csv

import "time"

var utc = time.UTC

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

// isoDate reads yyyy-MM-dd; it declines everything else.
func isoDate(s []byte) (int32, bool) {
	if len(s) != 10 || s[4] != '-' || s[7] != '-' {
		return 0, false
	}
	bad := byte(0)
	y, m, d := two(s[0], s[1], &bad)*100+two(s[2], s[3], &bad), two(s[5], s[6], &bad), two(s[8], s[9], &bad)
	if bad != 0 || m < 1 || m > 12 || d < 1 || d > 31 || d > 28 && d > time.Date(y, time.Month(m)+1, 0, 0, 0, 0, 0, time.UTC).Day() {
		return 0, false
	}
	return dayOf(y, m, d), true
}

// isoTime reads yyyy-MM-dd HH:mm:ss[.f…] (or with T) in microseconds of local time; it declines everything else.
func isoTime(s []byte) (int64, bool) {
	if len(s) < 19 || s[10] != ' ' && s[10] != 'T' || s[13] != ':' || s[16] != ':' {
		return 0, false
	}
	day, ok := isoDate(s[:10])
	bad := byte(0)
	h, m, sec := two(s[11], s[12], &bad), two(s[14], s[15], &bad), two(s[17], s[18], &bad)
	if !ok || bad != 0 || h > 23 || m > 59 || sec > 59 {
		return 0, false
	}
	us := int64(0)
	if rest := s[19:]; len(rest) > 0 {
		if rest[0] != '.' || len(rest) == 1 || len(rest) > 7 {
			return 0, false
		}
		scale := int64(100_000)
		for _, c := range rest[1:] {
			if c -= '0'; c > 9 {
				return 0, false
			}
			us += int64(c) * scale
			scale /= 10
		}
	}
	return int64(day)*dayMicros + int64(h*3600+m*60+sec)*1_000_000 + us, true
}

// two is the value of two digits; bad is set if they are none.
func two(a, b byte, bad *byte) int {
	a, b = a-'0', b-'0'
	if a > 9 || b > 9 {
		*bad = 1
	}
	return int(a)*10 + int(b)
}

// dayOf is the days since 1970-01-01 (years are counted from March, so that the leap day comes last).
func dayOf(y, m, d int) int32 {
	if m <= 2 {
		y--
		m += 12
	}
	era := y / 400
	yoe := y - era*400
	return int32(era*146097 + yoe*365 + yoe/4 - yoe/100 + (153*(m-3)+2)/5 + d - 1 - 719468)
}
